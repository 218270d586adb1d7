use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proc_daemon_runtime::{AnySleep, Instant, PanicPayload, TaskName, catch};

use super::book::{Came, Unit};
use super::faults::{Faults, Kind, moment};
use super::moment as told;
use super::story::SharedStory;
use crate::backends::sim::{SimHandle, Verdict};
use crate::boxed::Result;
use crate::shutdown::is_stopping;
use crate::subsystem::{BoxRun, Run, Told, Wrap};

/// What an injected panic carries.
pub(super) const INJECTED: &str = "injected panic";

/// Puts itself between every generation's task and the user's future: sees what becomes of it, and has the
/// faults strike.
pub(super) struct Wrapper {
    pub(super) story: SharedStory,
    pub(super) handle: SimHandle,
    pub(super) faults: Faults,
    /// How long the life lasts.
    pub(super) lasting: Duration,
    /// Whether a panic of the user's code is none of the life's business.
    pub(super) panics_allowed: bool,
}

impl Wrap for Wrapper {
    fn wrap(&self, run: &Arc<Run>, future: BoxRun) -> BoxRun {
        let name = run.shared.board.row(run.unit).name.as_str();
        let strikes = self.faults.subsystems.iter();
        let mut strikes: Vec<Strike> = strikes
            .filter(|(who, _)| who.is(name))
            .filter_map(|(_, kind)| Strike::choose(*kind, &self.handle, name, self.end()))
            .collect();
        if let Some(book) = &mut self.story.lock().book {
            book.units[run.unit as usize].run = Arc::downgrade(run);
        }
        strikes.retain(|strike| self.quiet() > self.handle_now() || strike.lasting());
        Box::pin(Wrapped {
            future: Some(future),
            seen: Seen { story: Arc::clone(&self.story), run: Arc::clone(run) },
            handle: self.handle.clone(),
            strikes,
            quiet_after: self.quiet(),
            panics_allowed: self.panics_allowed,
            polls: 0,
            wait: None,
            result: None,
            silent: false,
        })
    }

    /// Whoever joins a child deals with its panic; this one is the subsystem's.
    fn child_panicked(&self, run: &Run, child: Option<&TaskName>, payload: &PanicPayload) {
        let mut story = self.story.lock();
        let unit = story.book.as_mut().and_then(|book| book.units.get_mut(run.unit as usize));
        if let Some(unit) = unit.filter(|unit| unit.generation == run.generation) {
            unit.orphan |= !run.has_told(Told::Ended);
        }
        drop(story);
        if !self.panics_allowed {
            let name = &run.shared.board.row(run.unit).name;
            let child = child.map_or_else(|| "a child".to_owned(), |child| format!("`{child}`"));
            let message = format!("{child}, which nobody joins: {payload}");
            self.handle.halt(Verdict::Panic { task: name.clone(), message });
        }
    }
}

impl Wrapper {
    fn end(&self) -> Duration {
        self.faults.quiet_after.unwrap_or(self.lasting).min(self.lasting)
    }

    fn quiet(&self) -> Instant {
        self.faults.quiet_after.map_or(Instant::MAX, Instant::from_epoch)
    }

    fn handle_now(&self) -> Instant {
        use proc_daemon_runtime::{Runtime, Timer};
        self.handle.timer().now()
    }
}

/// A fault that one generation has been given.
struct Strike {
    what: What,
    when: When,
}

#[derive(Clone, Copy)]
enum What {
    Panic,
    Error,
    SlowStart(Duration),
    SlowStop(Duration),
    Deaf,
    Stall(Duration),
    Spurious,
    Silence,
}

#[derive(Clone, Copy)]
enum When {
    Poll(u32),
    At(Instant),
}

/// Among how many first polls a fault strikes.
const FIRST_POLLS: u32 = 6;

impl Strike {
    /// The dull answer is none.
    fn choose(kind: Kind, handle: &SimHandle, name: &str, end: Duration) -> Option<Self> {
        let site = |what: &str| format!("{what} of `{name}`");
        let strikes = |chance, what: &str| handle.chance(chance, &site(what));
        let what = match kind {
            Kind::Panic(chance) => strikes(chance, "panic").then_some(What::Panic),
            Kind::Error(chance) => strikes(chance, "error").then_some(What::Error),
            Kind::Deaf(chance) => strikes(chance, "deafness").then_some(What::Deaf),
            Kind::Silence(chance) => strikes(chance, "silence").then_some(What::Silence),
            Kind::Spurious(chance) => strikes(chance, "spurious wake-up").then_some(What::Spurious),
            Kind::Stall(chance, most) => strikes(chance, "stall").then(|| {
                What::Stall(handle.duration(
                    Duration::from_nanos(1),
                    most,
                    &site("length of stall"),
                ))
            }),
            Kind::SlowStart(from, to) => {
                let slow = handle.duration(from, to, &site("slow start"));
                (!slow.is_zero()).then_some(What::SlowStart(slow))
            }
            Kind::SlowStop(from, to) => {
                let slow = handle.duration(from, to, &site("slow stop"));
                (!slow.is_zero()).then_some(What::SlowStop(slow))
            }
        }?;
        let when = match what {
            What::SlowStart(_) | What::SlowStop(_) | What::Deaf => When::Poll(1),
            _ if handle.choose(2, "at a poll or a moment") == 0 => {
                When::Poll(1 + handle.choose(FIRST_POLLS, "poll of a fault"))
            }
            _ => When::At(moment(handle, end, "moment of a fault")),
        };
        Some(Self { what, when })
    }

