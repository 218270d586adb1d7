use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use proc_daemon_runtime::{AnySleep, Instant, PanicPayload, catch, discard};

use super::check::BoxCheck;
use super::report::What;
use super::run::Run;
use crate::boxed::{BoxError, Result};
use crate::duration::shown;
use crate::health::{Health, Probe};
use crate::sync::{Latch, Ticket};

/// What a check came to.
#[derive(Debug)]
pub(crate) enum Finding {
    Good,
    Degraded(Cow<'static, str>),
    Bad(BoxError),
    /// There is nothing to ask.
    Nothing,
}

/// One question, as a task: asks, waits for the answer until its time is over, drops the user's code, reports.
///
/// Whenever it is woken it goes to the back of the queue first: that has the runtime wake another worker. Code that
/// blocks its thread would otherwise take along the one worker that polls the timers of all (tokio).
///
/// It reports once; not at all if it is dropped, which is what happens to it when nobody wants to know any more.
pub(crate) struct Question {
    check: Option<BoxCheck>,
    run: Arc<Run>,
    probe: Probe,
    number: u32,
    asked: Instant,
    by: Instant,
    sleep: AnySleep,
    bell: Arc<Bell>,
    /// It has gone to the back of the queue.
    queued: bool,
    /// Questions of earlier starts that have not come to their end: they hold their threads.
    before: Vec<(Over, Ticket)>,
    over: Over,
}

/// Set when a question has come to its end, whatever that is.
pub(crate) type Over = Arc<Latch>;

/// What the user's code, or the timer, wakes.
struct Bell {
    rung: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        let task = self.task.lock().clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Question {
    pub(crate) fn new(
        check: BoxCheck,
        run: &Arc<Run>,
        (probe, number): (Probe, u32),
        (asked, by): (Instant, Instant),
        before: &[Over],
    ) -> Self {
        let sleep = run.shared.runtime.sleep_until(by);
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: Mutex::new(None) });
        let (check, run) = (Some(check), Arc::clone(run));
        let before = before.iter().map(|over| (Arc::clone(over), Ticket::default())).collect();
        let over = Over::default();
        Self { check, run, probe, number, asked, by, sleep, bell, queued: false, before, over }
    }

    /// What is set at its end.
    pub(crate) fn over(&self) -> Over {
        Arc::clone(&self.over)
    }

    /// Whether those before it have come to their end.
    fn may_begin(&mut self, cx: &mut Context<'_>) -> bool {
        while let Some((over, ticket)) = self.before.last_mut() {
            if over.poll_wait(ticket, cx).is_pending() {
                return false;
            }
            self.before.pop();
        }
        true
    }

    fn late(&self) -> Finding {
        let time = shown(self.by.since(self.asked));
        Finding::Bad(format!("no answer within {time}").into())
    }

    /// None: not yet.
    fn advance(&mut self, cx: &mut Context<'_>) -> Option<Finding> {
        let check = self.check.as_mut()?;
        match catch(|| check.as_mut().poll(cx)) {
            // It held its thread beyond its time.
            Ok(Poll::Ready(_)) if self.run.shared.runtime.now() > self.by => Some(self.late()),
            Ok(Poll::Ready(answer)) => Some(Finding::of(answer)),
            Ok(Poll::Pending) => self.sleep.as_mut().poll(cx).is_ready().then(|| self.late()),
            Err(payload) => Some(panicked(payload)),
        }
    }
}

impl Future for Question {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.may_begin(cx) {
            return Poll::Pending;
        }
        *this.bell.task.lock() = Some(cx.waker().clone());
        let rung = this.bell.rung.swap(false, Ordering::SeqCst);
        this.queued = rung && !this.queued;
        if this.queued {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let bell = Waker::from(Arc::clone(&this.bell));
        let Some(mut finding) = this.advance(&mut Context::from_waker(&bell)) else {
            return Poll::Pending;
        };
        let check = this.check.take();
        if let Err(payload) = catch(|| drop(check)) {
            finding = panicked(payload);
        }
        let (probe, number) = (this.probe, this.number);
        this.run.report(What::Checked { probe, number, finding: Box::new(finding) });
        Poll::Ready(())
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        discard(self.check.take());
        for (over, ticket) in &mut self.before {
            over.leave(ticket);
        }
        self.over.set();
    }
}

impl Finding {
    fn of(answer: Result<Health>) -> Self {
        match answer {
            Ok(Health::Up) => Self::Good,
            Ok(Health::Degraded(why)) => Self::Degraded(why),
            Ok(Health::Unmonitored) => Self::Nothing,
            Err(error) => Self::Bad(error),
        }
    }
}

fn panicked(payload: PanicPayload) -> Finding {
    let text = format!("panicked: {payload}");
    // A payload is the user's value: its destructor may panic as well.
    discard(payload);
    Finding::Bad(text.into())
}
