//! L2, L3: a panic ends what panics, and nothing else.

use std::future::pending;
use std::sync::{Arc, Barrier};

use futures_lite::future::yield_now;
use proc_daemon_runtime::{AnyRuntime, JoinError, OwnedRuntime, Runtime, Task, TaskName};

use super::{Law, law};
use crate::Need;
use crate::lab::{Lab, panic_on_purpose};
use crate::told::Told;

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "PANIC-01",
            a_join_gives_the_payload,
            "Joining a task that has panicked gives what it said.",
            "One panics at its first poll, one at its second.",
        ),
        law!(
            "PANIC-02",
            panics_end_their_task_alone,
            "Detached panics, in futures and in blocking work, end nobody else.",
            "64 of them; then a task ends well.",
        ),
        law!(
            "PANIC-03",
            every_worker_survives,
            "No worker is lost to a panic.",
            "64 panics, then as many tasks as there are workers meet at a barrier.",
        )
        .needs(&[Need::RealTime])
        .alone(),
        law!(
            "PANIC-04",
            a_destructor_that_panics_ends_its_task_alone,
            "A panic in a destructor that an abort runs goes to whoever joins.",
            "A parked task that owns a value which panics when it is dropped is aborted.",
        ),
        law!(
            "PANIC-05",
            blocking_work_that_panics_is_joined,
            "Joining blocking work that has panicked gives what it said.",
            "Blocking work panics; its handle is awaited.",
        ),
    ]
}

fn said(joined: &Result<(), JoinError>) -> Option<String> {
    match joined {
        Err(JoinError::Panicked(payload)) => payload.message().map(|text| text.to_string()),
        _ => None,
    }
}

fn a_join_gives_the_payload<B: OwnedRuntime>(mut lab: Lab<B>) {
    for polls in 0..2 {
        let task = lab.spawn("panics", async move {
            for _ in 0..polls {
                yield_now().await;
            }
            panic_on_purpose("on purpose");
        });
        let joined: Result<(), _> = lab.block_on(task);
        assert_eq!(said(&joined).as_deref(), Some("on purpose"), "joined as {joined:?}");
    }
}

/// Half of them as bare futures, some in blocking work.
fn panic_64_times<B: OwnedRuntime>(lab: &Lab<B>) {
    for n in 0..64 {
        let panics = async move {
            if n % 2 == 0 {
                yield_now().await;
            }
            panic_on_purpose("on purpose");
        };
        if n % 4 < 2 {
            lab.runtime().spawn(TaskName::literal("bare"), panics);
        } else {
            drop(lab.spawn("panics", panics));
        }
        if n % 8 == 0 {
            let name = TaskName::literal("blocking");
            lab.runtime().spawn_blocking(name, || panic_on_purpose("on purpose"));
        }
    }
}

fn panics_end_their_task_alone<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (told, end) = (Told::default(), Told::default());
    let (tell, ended) = (told.clone(), end.once());
    let bystander = lab.spawn("bystander", async move {
        ended.await;
        tell.tell();
    });
    panic_64_times(&lab);
    let task = lab.spawn("seven", async { 7 });
    assert_eq!(lab.block_on(task).expect("it ends well"), 7);
    end.tell();
    lab.block_on(bystander).expect("it ends well");
    assert!(told.is_told());
}

fn every_worker_survives<B: OwnedRuntime>(mut lab: Lab<B>) {
    panic_64_times(&lab);
    let workers = lab.options().worker_count().map_or(1, usize::from);
    let barrier = Arc::new(Barrier::new(workers));
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            lab.spawn("meets", async move {
                barrier.wait();
            })
        })
        .collect();
    for task in tasks {
        lab.within("as many tasks as workers meet", task).expect("it ends well");
    }
}

fn a_destructor_that_panics_ends_its_task_alone<B: OwnedRuntime>(mut lab: Lab<B>) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_on_purpose("in drop");
        }
    }
    let started = Told::default();
    let tell = started.clone();
    let task = lab.spawn("armed", async move {
        let _bomb = Bomb;
        tell.tell();
        pending::<()>().await;
    });
    lab.block_on(started.once());
    task.abort();
    let joined = lab.block_on(task);
    assert_eq!(said(&joined).as_deref(), Some("in drop"), "joined as {joined:?}");
    let task = lab.spawn("seven", async { 7 });
    assert_eq!(lab.block_on(task).expect("it ends well"), 7);
}

fn blocking_work_that_panics_is_joined<B: OwnedRuntime>(mut lab: Lab<B>) {
    let any = AnyRuntime::from(lab.runtime().clone());
    let work = Task::spawn_blocking_on(&any, TaskName::literal("panics"), || {
        panic_on_purpose("in blocking work");
    });
    let joined: Result<(), _> = lab.block_on(work);
    assert_eq!(said(&joined).as_deref(), Some("in blocking work"), "joined as {joined:?}");
}
