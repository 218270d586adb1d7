//! What each policy finds: two planted mistakes, and how many of 2000 seeds show them. And what none of them may
//! find: a task that is always ready keeps no other from its turn.
//!
//! `cargo test -p proc-daemon-sim --test policies -- --nocapture` prints the table.

use std::future::{Future, pending, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::future::yield_now;
use proc_daemon_runtime::{Instant, OwnedRuntime, Runtime, Task, Timer};
use proc_daemon_sim::{Policy, SimOptions, Simulator, Verdict};

const SEEDS: u64 = 2000;

/// An event that wakes who waits, and forgets that it happened.
#[derive(Clone, Default)]
struct Event(Arc<Mutex<Vec<Waker>>>);

impl Event {
    fn notify(&self) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap());
        waiting.into_iter().for_each(Waker::wake);
    }

    async fn wait(&self) {
        let mut waits = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut waits, true) {
                return Poll::Ready(());
            }
            self.0.lock().unwrap().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// One waits for an event that another announces some steps later: if it is not there by then, it waits for
/// ever.
fn loses_a_wake_up(mut sim: Simulator) -> bool {
    let event = Event::default();
    let waiting = event.clone();
    let waits = Task::spawn(&sim.handle(), "waits".into(), async move { waiting.wait().await });
    sim.handle().spawn("announces".into(), async move {
        for _ in 0..4 {
            yield_now().await;
        }
        event.notify();
    });
    match sim.try_block_on("main".into(), waits) {
        Ok(_) => false,
        Err(Verdict::Deadlock(left)) => {
            assert_eq!((left.len(), left[0].name.as_str()), (1, "waits"));
            true
        }
        Err(other) => panic!("{other}"),
    }
}

/// One writes two halves with an await point between them; another reads both.
fn reads_halves(mut sim: Simulator) -> bool {
    let halves = Arc::new(Mutex::new([0, 0]));
    let written = Arc::clone(&halves);
    sim.handle().spawn("writes".into(), async move {
        written.lock().unwrap()[0] = 1;
        yield_now().await;
        written.lock().unwrap()[1] = 1;
    });
    let read = Task::spawn(&sim.handle(), "reads".into(), async move {
        let [first, second] = *halves.lock().unwrap();
        first != second
    });
    sim.block_on(read).unwrap()
}

fn found(policy: Policy, program: impl Fn(Simulator) -> bool) -> usize {
    let mut options = SimOptions::default();
    options.policy = Some(policy);
    (0..SEEDS).filter(|seed| program(Simulator::seeded(*seed, &options))).count()
}

#[test]
fn no_policy_finds_everything_and_together_they_do() {
    println!("of {SEEDS} seeds     lost wake-up    ordering");
    let table = Policy::ALL.map(|policy| {
        let row = (found(policy, loses_a_wake_up), found(policy, reads_halves));
        println!("{policy:15}{:17}{:12}", row.0, row.1);
        row
    });
    let of = |policy| table[Policy::ALL.iter().position(|other| *other == policy).unwrap()];
    assert_eq!(of(Policy::Fifo).0, 0);
    for policy in [Policy::Lifo, Policy::Random, Policy::Pct] {
        assert!(of(policy).0 > 0, "{policy}");
    }
    assert_eq!(of(Policy::Lifo).1, 0);
    for policy in [Policy::Fifo, Policy::Random, Policy::Shuffle] {
        assert!(of(policy).1 > 0, "{policy}");
    }
}

#[test]
fn a_seed_without_a_policy_finds_both() {
    let any = |program: fn(Simulator) -> bool| {
        (0..100).any(|seed| program(Simulator::seeded(seed, &SimOptions::default())))
    };
    assert!(any(loses_a_wake_up) && any(reads_halves));
}

/// Worlds under every policy, each with seeds of its own. A tape of first in first out is none of them.
fn worlds() -> impl Iterator<Item = (Policy, Simulator)> {
    Policy::ALL.into_iter().flat_map(|policy| {
        let mut options = SimOptions::default();
        options.policy = Some(policy);
        (0..100).map(move |seed| (policy, Simulator::seeded(seed, &options)))
    })
}

