//! Virtual time: what moves it, by how much, and what happens at a moment. Verdicts are in `verdicts.rs`.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_lite::future::{poll_once, yield_now};
use proc_daemon_runtime::{Instant, OwnedRuntime, Runtime, Signal, Timer};
use proc_daemon_sim::{Kind, Policy, SimOptions, SimTimer, Simulator};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn dull() -> Simulator {
    Simulator::seeded(0, &SimOptions::dull())
}

/// A world in which nothing is left to the seed but what `change` says.
fn world(seed: u64, change: impl Fn(&mut SimOptions)) -> Simulator {
    let mut options = SimOptions::dull();
    change(&mut options);
    Simulator::seeded(seed, &options)
}

fn timer(sim: &Simulator) -> SimTimer {
    sim.handle().timer().clone()
}

fn at(after: Duration) -> Instant {
    Instant::from_epoch(after)
}

/// A list that tasks write into.
#[derive(Clone, Default)]
struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    fn add(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn time_moves_only_at_rest_and_to_the_next_deadline() {
    let mut sim = dull();
    let timer = timer(&sim);
    sim.block_on(async {
        for n in 1..=50 {
            for _ in 0..100 {
                yield_now().await;
            }
            assert_eq!(timer.now(), at(SECOND * (n - 1)));
            timer.sleep(SECOND).await;
        }
    });
    assert_eq!(timer.now(), at(SECOND * 50));
}

#[test]
fn a_poll_takes_its_cost() {
    let mut sim = world(0, |options| options.poll_cost = Some(Duration::from_nanos(7)));
    let timer = timer(&sim);
    sim.block_on(async {
        for polls in 0..100 {
            assert_eq!(timer.now(), Instant::from_nanos(7 * polls));
            yield_now().await;
        }
    });
    assert_eq!(sim.polls(), 101);
    assert_eq!(timer.now(), Instant::from_nanos(7 * 101));
    // Of every task alike, whether it goes on or ends.
    sim.handle().spawn("ends".into(), async {});
    sim.handle().spawn("panics".into(), async { std::panic::resume_unwind(Box::new("cost")) });
    sim.block_on(async {
        yield_now().await;
        assert_eq!(timer.now(), Instant::from_nanos(7 * (101 + 3)));
    });
}

#[test]
fn a_sleep_is_late_by_no_more_than_the_option_says() {
    let most = MILLI * 20;
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let mut sim = world(seed, |options| options.lateness = Some(most));
        let timer = timer(&sim);
        for _ in 0..3 {
            let at = timer.now().after(SECOND);
            sim.block_on(timer.sleep_until(at));
            let late = timer.now().since(at);
            assert!(late <= most, "{late:?}");
            seen.insert(late);
        }
    }
    assert!(seen.contains(&Duration::ZERO));
    assert!(seen.iter().any(|late| *late > most / 2), "{seen:?}");
}

#[test]
fn a_sleep_is_not_due_a_nanosecond_before_its_moment() {
    let mut sim = dull();
    let (handle, timer) = (sim.handle(), timer(&sim));
    let early = sim.block_on(async {
        handle.spend(SECOND - Duration::from_nanos(1));
        let mut sleep = pin!(timer.sleep_until(at(SECOND)));
        let early = poll_once(sleep.as_mut()).await;
        handle.spend(Duration::from_nanos(1));
        assert!(poll_once(sleep).await.is_some());
        early
    });
    assert!(early.is_none());
}

#[test]
fn a_sleep_that_a_poll_found_due_wakes_nobody_later() {
    let mut sim = dull();
    let (handle, timer) = (sim.handle(), timer(&sim));
    sim.block_on(async {
        let mut sleep = pin!(timer.sleep(SECOND));
        assert!(poll_once(sleep.as_mut()).await.is_none());
        handle.spend(SECOND);
        assert!(poll_once(sleep.as_mut()).await.is_some());
        yield_now().await;
        timer.sleep(SECOND).await;
    });
    let trace = sim.take_trace();
    let due = trace.records().iter().filter(|record| record.kind == Kind::Due);
    assert_eq!(due.map(|record| record.a).collect::<Vec<_>>(), [at(SECOND * 2).as_nanos()]);
}

#[test]
fn what_a_seed_chooses_is_bounded_as_its_options_are() {
    let mut sums = BTreeSet::new();
    for seed in 0..200 {
        let mut sim = Simulator::seeded(seed, &SimOptions::default());
        let timer = timer(&sim);
        sim.block_on(timer.sleep(SECOND));
        // Two polls of at most a millisecond, and the timer's lateness.
        assert!(timer.now() <= at(SECOND + MILLI * 22), "{:?}", timer.now());
        sums.insert(timer.now());
    }
    assert!(sums.len() > 5, "{sums:?}");
}

/// Polls with a waker that is not the task's own.
async fn forwarded(future: impl Future<Output = ()>) {
    struct Forward(Waker);

    impl Wake for Forward {
        fn wake(self: Arc<Self>) {
            self.0.wake_by_ref();
        }
    }

    let mut future = pin!(future);
    poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Forward(cx.waker().clone())));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await;
}

