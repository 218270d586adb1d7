//! L5 to L9: sleeps.

use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant as Moment};

use futures_lite::future::{block_on as block_here, poll_once};
use proc_daemon_runtime::{Instant, OwnedRuntime, Sleep, Timer};

use super::{Law, law};
use crate::Need;
use crate::lab::{Lab, step};
use crate::told::Told;

const MS: Duration = Duration::from_millis(1);

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    let mut laws = vec![
        law!(
            "SLEEP-01",
            a_sleep_is_never_early,
            "A sleep does not fire before its deadline, by the timer's own clock.",
            "Sleeps of 1, 3, 10, 20 and 101 ms, each a few times, all at once.",
        ),
        law!(
            "SLEEP-02",
            a_sleep_is_never_early_in_real_time,
            "A sleep does not fire before its deadline, by the system's clock.",
            "Sleeps of 1, 3, 10, 20 and 101 ms, one after the other.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "SLEEP-03",
            a_due_sleep_is_ready_at_once,
            "A sleep whose deadline has passed is ready at its first poll, and at each later one.",
            "Until zero, until now and for no time; polled twice.",
        ),
        law!(
            "SLEEP-04",
            never_does_not_fire,
            "A sleep until the end of time is pending, and can be reset to an earlier one.",
            "Until `MAX`, one nanosecond before it, and for `Duration::MAX`.",
        ),
    ];
    laws.extend(elsewhere());
    laws.extend(resets());
    laws
}

fn elsewhere<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "SLEEP-05",
            a_sleep_is_made_on_any_thread,
            "A sleep that was made on a thread the runtime has never seen fires.",
            "Made on a foreign thread and awaited on the runtime.",
        ),
        law!(
            "SLEEP-06",
            a_sleep_is_awaited_on_any_thread,
            "A sleep fires for whoever polls it.",
            "Awaited, and dropped unfired, on a thread the runtime has never seen.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "SLEEP-07",
            the_newest_waker_is_woken,
            "A sleep wakes the waker of its last poll, and no other.",
            "Polled with two wakers; when it fires the second is woken alone.",
        ),
        law!(
            "SLEEP-08",
            a_sleep_moves_between_tasks,
            "A sleep that one task has polled fires for the task that awaits it.",
            "Polled once in one task, awaited in another.",
        ),
        law!(
            "SLEEP-09",
            a_dropped_sleep_wakes_nobody,
            "Dropping a sleep forgets its waker.",
            "Polled and dropped; after its deadline its waker has not been woken.",
        ),
        law!(
            "SLEEP-10",
            a_thousand_sleeps_all_fire,
            "No sleep is forgotten among many.",
            "A thousand tasks sleep 0 to 19 ms each.",
        ),
    ]
}

fn resets<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "SLEEP-11",
            a_reset_before_the_first_poll_counts,
            "A sleep that is reset before it is polled has the new deadline alone.",
            "A long one, reset to 3 ms; one of none, reset to a long one.",
        ),
        law!(
            "SLEEP-12",
            a_reset_to_earlier_fires_earlier,
            "A pending sleep that is reset to an earlier deadline fires at that.",
            "A long one, polled, reset to 40 ms, polled, and to 4 ms.",
        ),
        law!(
            "SLEEP-13",
            a_reset_to_later_fires_later,
            "A pending sleep that is reset to a later deadline does not fire at the first.",
            "Of 2 ms, polled, reset to 30 ms.",
        ),
        law!(
            "SLEEP-14",
            a_reset_after_firing_arms_it_again,
            "A sleep that has fired can be used again.",
            "Four times: fires, is reset, is pending, fires.",
        ),
    ]
}

fn a_sleep_is_never_early<B: OwnedRuntime>(mut lab: Lab<B>) {
    let mut tasks = Vec::new();
    for wanted in [1, 3, 10, 20, 101].map(|ms| ms * MS).into_iter().cycle().take(25) {
        let timer = lab.timer().clone();
        tasks.push(lab.spawn("asleep", async move {
            let at = timer.now().after(wanted);
            timer.sleep_until(at).await;
            (wanted, at, timer.now())
        }));
    }
    for task in tasks {
        let (wanted, at, woken) = lab.block_on(task).expect("it ends well");
        assert!(woken >= at, "{wanted:?}: {:?} early", at.since(woken));
    }
}