    /// Whether it says how a subsystem is, rather than what happens to it.
    const fn lasting(&self) -> bool {
        matches!(self.what, What::SlowStop(_) | What::Deaf)
    }
}

/// A user's future with faults around it.
struct Wrapped {
    /// None once it is over.
    future: Option<BoxRun>,
    seen: Seen,
    handle: SimHandle,
    strikes: Vec<Strike>,
    quiet_after: Instant,
    panics_allowed: bool,
    polls: u32,
    /// What this waits for: the end of a slow start or stop, or the moment of a fault.
    wait: Option<AnySleep>,
    /// What the future returned, held back.
    result: Option<Result<()>>,
    silent: bool,
}

impl Future for Wrapped {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        this.polls += u32::from(!this.handle.is_probe());
        let result = match this.result.take() {
            Some(result) => result,
            None => {
                let Some(result) = this.advance(cx) else { return Poll::Pending };
                this.wait = this.hold();
                result
            }
        };
        if let Some(wait) = &mut this.wait
            && wait.as_mut().poll(cx).is_pending()
        {
            this.result = Some(result);
            return Poll::Pending;
        }
        this.seen.came(match &result {
            Ok(()) => Came::Ok,
            Err(error) => this.seen.kind(error.as_ref()),
        });
        Poll::Ready(result)
    }
}

impl Wrapped {
    fn now(&self) -> Instant {
        self.seen.run.shared.runtime.now()
    }

    /// The user's code has panicked.
    fn panicked(&self, payload: &PanicPayload) {
        self.seen.came(Came::Panic);
        if !self.panics_allowed {
            let task = self.seen.run.shared.board.row(self.seen.run.unit).name.clone();
            self.handle.halt(Verdict::Panic { task, message: payload.to_string() });
        }
    }

    fn told(&self, fault: &'static str) {
        told::fault(&self.handle, self.seen.run.unit, fault);
    }

