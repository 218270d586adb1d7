//! L4: an abort is synchronous, and over when the join resolves.

use std::future::pending;

use futures_lite::future::yield_now;
use proc_daemon_runtime::{JoinError, OwnedRuntime};

use super::{Law, law};
use crate::lab::Lab;
use crate::told::Told;

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "ABORT-01",
            destructors_run_before_the_join_resolves,
            "Once the join of an aborted task has resolved, what it owned is dropped.",
            "Aborted twice in a pending await; its value tells when it is dropped.",
        ),
        law!(
            "ABORT-02",
            an_abort_ends_a_sleep,
            "An abort does not wait for what the task waits for.",
            "A task in a long sleep is aborted and joined; a hang is the failure.",
        ),
        law!(
            "ABORT-03",
            an_abort_after_the_end_changes_nothing,
            "The result of a task that has ended stays.",
            "A task ends, is aborted, and is joined.",
        ),
        law!(
            "ABORT-04",
            an_abort_of_one_is_of_one,
            "An abort ends its task alone.",
            "Of ten parked tasks one is aborted; the others end when they are told to.",
        ),
        law!(
            "ABORT-05",
            a_task_aborts_itself,
            "A task that aborts itself ends at its next await.",
            "It is handed its own abort handle, uses it and awaits for ever.",
        ),
    ]
}

fn destructors_run_before_the_join_resolves<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (started, dropped) = (Told::default(), Told::default());
    let (tell, guard) = (started.clone(), dropped.on_drop());
    let task = lab.spawn("parked", async move {
        let _guard = guard;
        tell.tell();
        pending::<()>().await;
    });
    lab.block_on(started.once());
    assert!(!dropped.is_told(), "it is alive");
    task.abort();
    task.abort();
    let joined = lab.within("the aborted task is over", task);
    assert!(matches!(joined, Err(JoinError::Aborted)), "joined as {joined:?}");
    assert!(dropped.is_told(), "the join has resolved before the destructors have run");
}

fn an_abort_ends_a_sleep<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (started, sleep) = (Told::default(), lab.sleep(lab.long()));
    let tell = started.clone();
    let task = lab.spawn("asleep", async move {
        tell.tell();
        sleep.await;
    });
    lab.block_on(started.once());
    let before = lab.now();
    task.abort();
    let joined = lab.within("the aborted task is over", task);
    assert!(matches!(joined, Err(JoinError::Aborted)), "joined as {joined:?}");
    assert!(lab.now().since(before) < lab.long(), "the abort waited for the sleep");
}

fn an_abort_after_the_end_changes_nothing<B: OwnedRuntime>(mut lab: Lab<B>) {
    let task = lab.spawn("seven", async { 7 });
    lab.block_on(async {
        while !task.is_finished() {
            yield_now().await;
        }
    });
    task.abort();
    assert_eq!(lab.block_on(task).expect("it has ended well"), 7);
}

fn an_abort_of_one_is_of_one<B: OwnedRuntime>(mut lab: Lab<B>) {
    let end = Told::default();
    let mut tasks: Vec<_> = (0..10).map(|_| lab.spawn("parked", end.once())).collect();
    let one = tasks.swap_remove(4);
    one.abort();
    let joined = lab.within("the aborted task is over", one);
    assert!(matches!(joined, Err(JoinError::Aborted)), "joined as {joined:?}");
    end.tell();
    for task in tasks {
        lab.block_on(task).expect("nobody has aborted it");
    }
}

fn a_task_aborts_itself<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (sender, receiver) = std::sync::mpsc::channel::<proc_daemon_runtime::AbortHandle>();
    let given = Told::default();
    let has = given.clone();
    let task = lab.spawn("own end", async move {
        has.once().await;
        receiver.recv().expect("it was sent").abort();
        pending::<()>().await;
    });
    sender.send(task.abort_handle()).expect("the task lives");
    given.tell();
    let joined = lab.within("the aborted task is over", task);
    assert!(matches!(joined, Err(JoinError::Aborted)), "joined as {joined:?}");
}
