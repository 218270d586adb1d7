//! What is expected of daemons that do what they are asked, beyond the laws: it needs to be known what a
//! daemon is to do. An expectation that does not hold panics, and that is the life's verdict.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use proc_daemon::sim::{Life, Moment};
use proc_daemon::{Context, EndKind, Instant, ShutdownReason, Signal, SubsystemState};

/// What the text of one that does not hold begins with.
pub(crate) const PREFIX: &str = "expected `";

static HELD: AtomicBool = AtomicBool::new(true);

/// Whether expectations are looked at.
pub(crate) fn hold(yes: bool) {
    HELD.store(yes, Ordering::Relaxed);
}

/// Panics unless it `holds`.
pub(crate) fn expect(holds: bool, name: &str, seen: impl FnOnce() -> String) {
    if !holds && HELD.load(Ordering::Relaxed) {
        panic!("{PREFIX}{name}`: {}", seen());
    }
}

/// For a subsystem that has just been asked to stop: the daemon does not show ready any more.
pub(crate) async fn unready(ctx: &Context) {
    let mut ready = Box::pin(ctx.daemon().ready());
    let shown = poll_fn(|cx| Poll::Ready(ready.as_mut().poll(cx) == Poll::Ready(true))).await;
    expect(!shown, "asked when unready", || format!("`{}` was asked", ctx.name()));
}

/// The status shows the subsystem in this state.
pub(crate) fn shown_as(ctx: &Context, state: SubsystemState) {
    let shown = ctx.daemon().status().state_of(ctx.name());
    expect(shown == Some(state), "state is shown", || {
        format!("`{}` is {state}, shown as {shown:?}", ctx.name())
    });
}

/// Polls once, and forgets what came of it.
pub(crate) async fn touch(mut future: Pin<&mut (impl Future + ?Sized)>) {
    poll_fn(|cx| {
        let _ = future.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}

/// When something first happened in this life.
pub(crate) fn first(life: &Life, is: impl Fn(Moment) -> bool) -> Option<Instant> {
    life.moments().find(|(_, moment)| is(*moment)).map(|(at, _)| at)
}

/// The kind of end of a subsystem that was started.
pub(crate) fn end(life: &Life, name: &str) -> Option<EndKind> {
    life.report().end_of(name).map(|end| end.kind())
}

/// The subsystem ended like this.
pub(crate) fn ended(life: &Life, name: &str, kind: EndKind) {
    let is = end(life, name);
    expect(is == Some(kind), "end is as it was", || format!("`{name}`: {is:?}, not {kind}"));
}

/// The daemon exits with this code.
pub(crate) fn exits_with(life: &Life, code: u8) {
    let is = life.report().code;
    expect(is == code, "exit code", || format!("{is}, not {code}: {}", life.report()));
}

/// From the shutdown to the exit it takes exactly this long.
pub(crate) fn stops_in(life: &Life, time: Duration) {
    let is = life.report().stopped_in();
    expect(is == time, "stop takes its time", || format!("{is:?}, not {time:?}"));
}

/// The report's reason.
pub(crate) fn because(life: &Life, reason: &ShutdownReason) {
    let is = life.report().reason.as_ref();
    expect(is == Some(reason), "reason", || format!("{is:?}, not {reason:?}"));
}

/// The shutdown begins when the first `SIGTERM` or `SIGINT` arrives, or before.
pub(crate) fn heeded(life: &Life) {
    let asks = |moment| matches!(moment, Moment::Raised(Signal::Terminate | Signal::Interrupt));
    let (raised, began) = (first(life, asks), first(life, |moment| moment == Moment::Shutdown));
    expect(
        raised.is_none_or(|raised| began.is_some_and(|began| began <= raised)),
        "signal heeded",
        || format!("a signal arrived at {raised:?}, the shutdown began at {began:?}"),
    );
}
