//! Tells of a poll that does not come back.
//!
//! ```text
//!   World::run --enter, leave--> Place, one a thread: the worlds that are run on it
//!                                  ^
//!   one thread a process --samples the places, and how far their worlds have come--> stderr
//! ```
//!
//! # Invariants
//!
//! 1. It tells, and does nothing else: a life reads nothing of it, and nothing of real time.
//! 2. A poll costs nothing: what is sampled is the world's own count of polls. A life costs a lock that nobody
//!    else holds.
//! 3. A poll is told of once, after its world's budget of real time and less than half of it more. Time in which
//!    this thread did not run either, as in a process that is stopped, does not count.
//! 4. The user's code never runs on its thread, and it waits for no lock that the user's code may hold but that
//!    of stderr.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::options::nanos;
use crate::trace::Record;
use crate::world::World;

/// One thread, and what it runs.
struct Place {
    thread: String,
    runs: Mutex<Runs>,
}

/// The worlds that a thread is in, the innermost last, and how often it has entered one.
struct Runs {
    worlds: Vec<Arc<World>>,
    entered: u64,
}

/// What there is to sample.
struct Watched {
    places: Vec<Weak<Place>>,
    started: bool,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched { places: Vec::new(), started: false });
static CHANGED: Condvar = Condvar::new();
/// How long the watchdog waits now, in nanoseconds; without an end while it samples.
static PERIOD: AtomicU64 = AtomicU64::new(u64::MAX);

thread_local! {
    static PLACE: OnceCell<Arc<Place>> = const { OnceCell::new() };
}

/// Until this is dropped, this thread runs that world.
pub(crate) struct Inside(Option<Arc<Place>>);

/// This thread begins to run `world`.
pub(crate) fn enter(world: &Arc<World>) -> Inside {
    let Ok(place) = PLACE.try_with(|place| Arc::clone(place.get_or_init(register))) else {
        // The thread is ending.
        return Inside(None);
    };
    {
        let mut runs = lock(&place.runs);
        runs.worlds.push(Arc::clone(world));
        runs.entered += 1;
    }
    let budget = world.clock.stuck_after();
    if !budget.is_zero() && nanos(period(budget)) < PERIOD.load(Ordering::SeqCst) {
        hurry();
    }
    Inside(Some(place))
}

impl Drop for Inside {
    fn drop(&mut self) {
        let gone = self.0.as_ref().map(|place| lock(&place.runs).worlds.pop());
        drop(gone);
    }
}

fn register() -> Arc<Place> {
    let thread = thread::current().name().unwrap_or("without a name").to_owned();
    let place =
        Arc::new(Place { thread, runs: Mutex::new(Runs { worlds: Vec::new(), entered: 0 }) });
    lock(&WATCHED).places.push(Arc::downgrade(&place));
    place
}

/// Has the watchdog sample at once, so that it learns of a budget that is shorter than its period.
fn hurry() {
    let mut watched = lock(&WATCHED);
    if !watched.started {
        let thread = thread::Builder::new().name("sim watchdog".to_owned()).spawn(watch);
        watched.started = thread.is_ok();
    }
    drop(watched);
    CHANGED.notify_one();
}

/// What is known of one place.
#[derive(Default)]
struct Seen {
    /// The run and its count of polls.
    at: (u64, u64),
    same_for: Duration,
    told: bool,
}

impl Seen {
    /// Whether to tell: `at` is the same as it was, for this long now.
    fn look(&mut self, at: (u64, u64), passed: Duration, budget: Duration) -> bool {
        if self.at != at {
            *self = Self { at, ..Self::default() };
            return false;
        }
        self.same_for = self.same_for.saturating_add(passed);
        let tell = self.same_for >= budget && !self.told;
        self.told |= tell;
        tell
    }
}

