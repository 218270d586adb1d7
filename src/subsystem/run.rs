use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Waker;
use std::time::Duration;

use once_cell::race::OnceBox;
use parking_lot::Mutex;
use proc_daemon_runtime::{Instant, PanicPayload, TaskName};

use super::children::Children;
use super::report::{ChildPanic, Outcome, Report, What};
use super::{Row, Shared};
use crate::exit::Exit;
use crate::reload::Current;
use crate::sync::{Flight, Latch, Notify};

/// One start of a subsystem: what its context, its body and the driver share.
///
/// The driver asks (`request_stop`, `abort`); the generation reports. What few subsystems need sits in
/// [`Rare`], allocated at first use.
pub(crate) struct Run {
    pub(crate) shared: Arc<Shared>,
    /// That of `shared`, at hand for who reads the configuration often.
    pub(crate) current: Arc<Current>,
    pub(crate) unit: u32,
    pub(crate) generation: u32,
    /// Its row, if it was added while the daemon ran: it may be forgotten there before this is dropped.
    added: Option<Arc<Row>>,
    pub(crate) stop: Latch,
    stop_by: AtomicU64,
    flight: Flight,
    told: AtomicU8,
    aborted: AtomicBool,
    /// An [`Exit`]: 0 for the default, 1 to stay down, 2 + n for the daemon's end with code n.
    exit: AtomicU16,
    body: Mutex<Option<Waker>>,
    rare: OnceBox<Rare>,
}

#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) children: Children,
    pub(crate) drained: Notify,
    failure: Mutex<Option<Box<ChildPanic>>>,
    /// When the last sign of life was, in nanoseconds; 0 is none.
    beat: AtomicU64,
    /// What a constructor made for this generation, which owns it.
    value: OnceLock<Weak<dyn Any + Send + Sync>>,
}

/// What has been said once.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Told {
    /// The generation told the driver that it is ready.
    Ready = 1,
    /// The generation told the driver that `run` has returned.
    Returned = 2,
    /// The context told the user's code that it is stopping.
    Stopping = 4,
    /// It is not ready before it says so.
    ExplicitReady = 8,
    /// The generation told the driver that nothing is in flight any more.
    Drained = 16,
    /// No child is admitted any more.
    Closed = 32,
    /// The generation told the driver that it is joined.
    Ended = 64,
}

impl Run {
    pub(crate) fn new(shared: Arc<Shared>, unit: u32, generation: u32, explicit: bool) -> Self {
        Self {
            added: shared.board.added(unit),
            current: Arc::clone(&shared.current),
            shared,
            unit,
            generation,
            stop: Latch::default(),
            stop_by: AtomicU64::new(Instant::MAX.as_nanos()),
            flight: Flight::default(),
            told: AtomicU8::new(if explicit { Told::ExplicitReady as u8 } else { 0 }),
            aborted: AtomicBool::new(false),
            exit: AtomicU16::new(0),
            body: Mutex::new(None),
            rare: OnceBox::new(),
        }
    }

    /// Its row on the board.
    pub(crate) fn row(&self) -> &Row {
        match &self.added {
            Some(row) => row,
            None => self.shared.board.built(self.unit),
        }
    }

    pub(crate) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    pub(super) fn report(&self, what: What) {
        let (unit, generation) = (self.unit, self.generation);
        self.shared.mailbox.post(Report::Unit { unit, generation, what });
    }

    /// Notes that something was said; true the first time.
    pub(crate) fn tell(&self, what: Told) -> bool {
        self.told.fetch_or(what as u8, Ordering::SeqCst) & what as u8 == 0
    }

    pub(crate) fn has_told(&self, what: Told) -> bool {
        self.told.load(Ordering::SeqCst) & what as u8 != 0
    }

    /// Reports readiness, once.
    pub(crate) fn ready(&self) {
        if self.tell(Told::Ready) {
            self.report(What::Ready);
        }
    }

    /// Reports that `run` has returned while something of it is left, once.
    pub(crate) fn returned(&self, failed: bool) {
        if self.tell(Told::Returned) {
            self.report(What::Returned { failed, exit: self.exit() });
        }
    }

    pub(crate) fn ended(&self, outcome: Outcome) {
        self.tell(Told::Ended);
        self.report(What::Ended(outcome, self.exit()));
    }

    fn exit(&self) -> Exit {
        match self.exit.load(Ordering::Relaxed) {
            0 => Exit::Default,
            1 => Exit::DoNotRestart,
            code => Exit::ShutdownDaemon(u8::try_from(code - 2).unwrap_or(u8::MAX)),
        }
    }

    pub(crate) fn set_exit(&self, exit: Exit) {
        let exit = match exit {
            Exit::Default => 0,
            Exit::DoNotRestart => 1,
            Exit::ShutdownDaemon(code) => 2 + u16::from(code),
        };
        self.exit.store(exit, Ordering::Relaxed);
    }

    // the driver's part

