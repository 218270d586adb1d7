//! What stands between a generation's task and the user's future: has the faults strike, and sees what becomes
//! of it.
//!
//! 1. A fault is told, as `Moment::Fault`, when it begins; after the quiet moment none begins.
//! 2. What falls due while a stall lasts strikes in the same poll, at the stall's end.
//! 3. A poll without a reason (a probe) makes nothing strike and counts for nothing.
//! 4. The user's future is polled and dropped once each at most, and a panic of either passes through.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proc_daemon_runtime::{AnySleep, Instant, PanicPayload, Runtime, TaskName, Timer, catch};

use super::book::Came;
use super::faults::Faults;
use super::moment as told;
use super::seen::Seen;
use super::story::SharedStory;
use super::strike::{Strike, Strikes, What};
use crate::backends::sim::{SimHandle, Verdict};
use crate::boxed::Result;
use crate::health::Probe;
use crate::subsystem::{BoxCheck, BoxPrepare, BoxRun, Run, Told, Wrap};

/// What an injected panic carries.
pub(super) const INJECTED: &str = "injected panic";

/// Puts a [`Wrapped`] around every generation's future.
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
        if let Some(book) = &mut self.story.lock().book {
            book.units[run.unit as usize].run = Arc::downgrade(run);
        }
        Box::pin(Wrapped {
            future: Some(future),
            seen: Seen { story: Arc::clone(&self.story), run: Arc::clone(run) },
            handle: self.handle.clone(),
            strikes: Strikes(self.strikes(run)),
            quiet_after: self.quiet_after(),
            panics_allowed: self.panics_allowed,
            polls: 0,
            slow: None,
            alarm: None,
            result: None,
            deaf: false,
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
            let name = &run.row().name;
            let child = child.map_or_else(|| "a child".to_owned(), |child| format!("`{child}`"));
            let message = format!("{child}, which nobody joins: {payload}");
            self.handle.halt(Verdict::Panic { task: name.clone(), message });
        }
    }

    fn wrap_prepare(&self, run: &Arc<Run>, hook: BoxPrepare) -> BoxPrepare {
        self.judge_panics(run, hook)
    }

    fn wrap_check(&self, run: &Arc<Run>, probe: Probe, check: BoxCheck) -> BoxCheck {
        let mut check = self.judge_panics(run, check);
        let seen = Seen { story: Arc::clone(&self.story), run: Arc::clone(run) };
        Box::pin(poll_fn(move |cx| {
            seen.is_asked(probe);
            check.as_mut().poll(cx)
        }))
    }
}

impl Wrapper {
    /// A panic of the user's code is a verdict, in a check and in a hook as well.
    fn judge_panics<T: 'static>(
        &self,
        run: &Arc<Run>,
        mut asked: Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> Pin<Box<dyn Future<Output = T> + Send>> {
        let (run, handle) = (Arc::clone(run), self.handle.clone());
        let panics_allowed = self.panics_allowed;
        Box::pin(poll_fn(move |cx| {
            catch(|| asked.as_mut().poll(cx)).unwrap_or_else(|payload| {
                if !panics_allowed {
                    let task = run.row().name.clone();
                    handle.halt(Verdict::Panic { task, message: payload.to_string() });
                }
                resume_unwind(payload.into_inner())
            })
        }))
    }

    fn strikes(&self, run: &Run) -> Vec<Strike> {
        if self.handle.timer().now() > self.quiet_after() {
            return Vec::new();
        }
        let name = &run.row().name;
        let end = self.faults.end(self.lasting);
        let mine = self.faults.subsystems.iter().filter(|(who, _)| who.is(name));
        mine.filter_map(|(_, kind)| Strike::choose(*kind, &self.handle, name, end)).collect()
    }

    fn quiet_after(&self) -> Instant {
        self.faults.quiet_after.map_or(Instant::MAX, Instant::from_epoch)
    }
}