/// The order in which `count` sleeps with one deadline wake their tasks.
fn batch(seed: u64, policy: Policy, count: u32) -> Vec<u32> {
    let mut sim = world(seed, |options| options.policy = Some(policy));
    let (timer, handle) = (timer(&sim), sim.handle());
    let ids: Log<u32> = Log::default();
    for n in 0..count {
        let (timer, handle) = (timer.clone(), handle.clone());
        // One after the other, so that they register in this order.
        handle.clone().call_at(at(MILLI * n), move || {
            let sleep = timer.sleep_until(at(SECOND));
            // The order does not depend on whose waker a sleep has.
            if n % 2 == 0 {
                handle.spawn("sleeps".into(), sleep);
            } else {
                handle.spawn("sleeps".into(), forwarded(sleep));
            }
        });
    }
    sim.block_on(timer.sleep(SECOND * 2));
    let trace = sim.take_trace();
    let woken = trace.records().iter().filter(|r| r.kind == Kind::Wake && r.at() == at(SECOND));
    woken.for_each(|record| ids.add(record.task - 1));
    // All of them are woken before one of them is polled.
    let of_batch: Vec<Kind> =
        trace.records().iter().filter(|r| r.at() == at(SECOND)).map(|r| r.kind).collect();
    let polls = of_batch.iter().position(|kind| *kind == Kind::Poll);
    assert_eq!(polls, Some(2 * count as usize), "{of_batch:?}");
    ids.take()
}

#[test]
fn what_is_due_at_one_moment_is_one_batch_in_a_chosen_order() {
    for seed in 0..20 {
        assert_eq!(batch(seed, Policy::Fifo, 5), [0, 1, 2, 3, 4]);
        assert_eq!(batch(seed, Policy::Lifo, 2), [1, 0]);
        assert_eq!(batch(seed, Policy::Lifo, 5)[0], 4);
    }
    for policy in [Policy::Random, Policy::Shuffle, Policy::Pct] {
        let orders: BTreeSet<Vec<u32>> = (0..100).map(|seed| batch(seed, policy, 3)).collect();
        assert_eq!(orders.len(), 6, "{policy}");
    }
}

#[test]
fn a_busy_world_still_fires_timers() {
    let cost = Duration::from_micros(1);
    for (seed, policy) in (0..20).flat_map(|seed| Policy::ALL.map(|policy| (seed, policy))) {
        let mut sim = world(seed, |options| {
            (options.policy, options.poll_cost) = (Some(policy), Some(cost));
        });
        let (timer, fired) = (timer(&sim), Log::default());
        let (sleeper, fires) = (timer.clone(), fired.clone());
        sim.handle().spawn("sleeps".into(), async move {
            sleeper.sleep_until(at(MILLI)).await;
            fires.add(sleeper.now());
        });
        // Under last in first out, one that is always ready starves those that were ready before it.
        sim.block_on(timer.sleep(cost * 10));
        sim.block_on(async {
            while fired.0.lock().unwrap().is_empty() {
                yield_now().await;
            }
        });
        let late = fired.take()[0].since(at(MILLI));
        let trace = sim.take_trace();
        let due = trace.records().iter().find(|record| record.kind == Kind::Due).unwrap();
        assert!(due.at().since(at(MILLI)) <= cost * 32, "{policy}: {due:?}");
        assert!(policy != Policy::Fifo || late <= cost * 34, "{late:?}");
    }
}

#[test]
fn blocking_work_runs_whole_on_this_thread_after_its_delay() {
    let (most, here) = (MILLI * 90, thread::current().id());
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let mut sim = world(seed, |options| {
            (options.policy, options.blocking_delay) = (Some(Policy::Random), Some(most));
        });
        let (handle, busy) = (sim.handle(), sim.handle());
        handle.clone().spawn_blocking("work".into(), move || {
            assert_eq!(thread::current().id(), here);
            handle.note(1, 0);
            handle.raise(Signal::WindowChange);
            handle.spend(MILLI);
            handle.note(2, handle.timer().now().as_nanos());
        });
        sim.block_on(async {
            for _ in 0..200 {
                busy.timer().sleep(MILLI).await;
                yield_now().await;
            }
        });
        assert!(sim.tasks().is_empty());
        let trace = sim.take_trace();
        let begin =
            trace.records().iter().position(|record| record.a == 1 && record.kind == Kind::Note);
        let step = &trace.records()[begin.unwrap() - 1..][..4];
        let kinds: Vec<Kind> = step.iter().map(|record| record.kind).collect();
        assert_eq!(kinds, [Kind::Poll, Kind::Note, Kind::Signal, Kind::Note]);
        assert_eq!(step[3].at(), step[1].at() + MILLI);
        seen.insert(step[1].at);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 30, 60, 90].map(|n| n * 1_000_000));
}

#[test]
fn slack_bounds_how_late_a_sleep_is_noticed() {
    for seed in 0..100 {
        let mut sim = world(seed, |options| {
            options.policy = Some(Policy::Random);
            (options.poll_cost, options.lateness) = (Some(MILLI), Some(MILLI * 20));
        });
        for n in 0..10 {
            let handle = sim.handle();
            sim.handle().spawn("sleeps".into(), async move {
                for round in 1..5 {
                    let at = at(MILLI * (n * 3 + round * 50));
                    handle.timer().sleep_until(at).await;
                    let late = handle.timer().now().since(at);
                    assert!(late <= handle.slack(), "{late:?} > {:?}", handle.slack());
                    handle.spend(MILLI * n);
                }
            });
        }
        sim.block_on(timer(&sim).sleep(SECOND * 10));
        assert!(sim.panics().is_empty(), "{:?}", sim.panics());
    }
}
