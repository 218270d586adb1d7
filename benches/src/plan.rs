//! Which jobs there are.

use std::time::Duration;

use crate::bare::Backend;
use crate::job::{Job, Row};
use crate::madsim;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every row with at most 10 subsystems, once: proves that the harness works.
    Smoke,
    /// Numbers to look at while changing something.
    Quick,
    /// The numbers of PERFORMANCE.md.
    Full,
}

/// Most subsystems of the peer unless it is asked for more: its stop is quadratic.
const PEER_CAP: usize = 10_000;

impl Scale {
    /// An idle phase takes its time and says the same each time.
    const fn processes(self, row: Row) -> u32 {
        match (self, row) {
            (Self::Smoke, _) => 1,
            (Self::Quick, _) | (Self::Full, Row::Idle) => 3,
            (Self::Full, _) => 7,
        }
    }

    const fn sizes(self) -> &'static [usize] {
        match self {
            Self::Smoke => &[1, 10],
            Self::Quick => &[1, 100, 10_000],
            Self::Full => &[1, 100, 10_000, 100_000],
        }
    }

    const fn timeout(self) -> Duration {
        match self {
            Self::Smoke => Duration::from_secs(10),
            Self::Quick | Self::Full => Duration::from_secs(60),
        }
    }

    const fn idle_window(self) -> Duration {
        match self {
            Self::Smoke => Duration::from_millis(20),
            Self::Quick => Duration::from_secs(2),
            Self::Full => Duration::from_secs(10),
        }
    }

    /// A batch of lives takes 10 to 100 ms.
    const fn lives_rounds(self) -> u32 {
        match self {
            Self::Smoke => 1,
            Self::Quick => 5,
            Self::Full => 10,
        }
    }

    /// About the same time for each number of subsystems.
    const fn rounds(self, n: usize) -> u32 {
        let rounds: u32 = match n {
            0..=9 => 400,
            10..=999 => 150,
            1000..=49_999 => 9,
            _ => 3,
        };
        match self {
            Self::Smoke => 1,
            Self::Quick => rounds.div_ceil(2),
            Self::Full => rounds,
        }
    }
}

/// Every job of a scale; `peer_all`: the peer with every number.
#[must_use]
pub fn jobs(scale: Scale, peer_all: bool) -> Vec<Job> {
    let mut jobs = Vec::new();
    for backend in Backend::REAL {
        start_stop(scale, backend, peer_all, &mut jobs);
        for &n in scale.sizes() {
            let rounds = scale.rounds(n);
            jobs.push(new(scale, Row::Restart, backend, n, rounds, &["respawn", "daemon"]));
        }
        memory(scale, backend, &mut jobs);
        let rounds = scale.rounds(100);
        let job = |row, n, rounds, variants: &[&str]| new(scale, row, backend, n, rounds, variants);
        jobs.push(job(
            Row::Signal,
            1,
            rounds,
            &["bare", "bare-main", "daemon", "sentinel", "service"],
        ));
        jobs.push(job(Row::Exec, 1, rounds.div_ceil(8), &["empty", "daemon"]));
        let n = if scale == Scale::Smoke { 10 } else { 10_000 };
        jobs.push(job(Row::Erased, n, scale.rounds(n), &["generic", "erased"]));
        snapshot(scale, backend, &mut jobs);
        jobs.push(job(Row::Reload, 1, rounds.div_ceil(8), &["sleep", "bare", "daemon"]));
        for variant in ["shared", "daemon"].into_iter().chain(peer(backend)) {
            jobs.push(job(Row::Idle, n, 1, &[variant]));
        }
    }
    read_file(scale, &mut jobs);
    lives(scale, &mut jobs);
    jobs
}

fn peer(backend: Backend) -> Option<&'static str> {
    backend.has_peer().then_some("peer")
}

fn new(scale: Scale, row: Row, backend: Backend, n: usize, rounds: u32, variants: &[&str]) -> Job {
    Job {
        row,
        backend,
        n,
        rounds,
        processes: scale.processes(row),
        window: scale.idle_window(),
        batch: 1,
        variants: variants.iter().map(|&variant| variant.to_owned()).collect(),
        counted: false,
        timeout: scale.timeout(),
    }
}

fn start_stop(scale: Scale, backend: Backend, peer_all: bool, jobs: &mut Vec<Job>) {
    for &n in scale.sizes() {
        let job = |rounds, variants| new(scale, Row::StartStop, backend, n, rounds, variants);
        let mut variants = vec!["shared", "child", "daemon"];
        if n >= 100 || scale == Scale::Smoke {
            variants.push("layered");
        }
        jobs.push(job(scale.rounds(n), &variants));
        // In processes of its own: it leaves a subscriber behind, and it may not stop.
        if backend.has_peer() && (n <= PEER_CAP || peer_all) {
            jobs.push(job(scale.rounds(n).min(3), &["shared", "child", "peer"]));
        }
    }
}

/// n readings a round: some milliseconds, so that two threads read at once.
fn snapshot(scale: Scale, backend: Backend, jobs: &mut Vec<Job>) {
    const VARIANTS: [&str; 5] = ["arc-swap", "with_config", "config", "with_config-2", "config-2"];
    let (n, rounds) = match scale {
        Scale::Smoke => (10, 1),
        Scale::Quick | Scale::Full => (1_000_000, scale.rounds(100).div_ceil(4)),
    };
    for counted in [false, true] {
        let job = new(scale, Row::Snapshot, backend, n, rounds, &VARIANTS);
        jobs.push(Job { counted, ..job });
    }
}

/// About the same time for each size.
fn read_file(scale: Scale, jobs: &mut Vec<Job>) {
    if !cfg!(all(feature = "mmap-config", target_os = "linux")) {
        return;
    }
    let sizes: &[u32] = match scale {
        Scale::Smoke => &[1 << 10],
        Scale::Quick | Scale::Full => {
            &[1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24]
        }
    };
    for &size in sizes {
        let rounds = if scale == Scale::Smoke { 1 } else { 50 };
        let variants = ["std", "copy", "map"];
        let job = new(scale, Row::ReadFile, Backend::Virtual, size as usize, rounds, &variants);
        jobs.push(Job { batch: ((1 << 20) / size).clamp(1, 256), ..job });
    }
}

/// The numbers of lives are the same at every scale: polls of a life can be compared across them.
fn lives(scale: Scale, jobs: &mut Vec<Job>) {
    const HALF_A_MINUTE: Duration = Duration::from_secs(30);
    const HOUR: Duration = Duration::from_secs(3600);
    let rows = [
        (Row::Lives, HALF_A_MINUTE, 500),
        (Row::LivesHour, HOUR, 10),
        (Row::LivesHourSparse, HOUR, 200),
    ];
    for (row, window, batch) in rows {
        let mut variants = vec!["bare", "paused", "daemon", "faults"];
        // A test of the harness builds no other program.
        if scale != Scale::Smoke {
            variants.push(madsim::VARIANT);
        }
        let job = new(scale, row, Backend::Virtual, 6, scale.lives_rounds(), &variants);
        jobs.push(Job { window, batch, ..job });
    }
}

fn memory(scale: Scale, backend: Backend, jobs: &mut Vec<Job>) {
    for &n in scale.sizes().iter().filter(|&&n| n != 100) {
        for variant in ["shared", "child", "daemon"].into_iter().chain(peer(backend)) {
            for counted in [false, true] {
                let job = new(scale, Row::Memory, backend, n, 1, &[variant]);
                jobs.push(Job { counted, ..job });
            }
        }
    }
}
