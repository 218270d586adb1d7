//! The end of a runtime.

use std::future::pending;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on as block_here, poll_once};
use proc_daemon_runtime::{
    AnyRuntime, JoinError, OwnedRuntime, Runtime, ShutdownSummary, SignalSet, SignalSource, Sleep,
    Task, TaskName, Threading, Timer,
};

use super::{Law, law};
use crate::Need;
use crate::lab::{Lab, step};
use crate::told::{Key, Told, lock};

/// A grace that is used up.
const GRACE: Duration = Duration::from_millis(50);

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "END-01",
            a_handle_outlives_its_runtime,
            "After the end a handle still tells the time; what is spawned by it is gone at once.",
            "Sleeps made before and after, tasks, blocking work, a listener; nothing panics.",
        ),
        law!(
            "END-02",
            nothing_left_is_clean,
            "A runtime on which everything has ended leaves nothing behind.",
            "Tasks and blocking work are joined; then it is shut down.",
        ),
        law!(
            "END-03",
            what_is_left_is_counted,
            "A shutdown is bounded by its grace, and counts what it leaves behind.",
            "One parked task and one blocked thread; a grace of 50 ms.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "END-04",
            a_shutdown_drops_the_tasks,
            "What a task owns is dropped by the shutdown, and its join says that the runtime is gone.",
            "A parked task tells when it is dropped.",
        )
        .needs(&[Need::Stops]),
        law!(
            "END-05",
            a_shutdown_waits_for_blocking_work,
            "Blocking work that ends within the grace is waited for.",
            "A piece that takes 100 ms; a grace that is longer; it has ended by then.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "END-06",
            a_blocked_worker_does_not_hang_the_shutdown,
            "A worker that user code blocks holds up the shutdown no longer than the grace.",
            "A task blocks its thread; a grace of 50 ms; then it is let go.",
        )
        .needs(&[Need::Stops, Need::RealTime]),
    ]
}

fn a_handle_outlives_its_runtime<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (runtime, before) = (lab.runtime().clone(), lab.now());
    let (bound, long) = (lab.bound(), lab.long());
    let mut asleep = Box::pin(lab.sleep(long));
    assert!(lab.block_on(poll_once(asleep.as_mut())).is_none());
    let _ = lab.shutdown(bound);
    let timer = runtime.timer();
    assert!(timer.now() >= before, "the clock has gone back");
    assert!(step(pin!(timer.sleep_until(before))).is_ready(), "it is due");
    let mut fresh = pin!(timer.sleep(long));
    asleep.as_mut().reset(timer.now().after(long));
    for _ in 0..2 {
        assert!(step(asleep.as_mut()).is_pending());
        assert!(step(fresh.as_mut()).is_pending());
    }
    let task: Task<()> = Task::spawn(&runtime, TaskName::literal("late"), async {});
    let joined = block_here(task);
    assert!(matches!(joined, Err(JoinError::RuntimeGone)), "a late task: {joined:?}");
    let any = AnyRuntime::from(runtime.clone());
    let work = Task::spawn_blocking_on(&any, TaskName::literal("late"), || ());
    let joined = block_here(work);
    assert!(matches!(joined, Err(JoinError::RuntimeGone)), "late blocking work: {joined:?}");
    let _ = runtime.signals().listen(SignalSet::EMPTY);
}

fn nothing_left_is_clean<B: OwnedRuntime>(mut lab: Lab<B>) {
    let any = AnyRuntime::from(lab.runtime().clone());
    let work = Task::spawn_blocking_on(&any, TaskName::literal("work"), || ());
    let task = lab.spawn("task", async {});
    lab.block_on(task).expect("it ends well");
    lab.block_on(work).expect("it ends well");
    let bound = lab.bound();
    let summary = lab.shutdown(bound);
    // A task's join may resolve a moment before its executor has put it away.
    assert_eq!(summary.blocked_threads, 0, "{summary:?}");
    assert!(summary.leaked_tasks <= 1, "{summary:?}");
}