fn a_sleep_is_never_early_in_real_time<B: OwnedRuntime>(mut lab: Lab<B>) {
    for wanted in [1, 3, 10, 20, 101].map(|ms| ms * MS) {
        let began = Moment::now();
        let sleep = lab.sleep(wanted);
        lab.block_on(sleep);
        let took = began.elapsed();
        assert!(took >= wanted, "a sleep of {wanted:?} took {took:?}");
    }
}

fn a_due_sleep_is_ready_at_once<B: OwnedRuntime>(lab: Lab<B>) {
    let timer = lab.timer();
    for at in [Instant::ZERO, timer.now(), timer.now().after(Duration::ZERO)] {
        let mut sleep = pin!(timer.sleep_until(at));
        assert!(step(sleep.as_mut()).is_ready(), "it is due");
        assert!(step(sleep.as_mut()).is_ready(), "it stays ready until it is reset");
    }
}

fn never_does_not_fire<B: OwnedRuntime>(mut lab: Lab<B>) {
    let timer = lab.timer().clone();
    lab.block_on(async {
        let almost = Instant::from_nanos(u64::MAX - 1);
        for at in [Instant::MAX, almost, timer.now().after(Duration::MAX)] {
            let mut sleep = pin!(timer.sleep_until(at));
            assert!(poll_once(sleep.as_mut()).await.is_none(), "it fired");
            timer.sleep(2 * MS).await;
            assert!(poll_once(sleep.as_mut()).await.is_none(), "it fired");
            sleep.as_mut().reset(Instant::ZERO);
            sleep.as_mut().await;
            sleep.as_mut().reset(Instant::MAX);
            assert!(poll_once(sleep).await.is_none(), "it fired");
        }
    });
}

fn a_sleep_is_made_on_any_thread<B: OwnedRuntime>(mut lab: Lab<B>) {
    let timer = lab.timer().clone();
    let made = thread::spawn(move || {
        let at = timer.now().after(5 * MS);
        (at, timer.sleep_until(at))
    });
    let (at, sleep) = made.join().expect("it can be made there");
    lab.block_on(sleep);
    assert!(lab.now() >= at, "early");
}

fn a_sleep_is_awaited_on_any_thread<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (timer, long, over) = (lab.timer().clone(), lab.long(), Told::default());
    let tell = over.clone();
    let foreign = thread::spawn(move || {
        let _tell = tell.on_drop();
        drop(timer.sleep(long));
        let mut polled = Box::pin(timer.sleep(long));
        assert!(step(polled.as_mut()).is_pending());
        drop(polled);
        let at = timer.now().after(5 * MS);
        block_here(timer.sleep_until(at));
        assert!(timer.now() >= at, "early");
    });
    lab.block_on(over.once());
    if let Err(panic) = foreign.join() {
        std::panic::resume_unwind(panic);
    }
}

fn the_newest_waker_is_woken<B: OwnedRuntime>(mut lab: Lab<B>) {
    let at = lab.now().after(100 * MS);
    let mut sleep = Box::pin(lab.timer().sleep_until(at));
    let (old, new) = (Told::default(), Told::default());
    for told in [&old, &new] {
        let polled = sleep.as_mut().poll(&mut Context::from_waker(&told.waker()));
        assert!(polled.is_pending() || lab.now() >= at, "early");
        if polled.is_ready() {
            // The machine has slept over it: there is nothing to be seen.
            return;
        }
    }
    lab.within("the waker of the last poll is woken", new.once());
    assert!(!old.is_told(), "the waker of an earlier poll was woken");
}

fn a_sleep_moves_between_tasks<B: OwnedRuntime>(mut lab: Lab<B>) {
    let mut sleep = Box::pin(lab.sleep(100 * MS));
    let first = lab.spawn("polls", async move {
        let _ = poll_once(sleep.as_mut()).await;
        Some(sleep)
    });
    let sleep = lab.block_on(first).expect("it ends well").expect("it is handed on");
    let second = lab.spawn("awaits", sleep);
    lab.within("the sleep fires for who awaits it", second).expect("it ends well");
}