    /// Polls the user's future, unless a fault keeps it from that. None: pending.
    fn advance(&mut self, cx: &mut Context<'_>) -> Option<Result<()>> {
        if !self.handle.is_probe()
            && let Some(result) = self.strike(cx)
        {
            self.drop_future();
            return Some(result);
        }
        let deaf = self.seen.run.stop.is_set() && self.has(|what| matches!(what, What::Deaf));
        if self.silent || deaf || !self.started(cx) {
            return None;
        }
        let future = self.future.as_mut()?;
        let polled = catch(|| future.as_mut().poll(cx));
        self.seen.look(&self.handle);
        match polled {
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(result)) => {
                self.drop_future();
                Some(result)
            }
            Err(payload) => {
                self.panicked(&payload);
                self.drop_future();
                resume_unwind(payload.into_inner())
            }
        }
    }

    /// Has what is due strike. Some: the subsystem is over.
    fn strike(&mut self, cx: &mut Context<'_>) -> Option<Result<()>> {
        let now = self.now();
        while self.future.is_some() {
            let quiet = now > self.quiet_after;
            let due = self.strikes.iter().position(|strike| match strike.when {
                _ if strike.lasting() || matches!(strike.what, What::SlowStart(_)) || quiet => {
                    false
                }
                When::Poll(poll) => poll <= self.polls,
                When::At(at) => at <= now,
            });
            let Some(due) = due else { break };
            match self.strikes.swap_remove(due).what {
                What::Panic => {
                    self.told("panic");
                    self.seen.came(Came::Panic);
                    self.drop_future();
                    resume_unwind(Box::new(INJECTED));
                }
                What::Error => {
                    self.told("error");
                    return Some(Err("injected error".into()));
                }
                What::Stall(time) => {
                    self.told("stall");
                    self.handle.spend(time);
                }
                What::Spurious => {
                    self.told("spurious wake-up");
                    cx.waker().wake_by_ref();
                }
                What::Silence => {
                    self.told("silence");
                    self.silent = true;
                }
                What::SlowStart(_) | What::SlowStop(_) | What::Deaf => {}
            }
        }
        self.wake_for_the_next(cx);
        None
    }

    /// Registers for the next fault that strikes at a moment.
    fn wake_for_the_next(&mut self, cx: &mut Context<'_>) {
        let moments = self.strikes.iter().filter_map(|strike| match strike.when {
            When::At(at) if at <= self.quiet_after => Some(at),
            _ => None,
        });
        let Some(next) = moments.min() else { return };
        if self.has(|what| matches!(what, What::SlowStart(_))) {
            return;
        }
        let runtime = &self.seen.run.shared.runtime;
        let wait = self.wait.get_or_insert_with(|| runtime.sleep_until(next));
        wait.as_mut().reset(next);
        let _ = wait.as_mut().poll(cx);
    }

    fn has(&self, is: impl Fn(What) -> bool) -> bool {
        self.strikes.iter().any(|strike| is(strike.what))
    }

    /// Whether a slow start is over.
    fn started(&mut self, cx: &mut Context<'_>) -> bool {
        let slow = self.strikes.iter().find_map(|strike| match strike.what {
            What::SlowStart(time) => Some(time),
            _ => None,
        });
        let Some(time) = slow else { return true };
        if self.polls == 1 && !self.handle.is_probe() {
            self.told("slow start");
            let until = self.now() + time;
            self.wait = Some(self.seen.run.shared.runtime.sleep_until(until));
        }
        let over = self.wait.as_mut().is_none_or(|wait| wait.as_mut().poll(cx).is_ready());
        if over {
            self.wait = None;
            self.strikes.retain(|strike| !matches!(strike.what, What::SlowStart(_)));
            self.wake_for_the_next(cx);
        }
        over
    }

    /// What holds the result back: once, and only after a stop request.
    fn hold(&mut self) -> Option<AnySleep> {
        if !self.seen.run.stop.is_set() {
            return None;
        }
        let slow =
            self.strikes.iter().position(|strike| matches!(strike.what, What::SlowStop(_)))?;
        let What::SlowStop(time) = self.strikes.swap_remove(slow).what else { return None };
        self.told("slow stop");
        Some(self.seen.run.shared.runtime.sleep_until(self.now() + time))
    }

    /// Drops the user's future; a panic in its destructor is an end by panic.
    fn drop_future(&mut self) {
        let future = self.future.take();
        if let Err(payload) = catch(|| drop(future)) {
            self.panicked(&payload);
            resume_unwind(payload.into_inner());
        }
    }
}

impl Drop for Wrapped {
    fn drop(&mut self) {
        let future = self.future.take();
        let dropped = catch(|| drop(future));
        if let Err(payload) = &dropped {
            self.panicked(payload);
        }
        self.seen.dropped(&self.handle);
        if let Err(payload) = dropped {
            resume_unwind(payload.into_inner());
        }
    }
}

/// Tells the story what one generation's future does.
struct Seen {
    story: SharedStory,
    run: Arc<Run>,
}

impl Seen {
    fn unit(&self, with: impl FnOnce(&mut Unit)) {
        let mut story = self.story.lock();
        let unit = story.book.as_mut().and_then(|book| book.units.get_mut(self.run.unit as usize));
        if let Some(unit) = unit.filter(|unit| unit.generation == self.run.generation) {
            with(unit);
        }
    }

    /// After a poll: whether it has said that it is ready.
    fn look(&self, handle: &SimHandle) {
        if self.run.has_told(Told::Ready) {
            let rests = handle.rests();
            self.unit(|unit| {
                unit.ready_at.get_or_insert(rests);
            });
        }
    }

    fn kind(&self, error: &(dyn std::error::Error + 'static)) -> Came {
        let told = self.run.has_told(Told::Stopping);
        if told && is_stopping(error) { Came::Stopping } else { Came::Error }
    }

    /// The first end that is a failure counts, else the last.
    fn came(&self, came: Came) {
        self.unit(|unit| match unit.outcome {
            Some(Came::Error | Came::Panic) => {}
            _ => unit.outcome = Some(came),
        });
    }

    fn dropped(&self, handle: &SimHandle) {
        let rests = handle.rests();
        let busy = self.run.is_busy();
        let mut unheard = false;
        self.unit(|unit| {
            unit.dropped = true;
            unheard = unit.aborted_at.is_some_and(|at| at != rests);
            unit.busy |= busy;
            unit.dropped_at = Some(rests);
        });
        if unheard {
            let name = &self.run.shared.board.row(self.run.unit).name;
            let seen = format!("`{name}` was aborted, and the life came to rest before it ended");
            self.story.lock().broken("heard at once", seen);
        }
    }
}