fn what_is_left_is_counted<B: OwnedRuntime>(lab: Lab<B>) {
    let (started, ended, bound) = (Told::default(), Told::default(), lab.bound());
    let parked = [(); 2].map(|()| lab.spawn("parked", pending::<()>()));
    let ((key, lock), tell, tell_end) = (lock(), started.clone(), ended.clone());
    lab.runtime().spawn_blocking(TaskName::literal("blocks"), move || {
        tell.tell();
        lock.wait();
        tell_end.tell();
    });
    assert!(started.wait(lab.bound()), "blocking work has not started");
    let summary = shutdown_with(lab, key);
    assert_eq!((summary.leaked_tasks, summary.blocked_threads), (2, 1), "{summary:?}");
    parked.iter().for_each(Task::abort);
    assert!(ended.wait(bound), "the blocked thread has not gone on");
}

/// Shuts down while `key` keeps something blocked, and lets that go afterwards, or when the bound is over:
/// else who waits for it would wait for ever.
///
/// # Panics
///
/// If it was not over before.
fn shutdown_with<B: OwnedRuntime>(lab: Lab<B>, key: Key) -> ShutdownSummary {
    let (over, bound) = (Told::default(), lab.bound());
    let wait = over.clone();
    let keeper = thread::spawn(move || {
        let in_time = wait.wait(bound);
        drop(key);
        in_time
    });
    let summary = lab.shutdown(GRACE);
    over.tell();
    let in_time = keeper.join().expect("it ends well");
    assert!(in_time, "a shutdown with a grace of {GRACE:?} is not over after {bound:?}");
    summary
}

fn a_shutdown_drops_the_tasks<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (started, dropped) = (Told::default(), Told::default());
    let parked = [(); 3].map(|()| {
        let (tell, guard) = (started.clone(), dropped.on_drop());
        lab.spawn("parked", async move {
            let _guard = guard;
            tell.tell();
            pending::<()>().await;
        })
    });
    lab.block_on(started.times(3));
    let bound = lab.bound();
    let summary = lab.shutdown(bound);
    assert!(dropped.wait(bound), "the task is not dropped");
    assert_eq!(summary.leaked_tasks, 3, "{summary:?}");
    for task in parked {
        let joined = block_here(task);
        assert!(matches!(joined, Err(JoinError::RuntimeGone)), "joined as {joined:?}");
    }
    assert_eq!(dropped.count(), 3, "a join has resolved before its task was dropped");
}

fn a_shutdown_waits_for_blocking_work<B: OwnedRuntime>(lab: Lab<B>) {
    let [started, never, ended] = [(); 3].map(|()| Told::default());
    let (tell, tell_end) = (started.clone(), ended.clone());
    lab.runtime().spawn_blocking(TaskName::literal("takes its time"), move || {
        tell.tell();
        never.wait(Duration::from_millis(100));
        tell_end.tell();
    });
    assert!(started.wait(lab.bound()), "blocking work has not started");
    let bound = lab.bound();
    let summary = lab.shutdown(bound);
    assert_eq!(summary.blocked_threads, 0, "{summary:?}");
    assert!(ended.is_told(), "the shutdown has not waited for it");
}

fn a_blocked_worker_does_not_hang_the_shutdown<B: OwnedRuntime>(lab: Lab<B>) {
    if lab.options().threading == Threading::CurrentThread {
        // There is no worker: the thread that would be blocked is the one that shuts down.
        return;
    }
    let (started, (key, lock)) = (Told::default(), lock());
    let tell = started.clone();
    let task = lab.spawn("blocks its worker", async move {
        tell.tell();
        lock.wait();
    });
    assert!(started.wait(lab.bound()), "the task has not started");
    let summary = shutdown_with(lab, key);
    assert_eq!(summary.leaked_tasks, 1, "{summary:?}");
    block_here(task).expect("it ends well");
}
