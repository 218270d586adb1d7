use proc_daemon_runtime::Signal;

use super::failure;
use super::life::Life;
use super::subject::Sim;
use crate::daemon::DaemonBuilder;

/// Lives one life for every step of the daemon's life, with `signal` arriving at that step: before it starts,
/// in the middle of its start, while it runs, at each step of its stop. Gives how many lives that was.
///
/// # Panics
///
/// At the first life that goes wrong, with the step.
#[track_caller]
pub fn exhaust_points<F>(seed: u64, signal: Signal, daemon: F) -> u64
where
    F: Fn() -> DaemonBuilder + Sync,
{
    let live = |poll| Sim::new(seed).daemon(daemon()).raise_at_poll(poll, signal).run();
    let mut lives = 0;
    let mut step = 1;
    // A life with a signal may be longer than one without: its stop has steps as well.
    let mut steps = plain(seed, &daemon).polls();
    while step <= steps {
        let life = live(step);
        expect(&life, &[(step, signal)]);
        steps = steps.max(life.polls());
        lives += 1;
        step += 1;
    }
    lives
}

/// As [`exhaust_points`] with two signals, the second at the same step as the first or at any later one.
///
/// # Panics
///
/// At the first life that goes wrong, with the steps.
#[track_caller]
pub fn exhaust_pairs<F>(seed: u64, first: Signal, second: Signal, daemon: F) -> u64
where
    F: Fn() -> DaemonBuilder + Sync,
{
    let mut lives = 0;
    let steps = plain(seed, &daemon).polls();
    for one in 1..=steps {
        let mut two = one;
        // From where the life with the first signal alone has ended, the second changes nothing.
        let mut last = one;
        while two <= last {
            let sim = Sim::new(seed).daemon(daemon()).raise_at_poll(one, first);
            let life = sim.raise_at_poll(two, second).run();
            expect(&life, &[(one, first), (two, second)]);
            last = last.max(life.polls());
            lives += 1;
            two += 1;
        }
    }
    lives
}

/// The life without a signal: it must be one, and clean.
#[track_caller]
fn plain<F: Fn() -> DaemonBuilder>(seed: u64, daemon: &F) -> Life {
    let life = Sim::new(seed).daemon(daemon()).run();
    expect(&life, &[]);
    life
}

#[track_caller]
fn expect(life: &Life, signals: &[(u64, Signal)]) {
    if !life.verdict().is_clean() {
        let when: Vec<String> =
            signals.iter().map(|(poll, signal)| format!("{signal} before poll {poll}")).collect();
        panic!("{}: {}", when.join(", "), failure::of_life(life));
    }
}
