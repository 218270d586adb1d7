//! L10: the clocks.

use std::thread;
use std::time::{Duration, SystemTime};

use proc_daemon_runtime::{Instant, OwnedRuntime, Runtime, Timer};

use super::{Law, law};
use crate::Need;
use crate::lab::Lab;

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "CLOCK-01",
            time_never_goes_back,
            "`now` never goes back, for whoever asks.",
            "Ten thousand readings, by two handles in turn; then one of each task of a chain.",
        ),
        law!(
            "CLOCK-02",
            time_never_goes_back_between_threads,
            "A reading is not before one that another thread has made before it.",
            "Two threads hand each other the newest reading.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "CLOCK-03",
            time_passes,
            "After a sleep it is later by at least as much.",
            "`now` before and after a sleep of 5 ms.",
        ),
        law!(
            "CLOCK-04",
            the_wall_clock_is_the_systems,
            "`wall_clock` tells the time of day of the system.",
            "It is compared with the system's, to the minute.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "CLOCK-05",
            seeds_differ,
            "Two seeds are not alike: jitter that everybody shares is none.",
            "Of eight seeds no two are the same.",
        ),
    ]
}

fn time_never_goes_back<B: OwnedRuntime>(mut lab: Lab<B>) {
    let other = lab.runtime().clone();
    let mut last = Instant::ZERO;
    for _ in 0..5_000 {
        for now in [lab.now(), other.timer().now()] {
            assert!(now >= last, "{now:?} after {last:?}");
            last = now;
        }
    }
    for _ in 0..100 {
        let timer = lab.timer().clone();
        let task = lab.spawn("reads the clock", async move { timer.now() });
        let now = lab.block_on(task).expect("it ends well");
        assert!(now >= last, "{now:?} after {last:?}");
        last = now;
    }
}

fn time_never_goes_back_between_threads<B: OwnedRuntime>(lab: Lab<B>) {
    use std::sync::atomic::{AtomicU64, Ordering};
    let newest = AtomicU64::new(0);
    let read = |timer: &<B::Runtime as Runtime>::Timer| {
        for _ in 0..20_000 {
            let seen = newest.load(Ordering::SeqCst);
            let now = timer.now().as_nanos();
            assert!(now >= seen, "{now} ns after another thread has read {seen} ns");
            newest.fetch_max(now, Ordering::SeqCst);
        }
    };
    thread::scope(|scope| {
        let timer = lab.timer().clone();
        let other = scope.spawn(move || read(&timer));
        read(lab.timer());
        if let Err(panic) = other.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn time_passes<B: OwnedRuntime>(mut lab: Lab<B>) {
    let before = lab.now();
    let sleep = lab.sleep(Duration::from_millis(5));
    lab.block_on(sleep);
    let passed = lab.now().since(before);
    assert!(passed >= Duration::from_millis(5), "{passed:?} in a sleep of 5 ms");
}

fn the_wall_clock_is_the_systems<B: OwnedRuntime>(lab: Lab<B>) {
    let (told, system) = (lab.timer().wall_clock(), SystemTime::now());
    let apart = told.duration_since(system).unwrap_or_else(|error| error.duration());
    assert!(apart < Duration::from_secs(60), "{apart:?} apart");
}

fn seeds_differ<B: OwnedRuntime>(lab: Lab<B>) {
    let seeds: std::collections::BTreeSet<_> = (0..8).map(|_| lab.runtime().seed()).collect();
    assert_eq!(seeds.len(), 8, "{seeds:?}");
}