/// After a rest: what is true of the first polls of a life is not what is asked for.
fn begins(sim: &Simulator) -> impl Future<Output = ()> + use<> {
    sim.handle().timer().sleep_until(Instant::from_epoch(Duration::from_secs(1)))
}

/// Spawns what sets a flag after `steps` polls.
fn flag_after(sim: &Simulator, steps: u32) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let begins = begins(sim);
    sim.handle().spawn("sets".into(), async move {
        begins.await;
        for _ in 1..steps {
            yield_now().await;
        }
        set.store(true, Ordering::Relaxed);
    });
    flag
}

/// Polls until the flag is set, waking itself within each poll.
async fn spin_until(begins: impl Future<Output = ()>, flag: Arc<AtomicBool>) {
    begins.await;
    while !flag.load(Ordering::Relaxed) {
        yield_now().await;
    }
}

#[test]
fn a_task_that_wakes_itself_keeps_nobody_from_being_polled() {
    for steps in [1, 500] {
        for (policy, mut sim) in worlds() {
            let flag = flag_after(&sim, steps);
            let spins = spin_until(begins(&sim), Arc::clone(&flag));
            let spins = Task::spawn(&sim.handle(), "spins".into(), spins);
            sim.handle().spawn("spins too".into(), spin_until(begins(&sim), flag));
            let over = sim.try_block_on("main".into(), spins);
            assert!(over.is_ok(), "{policy}, {steps} steps: {}", over.unwrap_err());
        }
    }
}

#[test]
fn a_main_future_that_wakes_itself_keeps_nobody_from_being_polled() {
    for (policy, mut sim) in worlds() {
        let flag = flag_after(&sim, 3);
        let spins = spin_until(begins(&sim), flag);
        let over = sim.try_block_on("main".into(), spins);
        assert!(over.is_ok(), "{policy}: {}", over.unwrap_err());
    }
}

/// Each of the two is woken by the other alone, never by itself.
#[test]
fn two_that_wake_each_other_keep_nobody_from_being_polled() {
    for (policy, mut sim) in worlds() {
        let flag = flag_after(&sim, 3);
        let turn = Arc::new(Mutex::new((0, None::<Waker>)));
        let mut players = [0, 1].map(|me| {
            let (turn, flag) = (Arc::clone(&turn), Arc::clone(&flag));
            let begins = begins(&sim);
            let plays = poll_fn(move |cx| {
                let mut turn = turn.lock().unwrap();
                let mine = turn.0 == me;
                turn.0 = if mine { 1 - me } else { turn.0 };
                let other = turn.1.replace(cx.waker().clone());
                if let Some(other) = other.filter(|other| mine && !other.will_wake(cx.waker())) {
                    other.wake();
                }
                if flag.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            });
            let plays = async move {
                begins.await;
                plays.await;
            };
            Some(Task::spawn(&sim.handle(), ["ping", "pong"][me].into(), plays))
        });
        let ping = players[0].take().unwrap();
        let over = sim.try_block_on("main".into(), ping);
        assert!(over.is_ok(), "{policy}: {}", over.unwrap_err());
    }
}

/// After a rest, last in first out is what it says again.
#[test]
fn a_rest_makes_every_task_as_good_as_new() {
    let mut options = SimOptions::dull();
    options.policy = Some(Policy::Lifo);
    let mut sim = Simulator::seeded(0, &options);
    let handle = sim.handle();
    let order = Arc::new(Mutex::new(Vec::new()));
    for name in ["one", "two"] {
        let (timer, order) = (handle.timer().clone(), Arc::clone(&order));
        handle.spawn(name.into(), async move {
            for _ in 0..2 * Policy::PATIENCE {
                yield_now().await;
            }
            timer.sleep(Duration::from_secs(1)).await;
            for _ in 0..2 {
                order.lock().unwrap().push(name);
                yield_now().await;
            }
        });
    }
    assert!(matches!(sim.try_block_on("main".into(), pending::<()>()), Err(Verdict::Deadlock(_))));
    let order = order.lock().unwrap();
    assert_eq!(order.len(), 4);
    assert_eq!((order[0], order[2]), (order[1], order[3]));
}
