//! Building a world, and its end: what is refused, dropped and counted.

mod support;

use std::future::{Future, pending};
use std::io;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::mpsc;
use std::time::Duration;

use futures_lite::future::{block_on as block_here, poll_once, yield_now};
use proc_daemon_runtime::{
    AnyRuntime, Instant, JoinError, OwnedRuntime, Runtime, RuntimeOptions, SignalSet, SignalSource,
    Task, TaskName, Timer,
};
use proc_daemon_sim::{SimHandle, SimSleep, Simulator};
use support::each_world;

/// Longer than any choice of a seed delays a task here.
const LONG: Duration = Duration::from_secs(60);

fn spawn<T: Send + 'static>(
    sim: &Simulator,
    future: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    Task::spawn(&sim.handle(), "law".into(), future)
}

/// Tells when it is dropped.
struct Tell(mpsc::Sender<u32>, u32);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

#[test]
fn a_handle_outlives_its_runtime() {
    each_world(|mut sim| {
        let handle = sim.handle();
        sim.block_on(handle.timer().sleep(LONG));
        let before = handle.timer().now();
        let _ = sim.shutdown(LONG);
        assert_eq!(handle.timer().now(), before);
        let (tell, told) = mpsc::channel();
        let tell = Tell(tell, 1);
        handle.spawn("late".into(), async move {
            let _tell = tell;
            pending::<()>().await;
        });
        assert_eq!(told.try_recv(), Ok(1));
        let task: Task<()> = Task::spawn(&handle, "late".into(), async {});
        assert!(matches!(block_here(task), Err(JoinError::RuntimeGone)));
        let work = Task::spawn_blocking_on(&AnyRuntime::from(handle), "late".into(), || ());
        assert!(matches!(block_here(work), Err(JoinError::RuntimeGone)));
    });
}

#[test]
fn a_shutdown_counts_tasks_and_blocking_work() {
    each_world(|sim| {
        let parked: Task<()> = spawn(&sim, pending());
        let other: Task<()> = spawn(&sim, pending());
        sim.handle().spawn_blocking("work".into(), || ());
        let summary = sim.shutdown(LONG);
        assert_eq!((summary.leaked_tasks, summary.blocked_threads), (2, 1));
        for task in [parked, other] {
            assert!(matches!(block_here(task), Err(JoinError::RuntimeGone)));
        }
    });
    each_world(|mut sim| {
        let task = spawn(&sim, yield_now());
        sim.block_on(task).unwrap();
        assert!(sim.shutdown(LONG).is_clean());
    });
}

#[test]
fn an_end_drops_tasks_oldest_first_and_refuses_what_they_spawn() {
    each_world(|sim| {
        let (tell, told) = mpsc::channel();
        for number in 0..5 {
            let (tell, handle) = (Tell(tell.clone(), number), sim.handle());
            let late = Tell(tell.0.clone(), 100 + number);
            let respawn = Respawn(handle, Some(late));
            sim.handle().spawn("law".into(), async move {
                let _dropped = (&tell, &respawn);
                pending::<()>().await;
            });
        }
        drop(sim);
        let order: Vec<u32> = told.try_iter().collect();
        let firsts: Vec<u32> = order.iter().copied().filter(|number| *number < 100).collect();
        assert_eq!(firsts, [0, 1, 2, 3, 4]);
        assert_eq!(order.len(), 10, "{order:?}");
    });
}

#[test]
fn an_end_drops_what_is_scripted_and_survives_destructors_that_panic() {
    each_world(|sim| {
        let (tell, told) = mpsc::channel();
        for number in 0..4 {
            let bomb = (number % 2 == 0).then(|| Bomb);
            let tell = Tell(tell.clone(), number);
            sim.handle().spawn("law".into(), async move {
                let _dropped = (&bomb, &tell);
                pending::<()>().await;
            });
        }
        let (scripted, handle) = (Tell(tell, 4), sim.handle());
        handle.call_at(Instant::from_epoch(LONG), move || drop(scripted));
        drop(sim);
        let mut dropped: Vec<u32> = told.try_iter().collect();
        dropped.sort_unstable();
        assert_eq!(dropped, [0, 1, 2, 3, 4]);
    });
}