/// A user's future with faults around it.
struct Wrapped {
    /// None once it is over.
    future: Option<BoxRun>,
    seen: Seen,
    handle: SimHandle,
    strikes: Strikes,
    quiet_after: Instant,
    panics_allowed: bool,
    polls: u32,
    /// The end of a slow start or stop.
    slow: Option<AnySleep>,
    /// Wakes it at the next moment at which a fault strikes.
    alarm: Option<(Instant, AnySleep)>,
    /// What the future returned, held back.
    result: Option<Result<()>>,
    deaf: bool,
    silent: bool,
}

impl Future for Wrapped {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        this.polls = this.polls.saturating_add(u32::from(!this.handle.is_probe()));
        let result = match this.result.take() {
            Some(result) => result,
            None => {
                let Some(result) = this.advance(cx) else { return Poll::Pending };
                (this.slow, this.alarm) = (this.slow_stop(), None);
                result
            }
        };
        if let Some(slow) = &mut this.slow
            && slow.as_mut().poll(cx).is_pending()
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

    fn is_quiet(&self) -> bool {
        self.now() > self.quiet_after
    }

    fn told(&self, fault: &'static str) {
        told::fault(&self.handle, self.seen.run.unit, fault);
    }

    /// The user's code has panicked.
    fn panicked(&self, payload: &PanicPayload) {
        self.seen.came(Came::Panic);
        if !self.panics_allowed {
            let task = self.seen.run.row().name.clone();
            self.handle.halt(Verdict::Panic { task, message: payload.to_string() });
        }
    }

    /// Polls the user's future, unless a fault keeps it from that. None: pending.
    fn advance(&mut self, cx: &mut Context<'_>) -> Option<Result<()>> {
        if !self.handle.is_probe()
            && let Some(result) = self.strike(cx)
        {
            self.drop_future();
            return Some(result);
        }
        if self.silent || self.is_deaf() || !self.is_started(cx) {
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
        // A stall moves the time: what falls due meanwhile is due now.
        while !self.is_quiet()
            && let Some(what) = self.strikes.take_due(self.polls, self.now())
        {
            match what {
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
        self.set_alarm(cx);
        None
    }

    /// Registers for the next fault that strikes at a moment.
    fn set_alarm(&mut self, cx: &mut Context<'_>) {
        let Some(next) = self.strikes.next(self.quiet_after) else { return self.alarm = None };
        if self.alarm.as_ref().is_none_or(|(at, _)| *at != next) {
            self.alarm = Some((next, self.seen.run.shared.runtime.sleep_until(next)));
        }
        if let Some((_, alarm)) = &mut self.alarm {
            let _ = alarm.as_mut().poll(cx);
        }
    }

    /// Whether it does not hear of its stop.
    fn is_deaf(&mut self) -> bool {
        let asked = self.seen.run.stop.is_set();
        if self.deaf || !asked || !self.strikes.is_deaf() || self.is_quiet() {
            return self.deaf;
        }
        if !self.handle.is_probe() {
            self.deaf = true;
            self.told("deaf");
        }
        true
    }

    /// Whether it has started: a slow start is over.
    fn is_started(&mut self, cx: &mut Context<'_>) -> bool {
        if self.polls == 1 && !self.handle.is_probe() {
            let slow = self.strikes.take(|what| match what {
                What::SlowStart(time) => Some(time),
                _ => None,
            });
            if let Some(time) = slow.filter(|_| !self.is_quiet()) {
                self.told("slow start");
                self.slow = Some(self.seen.run.shared.runtime.sleep_until(self.now() + time));
            }
        }
        let over = self.slow.as_mut().is_none_or(|slow| slow.as_mut().poll(cx).is_ready());
        if over {
            self.slow = None;
        }
        over
    }

    /// What holds the result back: once, and only after a stop request.
    fn slow_stop(&mut self) -> Option<AnySleep> {
        if !self.seen.run.stop.is_set() || self.is_quiet() {
            return None;
        }
        let time = self.strikes.take(|what| match what {
            What::SlowStop(time) => Some(time),
            _ => None,
        })?;
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
