//! Blocking work.

use std::thread;

use proc_daemon_runtime::{AnyRuntime, OwnedRuntime, Runtime, Task, TaskName};

use super::{Law, law};
use crate::Need;
use crate::lab::Lab;
use crate::told::{Told, lock};

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "BLOCK-01",
            blocking_work_blocks_no_worker,
            "While blocking work blocks, tasks run.",
            "One more blocks than there are workers; 20 tasks end meanwhile.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "BLOCK-02",
            blocking_work_is_joined,
            "Awaiting blocking work gives what it came to.",
            "It returns 7.",
        ),
        law!(
            "BLOCK-03",
            blocking_work_uses_the_runtime,
            "Blocking work can spawn tasks and make sleeps.",
            "It spawns a task that awaits a sleep which it made.",
        ),
        law!(
            "BLOCK-04",
            blocking_work_waits_for_a_thread,
            "More blocking work than there are threads for it is done later, all of it.",
            "600 pieces, more than any pool's default; all tell.",
        ),
        law!(
            "BLOCK-05",
            many_blocked_threads_hold_up_no_task,
            "With many threads blocked, tasks and sleeps go on.",
            "64 pieces have started and block; a task sleeps and ends; then all of them end.",
        )
        .needs(&[Need::RealTime])
        .alone(),
    ]
}

fn blocking_work_blocks_no_worker<B: OwnedRuntime>(mut lab: Lab<B>) {
    let workers = lab.options().worker_count().map_or(1, usize::from);
    let (ended, inline, here) = (Told::default(), Told::default(), thread::current().id());
    let keys: Vec<_> = (0..=workers)
        .map(|_| {
            let ((key, lock), ended, inline) = (lock(), ended.clone(), inline.clone());
            lab.runtime().spawn_blocking(TaskName::literal("blocks"), move || {
                if thread::current().id() == here {
                    return inline.tell();
                }
                lock.wait();
                ended.tell();
            });
            key
        })
        .collect();
    assert!(!inline.is_told(), "it was done on the thread that asked for it");
    // One after the other: a worker may do a first one before it comes to what would block it.
    for _ in 0..20 {
        let task = lab.spawn("seven", async { 7 });
        let seven = lab.within("a task ends while blocking work blocks", task);
        assert_eq!(seven.expect("it ends well"), 7);
    }
    assert!(!ended.is_told(), "it blocks");
    drop(keys);
    lab.block_on(ended.times(workers + 1));
}

fn blocking_work_is_joined<B: OwnedRuntime>(mut lab: Lab<B>) {
    let any = AnyRuntime::from(lab.runtime().clone());
    let work = Task::spawn_blocking_on(&any, TaskName::literal("seven"), || 7);
    assert_eq!(lab.block_on(work).expect("it ends well"), 7);
}

fn blocking_work_uses_the_runtime<B: OwnedRuntime>(mut lab: Lab<B>) {
    let any = AnyRuntime::from(lab.runtime().clone());
    let inside = any.clone();
    let work = Task::spawn_blocking_on(&any, TaskName::literal("spawns"), move || {
        let sleep = inside.sleep(std::time::Duration::from_millis(1));
        Task::spawn_on(&inside, TaskName::literal("sleeps"), async move {
            sleep.await;
            7
        })
    });
    let task = lab.block_on(work).expect("it ends well");
    assert_eq!(lab.block_on(task).expect("it ends well"), 7);
}

fn blocking_work_waits_for_a_thread<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (ended, dropped) = (Told::default(), Told::default());
    for _ in 0..600 {
        let (ended, guard) = (ended.clone(), dropped.on_drop());
        lab.runtime().spawn_blocking(TaskName::literal("one of many"), move || {
            let _guard = guard;
            ended.tell();
        });
    }
    lab.within("600 pieces are over", dropped.times(600));
    assert_eq!(ended.count(), 600, "pieces that were done");
}

fn many_blocked_threads_hold_up_no_task<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (started, ended) = (Told::default(), Told::default());
    let keys: Vec<_> = (0..64)
        .map(|_| {
            let ((key, lock), started, ended) = (lock(), started.clone(), ended.clone());
            lab.runtime().spawn_blocking(TaskName::literal("blocks"), move || {
                started.tell();
                lock.wait();
                ended.tell();
            });
            key
        })
        .collect();
    lab.within("64 pieces run at once", started.times(64));
    let sleep = lab.sleep(std::time::Duration::from_millis(3));
    let task = lab.spawn("sleeps", sleep);
    lab.within("a task sleeps while blocking work blocks", task).expect("it ends well");
    drop(keys);
    lab.block_on(ended.times(64));
}