/// Panics when it is dropped, without the hook, which would print.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("in drop"));
    }
}

/// Spawns from a destructor.
struct Respawn(SimHandle, Option<Tell>);

impl Drop for Respawn {
    fn drop(&mut self) {
        let tell = self.1.take();
        self.0.spawn("late".into(), async move {
            let _tell = tell;
            pending::<()>().await;
        });
    }
}

#[test]
fn unsupported_options_are_refused() {
    let three = NonZeroUsize::new(3).unwrap();
    let refused = [
        (RuntimeOptions::new().workers(2), "worker_threads"),
        (RuntimeOptions::new().thread_name("x"), "thread_name"),
        (RuntimeOptions::new().max_blocking_threads(three), "max_blocking_threads"),
    ];
    for (options, name) in refused {
        let err = Simulator::build(&options).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
        assert!(err.to_string().contains(name), "{err}");
    }
    for options in [RuntimeOptions::new(), RuntimeOptions::new().current_thread()] {
        assert_eq!(Simulator::build(&options).unwrap().block_on(async { 7 }), 7);
    }
}

#[test]
fn a_closed_world_has_no_tasks_and_takes_none() {
    each_world(|mut sim| {
        let parked: Task<()> = spawn(&sim, pending());
        sim.close();
        let late: Task<()> = spawn(&sim, pending());
        for task in [parked, late] {
            assert!(matches!(block_here(task), Err(JoinError::RuntimeGone)));
        }
        assert!(sim.tasks().is_empty());
    });
}

/// A sleep until far beyond the end, polled once.
async fn registered(handle: &SimHandle) -> SimSleep {
    let mut sleep = handle.timer().sleep(LONG * 100);
    assert!(poll_once(&mut sleep).await.is_none());
    sleep
}

#[test]
fn a_closed_world_tells_what_waits_on_and_whose_it_is() {
    each_world(|mut sim| {
        let handle = sim.handle();
        let task = TaskName::literal("forgets").at(Location::caller());
        let mine = handle.clone();
        handle.spawn(task, async move {
            for _ in 0..2 {
                Box::leak(Box::new(registered(&mine).await));
            }
            Box::leak(Box::new(mine.signals().listen(SignalSet::all()).unwrap()));
        });
        let held = sim.block_on(async {
            handle.timer().sleep(LONG).await;
            [registered(&handle).await]
        });
        let outside = handle.signals().listen(SignalSet::all()).unwrap();
        let told: Vec<String> = sim.close().iter().map(ToString::to_string).collect();
        let place = "of task `forgets`, spawned at";
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with(&format!("2 sleeps {place} {}:", file!())), "{told:?}");
        assert_eq!(told[1], "1 sleep of task `main`");
        assert!(told[2].starts_with(&format!("1 signal listener {place}")), "{told:?}");
        assert_eq!(told[3], "1 signal listener, of no task");
        drop((held, outside));
    });
}

#[test]
fn what_is_dropped_with_its_task_is_over_or_was_never_polled_waits_for_nothing() {
    each_world(|mut sim| {
        let handle = sim.handle();
        let mine = handle.clone();
        handle.spawn("parked".into(), async move {
            let _kept = (registered(&mine).await, mine.signals().listen(SignalSet::all()));
            pending::<()>().await;
        });
        let timer = handle.timer().clone();
        AnyRuntime::from(handle.clone()).spawn_blocking("not begun".into(), Box::new(|| ()));
        let over = sim.block_on(async {
            let mut over = timer.sleep(Duration::from_secs(1));
            (&mut over).await;
            drop(registered(&handle).await);
            [over]
        });
        let never_polled = timer.sleep(LONG);
        AnyRuntime::from(handle).spawn_blocking("not begun either".into(), Box::new(|| ()));
        sim.settle();
        let orphans = sim.close();
        assert!(orphans.is_empty(), "{orphans:?}");
        drop((over, never_polled));
    });
}