fn a_dropped_sleep_wakes_nobody<B: OwnedRuntime>(mut lab: Lab<B>) {
    let woken = Told::default();
    let at = lab.now().after(50 * MS);
    let mut sleep = Box::pin(lab.timer().sleep_until(at));
    let polled = sleep.as_mut().poll(&mut Context::from_waker(&woken.waker()));
    drop(sleep);
    if polled.is_ready() || lab.now() >= at {
        // The machine has slept over it: there is nothing to be seen.
        return;
    }
    let later = lab.timer().sleep_until(at.after(20 * MS));
    lab.block_on(later);
    assert!(!woken.is_told(), "its waker was woken");
}

fn a_thousand_sleeps_all_fire<B: OwnedRuntime>(mut lab: Lab<B>) {
    let fired = Told::default();
    for n in 0..1000 {
        let (sleep, fired) = (lab.sleep(n % 20 * MS), fired.clone());
        drop(lab.spawn("asleep", async move {
            sleep.await;
            fired.tell();
        }));
    }
    lab.within("a thousand sleeps fire", fired.times(1000));
}

fn a_reset_before_the_first_poll_counts<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (timer, long) = (lab.timer().clone(), lab.long());
    lab.within("a sleep that is reset before its first poll fires", async {
        let mut sleep = pin!(timer.sleep(long));
        let at = timer.now().after(3 * MS);
        sleep.as_mut().reset(at);
        sleep.as_mut().await;
        let now = timer.now();
        assert!(now >= at && now.since(at) < long, "{:?} after the new deadline", now.since(at));
        let mut sleep = pin!(timer.sleep(Duration::ZERO));
        sleep.as_mut().reset(timer.now().after(long));
        assert!(poll_once(sleep).await.is_none(), "the old deadline has fired it");
    });
}

fn a_reset_to_earlier_fires_earlier<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (timer, long) = (lab.timer().clone(), lab.long());
    lab.within("a pending sleep that is reset to earlier fires", async {
        let mut sleep = pin!(timer.sleep(long));
        assert!(poll_once(sleep.as_mut()).await.is_none());
        for wait in [40 * MS, 4 * MS] {
            let at = timer.now().after(wait);
            sleep.as_mut().reset(at);
            if wait > 10 * MS {
                // Registered with this deadline, then with an earlier one.
                let _ = poll_once(sleep.as_mut()).await;
                continue;
            }
            sleep.as_mut().await;
            let now = timer.now();
            assert!(now >= at, "{:?} early", at.since(now));
            assert!(now.since(at) < long, "the first deadline has fired it");
        }
    });
}

fn a_reset_to_later_fires_later<B: OwnedRuntime>(mut lab: Lab<B>) {
    let timer = lab.timer().clone();
    lab.within("a pending sleep that is reset to later fires", async {
        let early = timer.now().after(2 * MS);
        let mut sleep = pin!(timer.sleep_until(early));
        let _ = poll_once(sleep.as_mut()).await;
        let at = early.after(30 * MS);
        sleep.as_mut().reset(at);
        sleep.as_mut().await;
        let now = timer.now();
        assert!(now >= at, "{:?} early: the first deadline has fired it", at.since(now));
    });
}

fn a_reset_after_firing_arms_it_again<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (timer, long) = (lab.timer().clone(), lab.long());
    lab.within("a sleep that has fired and is reset fires again", async {
        let mut sleep = pin!(timer.sleep(MS));
        sleep.as_mut().await;
        for wait in [4, 1, 8, 60].map(|ms| ms * MS) {
            let at = timer.now().after(wait);
            sleep.as_mut().reset(at);
            let polled = poll_once(sleep.as_mut()).await;
            assert!(polled.is_none() || timer.now() >= at, "it is still ready from before");
            sleep.as_mut().await;
            let now = timer.now();
            assert!(now >= at, "{:?} early", at.since(now));
            assert!(now.since(at) < long, "{:?} late", now.since(at));
        }
    });
}