fn watch() {
    let mut known: Vec<(Weak<Place>, Seen)> = Vec::new();
    let (mut since, mut waited) = (Instant::now(), Duration::ZERO);
    let mut watched = lock(&WATCHED);
    loop {
        PERIOD.store(u64::MAX, Ordering::SeqCst);
        let passed = since.elapsed().min(waited * 2);
        since = Instant::now();
        known.extend(watched.places.drain(..).map(|place| (place, Seen::default())));
        known.retain(|(place, _)| place.strong_count() > 0);
        let mut texts = Vec::new();
        let mut next = None;
        for (place, seen) in &mut known {
            let Some(place) = place.upgrade() else { continue };
            let (budget, text) = sample(&place, seen, passed);
            next = next.into_iter().chain(budget.map(period)).min();
            texts.extend(text);
        }
        if !texts.is_empty() {
            drop(watched);
            for text in texts {
                // Not by a macro: those are captured by the test that started this thread.
                let _ = io::stderr().write_all(text.as_bytes());
            }
            watched = lock(&WATCHED);
        }
        waited = next.unwrap_or(LONGEST);
        if known.is_empty() && watched.places.is_empty() {
            watched = CHANGED.wait(watched).unwrap_or_else(PoisonError::into_inner);
        } else {
            PERIOD.store(nanos(waited), Ordering::SeqCst);
            let woken = CHANGED.wait_timeout(watched, waited);
            watched = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Looks at one place: the budget of the world that it is in, and what to tell.
fn sample(place: &Place, seen: &mut Seen, passed: Duration) -> (Option<Duration>, Option<String>) {
    let runs = lock(&place.runs);
    let Some(world) = runs.worlds.last() else { return (None, None) };
    let budget = world.clock.stuck_after();
    if budget.is_zero() {
        return (None, None);
    }
    let tell = seen.look((runs.entered, world.clock.polls()), passed, budget);
    (Some(budget), tell.then(|| describe(world, &place.thread, seen.same_for)))
}

const LONGEST: Duration = Duration::from_secs(1);

/// How often a budget is looked at.
fn period(budget: Duration) -> Duration {
    (budget / 4).clamp(Duration::from_millis(1), LONGEST)
}

fn describe(world: &World, thread: &str, stuck: Duration) -> String {
    let mut text = format!("\nsimulation: a poll has not come back for {stuck:.1?} of real time\n");
    let (at, polls) = (world.clock.now(), world.clock.polls());
    let Some((who, policy)) = world.look(|state| {
        let name = state.tasks.name(state.current).cloned();
        ((state.current, name), state.settled.policy)
    }) else {
        return text;
    };
    let _ = match who {
        (Record::NOBODY, _) | (_, None) => {
            writeln!(text, "  who:    no task; what a device does, or a waker")
        }
        (id, Some(name)) => match name.site() {
            Some(site) => writeln!(text, "  who:    task #{id} `{name}`, spawned at {site}"),
            None => writeln!(text, "  who:    task #{id} `{name}`"),
        },
    };
    let _ = match world.seed {
        Some(seed) => writeln!(text, "  life:   seed {seed}, policy {policy}"),
        None => writeln!(text, "  life:   from a tape"),
    };
    let at = proc_daemon_runtime::Instant::from_nanos(at);
    let _ = writeln!(text, "  when:   {at:?} of virtual time, poll {polls}");
    let process = std::process::id();
    let _ =
        writeln!(text, "  where:  process {process}, thread `{thread}`; a debugger shows the line");
    text.push_str(ADVICE);
    text
}

const ADVICE: &str = "  \
  A poll cannot be interrupted: the life goes on when it returns. So it must not block: wait on the context's
  sleep, not on the thread's; let a loop await something; put what waits for the real world behind a trait
  and hand a scripted one to the test. Blocking work runs on this thread too.
";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_poll_is_told_of_once_when_its_budget_is_over() {
        let mut seen = Seen::default();
        let told: Vec<bool> = (0..9).map(|_| seen.look((1, 5), SECOND, SECOND * 3)).collect();
        // The first look learns which poll it is.
        assert_eq!(told, [false, false, false, true, false, false, false, false, false]);
        let told: Vec<bool> = (0..5).map(|_| seen.look((1, 6), SECOND, SECOND * 3)).collect();
        assert_eq!(told, [false, false, false, true, false]);
    }

    #[test]
    fn what_goes_on_is_never_told_of() {
        let mut seen = Seen::default();
        assert!((0..100).all(|polls| !seen.look((1, polls / 3), SECOND, SECOND * 3)));
        // Another run that has come as far is another poll.
        assert!((0..100).all(|run| !seen.look((run / 3, 7), SECOND, SECOND * 3)));
    }

    #[test]
    fn a_budget_is_looked_at_four_times_and_at_least_every_second() {
        assert_eq!(period(SECOND * 2), SECOND / 2);
        assert_eq!(period(SECOND * 100), SECOND);
        assert_eq!(period(Duration::from_nanos(1)), Duration::from_millis(1));
    }
}
