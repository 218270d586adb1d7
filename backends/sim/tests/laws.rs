//! The laws of the contract in simulated worlds: tasks and panics. Sleeps are in `sleeps.rs`, signals in
//! `signals.rs`, building and ending a world in `ends.rs`.

mod support;

use std::future::{Future, pending, poll_fn};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::future::yield_now;
use proc_daemon_runtime::{JoinError, OwnedRuntime, Runtime, Task, Timer};
use proc_daemon_sim::{SimOptions, Simulator};
use support::each_world;

/// Longer than any choice of a seed delays a task here.
const LONG: Duration = Duration::from_secs(60);

fn spawn<T: Send + 'static>(
    sim: &Simulator,
    future: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    Task::spawn(&sim.handle(), "law".into(), future)
}

/// Everything that is ready has been polled, and every short sleep is over.
fn pass_time(sim: &mut Simulator) {
    let timer = sim.handle().timer().clone();
    sim.block_on(timer.sleep(LONG));
}

/// Tells when it is dropped.
struct Tell(mpsc::Sender<u32>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(1);
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic_silently("in drop");
    }
}

/// Panics without the hook, which would print.
fn panic_silently(text: &'static str) -> ! {
    resume_unwind(Box::new(text))
}

#[test]
fn a_join_gives_the_value() {
    each_world(|mut sim| {
        let task = spawn(&sim, async {
            yield_now().await;
            7
        });
        assert_eq!(sim.block_on(task).unwrap(), 7);
        assert!(sim.tasks().is_empty());
    });
}

#[test]
fn a_dropped_handle_detaches() {
    each_world(|mut sim| {
        let (tell, told) = mpsc::channel();
        let timer = sim.handle().timer().clone();
        drop(spawn(&sim, async move {
            yield_now().await;
            timer.sleep(Duration::from_millis(1)).await;
            tell.send(1).unwrap();
        }));
        pass_time(&mut sim);
        assert_eq!(told.try_recv(), Ok(1));
    });
}

#[test]
fn an_abort_drops_before_the_join_and_twice_is_as_once() {
    each_world(|mut sim| {
        let (tell, told) = mpsc::channel();
        let tell = Tell(tell);
        let task = spawn(&sim, async move {
            let _tell = tell;
            pending::<()>().await;
        });
        pass_time(&mut sim);
        assert!(told.try_recv().is_err());
        task.abort();
        task.abort();
        assert!(matches!(sim.block_on(task), Err(JoinError::Aborted)));
        assert_eq!(told.try_recv(), Ok(1));
        assert!(sim.tasks().is_empty());
    });
}

#[test]
fn a_task_that_is_aborted_before_its_first_poll_never_runs() {
    each_world(|mut sim| {
        let task: Task<()> = spawn(&sim, async { panic!("polled") });
        task.abort();
        assert!(matches!(sim.block_on(task), Err(JoinError::Aborted)));
    });
}

#[test]
fn panics_end_their_task_alone_and_are_noted() {
    each_world(|mut sim| {
        let handle = sim.handle();
        for n in 0..64 {
            if n % 8 == 0 {
                handle.spawn_blocking("work".into(), || panic_silently("in work"));
                continue;
            }
            handle.spawn("bare".into(), async move {
                if n % 2 == 0 {
                    yield_now().await;
                }
                panic_silently("in a poll");
            });
        }
        let witness = spawn(&sim, async { 7 });
        pass_time(&mut sim);
        assert_eq!(sim.block_on(witness).unwrap(), 7);
        let panics = sim.panics();
        let count = |name, text| {
            panics.iter().filter(|(task, said)| task.as_str() == name && said == text).count()
        };
        assert_eq!((count("bare", "in a poll"), count("work", "in work")), (56, 8));
        assert!(sim.tasks().is_empty());
    });
}

#[test]
fn a_panic_in_a_destructor_is_one_of_its_task() {
    each_world(|mut sim| {
        let (in_poll, after_it, in_panic) = (Bomb, Bomb, Bomb);
        let handle = sim.handle();
        handle.spawn("bomb".into(), async move { drop(in_poll) });
        // Dropped with the future, after its last poll.
        let ready = poll_fn(move |_| {
            let _bomb = &after_it;
            Poll::Ready(())
        });
        handle.spawn("bomb".into(), ready);
        let panics = poll_fn(move |_| {
            let _bomb = &in_panic;
            panic_silently("first")
        });
        handle.spawn("bomb".into(), panics);
        pass_time(&mut sim);
        let mut said: Vec<_> = sim.panics().into_iter().map(|(_, said)| said).collect();
        said.sort_unstable();
        assert_eq!(said, ["first", "in drop", "in drop"]);
        assert!(sim.tasks().is_empty());
    });
}

#[test]
fn a_panicked_task_joins_with_its_payload() {
    each_world(|mut sim| {
        let task: Task<()> = spawn(&sim, async { panic_silently("joined") });
        let result = sim.block_on(task);
        assert!(
            matches!(&result, Err(JoinError::Panicked(p)) if p.message().as_deref() == Some("joined"))
        );
    });
}

#[test]
fn a_wake_while_queued_is_one_poll() {
    each_world(|mut sim| {
        let kept = Arc::new(Mutex::new((0, None::<Waker>)));
        let mine = Arc::clone(&kept);
        sim.handle().spawn(
            "woken".into(),
            poll_fn(move |cx| {
                let mut kept = mine.lock().unwrap();
                *kept = (kept.0 + 1, Some(cx.waker().clone()));
                if kept.0 == 1 {
                    // While it is polled: one poll more, not three.
                    (0..3).for_each(|_| cx.waker().wake_by_ref());
                }
                Poll::<()>::Pending
            }),
        );
        pass_time(&mut sim);
        let waker = kept.lock().unwrap().1.clone().unwrap();
        (0..3).for_each(|_| waker.wake_by_ref());
        pass_time(&mut sim);
        assert_eq!(kept.lock().unwrap().0, 3);
    });
}

#[test]
fn a_task_that_wakes_itself_and_ends_is_over() {
    each_world(|mut sim| {
        let ends = || {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Ready(())
            })
        };
        for _ in 0..3 {
            sim.handle().spawn("ends".into(), ends());
            pass_time(&mut sim);
        }
        sim.handle().spawn("waits".into(), pending());
        pass_time(&mut sim);
        let polls: Vec<u32> = sim.tasks().iter().map(|task| task.polls).collect();
        assert_eq!(polls, [1]);
    });
}

#[test]
fn a_waker_of_an_ended_task_wakes_nobody() {
    each_world(|mut sim| {
        let waker = spawn(&sim, poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let waker = sim.block_on(waker).unwrap();
        for _ in 0..3 {
            sim.handle().spawn("waits".into(), pending());
        }
        pass_time(&mut sim);
        waker.wake();
        pass_time(&mut sim);
        let polls: Vec<u32> = sim.tasks().iter().map(|task| task.polls).collect();
        assert_eq!(polls, [1, 1, 1]);
    });
}

#[test]
fn seeds_for_the_program_differ_within_a_life_and_repeat_with_it() {
    let life = |seed| {
        let handle = Simulator::seeded(seed, &SimOptions::default()).handle();
        [handle.seed(), handle.seed(), handle.seed()]
    };
    for seed in 0..50 {
        let [first, second, third] = life(seed);
        assert!(first != second && second != third, "seed {seed}");
        assert_eq!(life(seed), [first, second, third]);
        assert_ne!(life(seed), life(seed + 1));
    }
}