    /// Asks this generation to stop, `by` then. True if something is in flight.
    pub(crate) fn request_stop(&self, by: Instant) -> bool {
        self.stop_by.store(by.as_nanos(), Ordering::Relaxed);
        self.flight.stop(&self.stop)
    }

    /// Has the body drop the user's future and abort the children. Blocking work, which cannot be
    /// dropped, learns of it as of a stop.
    pub(crate) fn abort(&self) {
        if !self.stop.is_set() {
            self.request_stop(self.shared.runtime.now());
        }
        self.aborted.store(true, Ordering::Release);
        self.wake_body();
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    pub(crate) fn stop_by(&self) -> Option<Instant> {
        self.stop.is_set().then(|| Instant::from_nanos(self.stop_by.load(Ordering::Relaxed)))
    }

    pub(crate) fn time_remaining(&self) -> Option<Duration> {
        self.stop_by().map(|by| by.since(self.shared.runtime.now()))
    }

    // the body's part

    /// Keeps the waker of the body's task for aborts, children and drained work. Call it before looking
    /// at any of them.
    pub(crate) fn attend(&self, waker: &Waker) {
        let mut body = self.body.lock();
        match &mut *body {
            Some(kept) => kept.clone_from(waker),
            None => *body = Some(waker.clone()),
        }
    }

    /// Forgets the body's task, which is over.
    pub(crate) fn dismiss(&self) {
        *self.body.lock() = None;
    }

    pub(crate) fn wake_body(&self) {
        let waker = self.body.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Why the body must end its future although that has not returned. A panic of a child beats an abort, as
    /// a failure of the future does: no error is lost.
    pub(crate) fn verdict(&self) -> Option<Outcome> {
        let failure = self.rare.get().and_then(|rare| rare.failure.lock().take());
        match failure {
            Some(panic) => Some(Outcome::ChildPanicked(panic)),
            None => self.is_aborted().then_some(Outcome::Aborted),
        }
    }

    /// Ends the children that nothing waits for. True when none is left and nothing is in flight.
    pub(crate) fn settle(&self) -> bool {
        if self.in_flight() > 0 && !self.is_aborted() {
            return false;
        }
        self.tell(Told::Closed);
        // Here: say that it is closed, fence, look for children. In `close_if_over`: have a registry, fence,
        // look whether it is closed. One of the two sees the other, so no child is left running.
        fence(Ordering::SeqCst);
        let Some(rare) = self.rare.get() else { return true };
        rare.children.close();
        rare.children.is_empty()
    }

    /// A child was spawned: it ends at once if this generation has.
    pub(crate) fn close_if_over(&self) {
        fence(Ordering::SeqCst);
        if self.has_told(Told::Closed) {
            self.rare().children.close();
        }
    }

    /// A child panicked and nobody joins it: the body finds that when it is woken.
    pub(crate) fn note_childs_panic(&self, child: Option<TaskName>, payload: PanicPayload) {
        if let Some(wrap) = &self.shared.wrap {
            wrap.child_panicked(self, child.as_ref(), &payload);
        }
        let panic = || Box::new(ChildPanic { child, payload });
        self.rare().failure.lock().get_or_insert_with(panic);
    }

    /// Whether it ever had a child, or has work in flight.
    #[cfg(feature = "sim")]
    pub(crate) fn is_busy(&self) -> bool {
        self.rare.get().is_some_and(|rare| rare.children.had_any()) || self.in_flight() > 0
    }

    // health

    /// Notes a sign of life.
    pub(crate) fn beat(&self) {
        let now = self.shared.runtime.now().as_nanos();
        self.rare().beat.fetch_max(now, Ordering::Relaxed);
    }

    /// When the last sign of life was.
    pub(crate) fn last_beat(&self) -> Option<Instant> {
        let nanos = self.rare.get()?.beat.load(Ordering::Relaxed);
        (nanos != 0).then(|| Instant::from_nanos(nanos))
    }

    /// Says what a constructor made for this generation.
    pub(super) fn set_value<S: Send + Sync + 'static>(&self, value: &Arc<S>) {
        let value: Weak<S> = Arc::downgrade(value);
        let _ = self.rare().value.set(value);
    }

    /// What a constructor made for this generation, as long as that lives.
    pub(super) fn value<S: Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.rare.get()?.value.get()?.upgrade()?.downcast().ok()
    }

    // work in flight

    pub(crate) fn in_flight(&self) -> u32 {
        self.flight.count()
    }

    pub(crate) fn enter_flight(&self) {
        self.flight.enter();
    }

    pub(crate) fn leave_flight(&self) {
        let Some(asked) = self.flight.leave(&self.stop) else { return };
        if asked && self.tell(Told::Drained) {
            self.report(What::Drained);
        }
        if let Some(rare) = self.rare.get() {
            rare.drained.wake_all();
        }
        if self.has_told(Told::Returned) {
            self.wake_body();
        }
    }
}
