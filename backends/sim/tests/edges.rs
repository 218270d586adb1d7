//! The main future's place, what a batch is, what a device does, what is left when a world has ended.

//! Each fails on the crate as it is.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::future::{poll_once, yield_now};
use proc_daemon_runtime::{
    Ambient, Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Task, Timer,
};
use proc_daemon_sim::{Kind, Policy, SimHandle, SimOptions, Simulator, Verdict};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn dull() -> Simulator {
    Simulator::seeded(0, &SimOptions::dull())
}

fn at(after: Duration) -> Instant {
    Instant::from_epoch(after)
}

// The main future's place is left only when it resolves.

#[test]
fn a_main_that_did_not_resolve_is_not_counted_by_the_shutdown() {
    let mut sim = dull();
    sim.try_block_on("main".into(), pending::<()>()).unwrap_err();
    assert!(sim.shutdown(SECOND).is_clean());
}

#[test]
fn a_main_that_panicked_is_no_task() {
    let mut sim = dull();
    let main = async { resume_unwind(Box::new("main")) };
    catch_unwind(AssertUnwindSafe(|| sim.block_on(main))).unwrap_err();
    assert!(sim.tasks().is_empty(), "{:?}", sim.tasks());
}

#[test]
fn a_main_that_panicked_leaves_a_world_that_can_be_settled() {
    let mut sim = dull();
    let handle = sim.handle();
    let main = async move {
        let task = Task::spawn(&handle, "task".into(), yield_now());
        assert!(poll_once(task).await.is_none());
        resume_unwind(Box::new("a script's assertion"))
    };
    catch_unwind(AssertUnwindSafe(|| sim.block_on(main))).unwrap_err();
    // The task ends and wakes who joined it: "the index is below the length", in policy.rs.
    sim.settle();
}

#[test]
fn a_waker_of_an_earlier_main_does_not_poll_a_later_one() {
    let (mut sim, kept) = (dull(), Arc::new(Mutex::new(None::<Waker>)));
    let keep = Arc::clone(&kept);
    let first = poll_fn(move |cx| {
        *keep.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    });
    sim.try_block_on("first".into(), first).unwrap_err();
    let handle = sim.handle();
    handle.call_at(at(MILLI), move || kept.lock().unwrap().take().unwrap().wake());
    let (mut polls, mut sleep) = (0, Box::pin(handle.timer().sleep(SECOND)));
    sim.block_on(poll_fn(|cx| {
        polls += 1;
        sleep.as_mut().poll(cx)
    }));
    assert_eq!(polls, 2);
}

// A batch is swapped, not rotated.

