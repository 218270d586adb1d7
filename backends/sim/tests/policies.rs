//! What each policy finds: two planted mistakes, and how many of 2000 seeds show them.
//!
//! `cargo test -p proc-daemon-sim --test policies -- --nocapture` prints the table.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use futures_lite::future::yield_now;
use proc_daemon_runtime::{OwnedRuntime, Runtime, Task};
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
        std::future::poll_fn(|cx| {
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
