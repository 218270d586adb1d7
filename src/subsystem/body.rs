use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proc_daemon_runtime::catch;

use super::report::Outcome;
use super::run::{Run, Told};
use crate::boxed::BoxError;

pin_project_lite::pin_project! {
    /// The task of one generation: polls what `run` returned, then its end.
    ///
    /// ```text
    ///   running --returned, failed, panicked, aborted--> closing --children joined--> ended
    /// ```
    ///
    /// 1. The future is dropped before the end is reported; a panic in a destructor is an end by panic.
    /// 2. Children that nothing in flight waits for are aborted and joined before the end is reported.
    /// 3. The end is reported exactly once, also when the runtime drops this.
    pub(crate) struct Body<F> {
        #[pin]
        future: Option<F>,
        run: Option<Arc<Run>>,
        // What it has come to, while what is left of it is waited for. A box: few are kept, and for a short time.
        reached: Option<Box<Outcome>>,
    }

    impl<F> PinnedDrop for Body<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(run) = this.run.take() {
                let _ = catch(|| this.future.set(None));
                run.abort();
                run.settle();
                run.ended(Outcome::Aborted);
            }
        }
    }
}

impl<F: Future<Output = Result<(), BoxError>>> Body<F> {
    pub(crate) fn new(run: Arc<Run>, future: F) -> Self {
        Self { future: Some(future), run: Some(run), reached: None }
    }
}

impl<F: Future<Output = Result<(), BoxError>>> Future for Body<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let Some(run) = this.run.as_ref() else {
            return Poll::Ready(());
        };
        // The sign of life: a poll that has not returned is visible from outside.
        let row = run.row();
        row.poll_begins(run.shared.runtime.now());
        run.attend(cx.waker());
        let over = live(this.future, this.reached, run, cx);
        row.poll_ends();
        let Some(outcome) = over else {
            return Poll::Pending;
        };
        row.task_ends();
        if let Some(run) = this.run.take() {
            run.dismiss();
            run.ended(outcome);
        }
        Poll::Ready(())
    }
}

/// One poll. Some when the generation is over: its future is dropped and its children are joined.
fn live<F: Future<Output = Result<(), BoxError>>>(
    future: Pin<&mut Option<F>>,
    reached: &mut Option<Box<Outcome>>,
    run: &Run,
    cx: &mut Context<'_>,
) -> Option<Outcome> {
    if let Some(outcome) = reached {
        return if is_over(outcome, run) { reached.take().map(|outcome| *outcome) } else { None };
    }
    let mut outcome = advance(future, run, cx)?;
    if is_over(&mut outcome, run) {
        return Some(outcome);
    }
    *reached = Some(Box::new(outcome));
    None
}

/// Whether nothing is left of a generation that has come to `outcome`, which is then its end.
fn is_over(outcome: &mut Outcome, run: &Run) -> bool {
    overrule(outcome, run);
    let over = run.settle() || {
        run.returned(is_failure(outcome));
        // What was in flight may have landed between the two: then nobody else would look again.
        run.settle()
    };
    if over {
        // A child that was aborted just now may have panicked in a destructor.
        overrule(outcome, run);
    }
    over
}

/// Polls the user's future once. Some when it is over and dropped.
fn advance<F: Future<Output = Result<(), BoxError>>>(
    mut slot: Pin<&mut Option<F>>,
    run: &Run,
    cx: &mut Context<'_>,
) -> Option<Outcome> {
    let outcome = match run.verdict() {
        Some(outcome) => outcome,
        None => match catch(|| slot.as_mut().as_pin_mut().map(|future| future.poll(cx))) {
            Ok(None) => Outcome::Aborted,
            Ok(Some(Poll::Pending)) => {
                if !run.has_told(Told::ExplicitReady) {
                    run.ready();
                }
                return None;
            }
            Ok(Some(Poll::Ready(result))) => Outcome::of(result, run.has_told(Told::Stopping)),
            Err(payload) => Outcome::Panicked(payload),
        },
    };
    match catch(|| slot.set(None)) {
        Err(payload) if !is_failure(&outcome) => Some(Outcome::Panicked(payload)),
        _ => Some(outcome),
    }
}

/// An abort, or a child's panic, beats an end that was fine. A failure stands: no error is lost.
fn overrule(outcome: &mut Outcome, run: &Run) {
    if !is_failure(outcome)
        && let Some(verdict) = run.verdict()
    {
        *outcome = verdict;
    }
}

fn is_failure(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed { stopping: false, .. } | Outcome::Panicked(_) | Outcome::ChildPanicked(_)
    )
}