#[test]
fn last_in_first_out_fires_a_batch_in_reverse() {
    let mut options = SimOptions::dull();
    options.policy = Some(Policy::Lifo);
    let mut sim = Simulator::seeded(1, &options);
    struct Noted(u32, Arc<Mutex<Vec<u32>>>);
    impl std::task::Wake for Noted {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut sleeps = Vec::new();
    for n in 0..4 {
        let waker = Waker::from(Arc::new(Noted(n, Arc::clone(&order))));
        let mut sleep = Box::pin(sim.handle().timer().sleep_until(at(MILLI)));
        assert!(sleep.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
        sleeps.push(sleep);
    }
    let sleep = sim.handle().timer().sleep(SECOND);
    sim.block_on(sleep);
    assert_eq!(*order.lock().unwrap(), [3, 2, 1, 0]);
}

// settle does not enter the world.

#[test]
fn current_is_the_world_that_settles() {
    let mut sim = dull();
    let (tell, told) = mpsc::channel();
    sim.handle().spawn("looks".into(), async move {
        tell.send(SimHandle::current().is_ok()).unwrap();
    });
    sim.settle();
    assert_eq!(told.try_recv(), Ok(true));
}

// Lateness is of sleeps; scripted acts suffer it too, and change places.

fn acts(seed: u64) -> Vec<(u32, Instant)> {
    let mut options = SimOptions::dull();
    (options.policy, options.lateness) = (Some(Policy::Random), Some(MILLI * 20));
    let mut sim = Simulator::seeded(seed, &options);
    let done = Arc::new(Mutex::new(Vec::new()));
    for n in 1..5 {
        let (done, timer) = (Arc::clone(&done), sim.handle().timer().clone());
        sim.handle().call_at(at(MILLI * n), move || done.lock().unwrap().push((n, timer.now())));
    }
    let sleep = sim.handle().timer().sleep(SECOND);
    sim.block_on(sleep);
    let done = done.lock().unwrap();
    done.clone()
}

#[test]
fn acts_of_unlike_moments_keep_their_order() {
    for seed in 0..100 {
        let done = acts(seed);
        assert!(done.is_sorted_by_key(|(n, _)| *n), "seed {seed}: {done:?}");
    }
}

#[test]
fn acts_come_at_their_moment_in_a_world_at_rest() {
    for seed in 0..100 {
        let done = acts(seed);
        assert!(done.iter().all(|(n, when)| *when == at(MILLI * *n)), "seed {seed}: {done:?}");
    }
}

// What halts in main's last poll is lost.

#[test]
fn a_halt_in_mains_last_poll_counts() {
    let mut sim = dull();
    let handle = sim.handle();
    let _stream = handle.signals().listen(SignalSet::EMPTY.with(Signal::Hangup)).unwrap();
    let life = sim.try_block_on("main".into(), async { handle.raise(Signal::Terminate) });
    assert!(matches!(life, Err(Verdict::Killed(Signal::Terminate))), "{life:?}");
}

// The number of a poll: `at_step` counts from 0, the trace from 1.

#[test]
fn a_signal_comes_before_the_poll_with_its_number() {
    let mut options = SimOptions::dull();
    options.at_step = vec![(3, Signal::User1)];
    let mut sim = Simulator::seeded(0, &options);
    sim.block_on(async {
        for _ in 0..6 {
            yield_now().await;
        }
    });
    let trace = sim.take_trace();
    let mut after = trace.records().iter().skip_while(|record| record.kind != Kind::Signal);
    assert_eq!(after.find(|record| record.kind == Kind::Poll).unwrap().a, 3);
}

// A tape holds what the options overrode.

#[test]
fn the_tape_of_a_dull_life_that_chose_nothing_is_empty() {
    for seed in 0..20 {
        let mut sim = Simulator::seeded(seed, &SimOptions::dull());
        sim.block_on(yield_now());
        assert!(sim.tape().is_empty(), "seed {seed}: {}", sim.tape());
    }
}

#[test]
fn a_tape_is_the_life_whatever_options_it_is_replayed_with() {
    let life = |mut sim: Simulator| {
        let sleep = sim.handle().timer().sleep(SECOND);
        sim.block_on(sleep);
        (sim.trace_hash(), sim.tape())
    };
    for seed in 0..20 {
        let (hash, tape) = life(Simulator::seeded(seed, &SimOptions::dull()));
        assert_eq!(life(Simulator::taped(&tape, &SimOptions::default())).0, hash, "seed {seed}");
    }
}

// After the end.

struct Tell(mpsc::Sender<()>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        resume_unwind(Box::new("in drop"));
    }
}

#[test]
fn what_is_spawned_after_the_end_panics_alone() {
    let handle = dull().handle();
    let bomb = Bomb;
    handle.spawn("late".into(), async move {
        let _bomb = &bomb;
        pending::<()>().await;
    });
}

#[test]
fn what_is_scripted_after_the_end_is_dropped() {
    let handle = dull().handle();
    let (tell, told) = mpsc::channel();
    let (tell, held) = (Tell(tell), handle.clone());
    handle.call_at(at(SECOND), move || drop((tell, held)));
    drop(handle);
    told.try_recv().expect("the act holds the world, and the world the act");
}

// Edges.

#[test]
fn a_chance_that_is_no_number_is_none() {
    assert!(!Simulator::seeded(1, &SimOptions::default()).handle().chance(f64::NAN, "x"));
}
