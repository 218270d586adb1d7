//! L1, L16: tasks run without a handle, are polled when they are woken, and what they come to reaches whoever awaits it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_lite::future::yield_now;
use proc_daemon_runtime::{OwnedRuntime, Runtime, Task, TaskName};

use super::{Law, law};
use crate::Need;
use crate::lab::Lab;
use crate::told::{Told, lock};

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "SPAWN-01",
            a_join_gives_the_value,
            "Awaiting a task gives what it came to.",
            "A task returns 7 when its join has been polled, and wakes it.",
        ),
        law!(
            "SPAWN-02",
            a_dropped_handle_detaches,
            "A task whose handle is dropped runs to its end.",
            "It yields, sleeps 1 ms and tells that it has ended.",
        ),
        law!(
            "SPAWN-03",
            a_task_spawns_tasks,
            "A task can spawn tasks, of which the runtime knows as of its own.",
            "A chain of 20, each spawned and awaited by the one before.",
        ),
        law!(
            "SPAWN-04",
            a_thousand_tasks_all_end,
            "No task is forgotten among many.",
            "A thousand bare futures, each yields once; all tell.",
        ),
        law!(
            "SPAWN-05",
            a_wake_during_its_poll_polls_again,
            "A task that is woken while it is polled is polled again.",
            "A task wakes itself a thousand times, each time within its poll.",
        ),
        law!(
            "SPAWN-06",
            a_wake_from_another_thread_arrives,
            "A task that is woken on a thread the runtime has never seen is polled.",
            "A thousand times: a foreign thread tells, the task hears it and answers.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "SPAWN-07",
            a_foreign_thread_spawns,
            "A handle spawns from a thread the runtime has never seen.",
            "A thread spawns a bare future and a task with a value.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "SPAWN-08",
            a_spawn_is_not_polled_by_its_spawner,
            "`spawn` returns before the future is polled on its stack.",
            "A future looks whether its spawner, on the same thread, is still inside `spawn`.",
        ),
        law!(
            "SPAWN-09",
            a_wake_during_a_poll_takes_no_other_worker,
            "A task that is woken while it is polled keeps no worker waiting for the end of that poll.",
            "One blocks its worker and is woken by this thread and by a task; 20 more end meanwhile; then it is polled again.",
        )
        .needs(&[Need::RealTime, Need::Workers])
        .alone(),
    ]
}

fn a_join_gives_the_value<B: OwnedRuntime>(mut lab: Lab<B>) {
    let go = Told::default();
    let gone = go.once();
    let mut task = lab.spawn("seven", async move {
        yield_now().await;
        gone.await;
        7
    });
    let ended = Told::default();
    let early = Pin::new(&mut task).poll(&mut Context::from_waker(&ended.waker()));
    if early.is_pending() {
        go.tell();
        lab.within("the end of a task wakes who joins it", ended.once());
    }
    let joined = match early {
        Poll::Ready(joined) => joined,
        Poll::Pending => lab.block_on(task),
    };
    assert_eq!(joined.expect("it ends well"), 7);
}

fn a_dropped_handle_detaches<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (ended, dropped) = (Told::default(), Told::default());
    let (tell, sleep) = (ended.clone(), lab.sleep(std::time::Duration::from_millis(1)));
    let guard = dropped.on_drop();
    drop(lab.spawn("detached", async move {
        let _guard = guard;
        yield_now().await;
        sleep.await;
        tell.tell();
    }));
    lab.within("the task is over", dropped.once());
    assert!(ended.is_told(), "the task was dropped before its end");
}

fn a_task_spawns_tasks<B: OwnedRuntime>(mut lab: Lab<B>) {
    fn chain<R: Runtime>(runtime: R, left: u32) -> Task<u32> {
        let next = runtime.clone();
        Task::spawn(&runtime, TaskName::literal("link"), async move {
            match left {
                0 => 0,
                left => 1 + chain(next, left - 1).await.expect("it ends well"),
            }
        })
    }
    let first = chain(lab.runtime().clone(), 20);
    assert_eq!(lab.block_on(first).expect("it ends well"), 20);
}

fn a_thousand_tasks_all_end<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (ended, dropped) = (Told::default(), Told::default());
    for _ in 0..1000 {
        let (tell, guard) = (ended.clone(), dropped.on_drop());
        lab.runtime().spawn(TaskName::literal("one of many"), async move {
            let _guard = guard;
            yield_now().await;
            tell.tell();
        });
    }
    lab.within("a thousand tasks are over", dropped.times(1000));
    assert_eq!(ended.count(), 1000, "tasks that have come to their end");
}

fn a_wake_during_its_poll_polls_again<B: OwnedRuntime>(mut lab: Lab<B>) {
    let mut left = 1000;
    let task = lab.spawn(
        "wakes itself",
        poll_fn(move |cx| {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }),
    );
    lab.within("who wakes itself is polled again", task).expect("it ends well");
}

fn a_wake_from_another_thread_arrives<B: OwnedRuntime>(mut lab: Lab<B>) {
    let rounds: Vec<_> = (0..1000).map(|_| (Told::default(), Told::default())).collect();
    let (theirs, bound) = (rounds.clone(), lab.bound());
    let foreign = thread::spawn(move || {
        for (ask, answer) in &theirs {
            ask.tell();
            if !answer.wait(bound) {
                return;
            }
        }
    });
    let task = lab.spawn("answers", async move {
        for (ask, answer) in rounds {
            ask.once().await;
            answer.tell();
        }
    });
    lab.within("a wake from another thread arrives", task).expect("it ends well");
    foreign.join().expect("it ends well");
}

fn a_foreign_thread_spawns<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (runtime, ended) = (lab.runtime().clone(), Told::default());
    let tell = ended.clone();
    let foreign = thread::spawn(move || {
        runtime.spawn(TaskName::literal("bare"), async move { tell.tell() });
        Task::spawn(&runtime, TaskName::literal("seven"), async { 7 })
    });
    let task = foreign.join().expect("it can spawn");
    lab.within("what a foreign thread spawns ends", ended.once());
    assert_eq!(lab.block_on(task).expect("it ends well"), 7);
}

fn a_spawn_is_not_polled_by_its_spawner<B: OwnedRuntime>(mut lab: Lab<B>) {
    use std::cell::Cell;
    thread_local! {
        static SPAWNING: Cell<bool> = const { Cell::new(false) };
    }
    let runtime = lab.runtime().clone();
    let spawner = lab.spawn("spawner", async move {
        SPAWNING.set(true);
        let task = Task::spawn(&runtime, TaskName::literal("spawned"), async { SPAWNING.get() });
        SPAWNING.set(false);
        task.await
    });
    let inside = lab.block_on(spawner).expect("it ends well").expect("it ends well");
    // On another thread the flag is that thread's.
    assert!(!inside, "the future was polled inside `spawn`");
}

fn a_wake_during_a_poll_takes_no_other_worker<B: OwnedRuntime>(mut lab: Lab<B>) {
    let ((key, lock), (sender, receiver)) = (lock(), channel::<Waker>());
    let mut first = true;
    let blocks = poll_fn(move |cx| {
        if !std::mem::take(&mut first) {
            return Poll::Ready(());
        }
        let _ = sender.send(cx.waker().clone());
        lock.wait();
        Poll::Pending
    });
    let blocks = lab.spawn("blocks", blocks);
    let waker = receiver.recv_timeout(lab.bound()).expect("it is polled");
    waker.wake_by_ref();
    let wakes = lab.spawn("wakes", async move { waker.wake() });
    let meanwhile = "a task ends while another is polled and woken";
    lab.within(meanwhile, wakes).expect("it ends well");
    for _ in 0..20 {
        let task = lab.spawn("seven", async { 7 });
        assert_eq!(lab.within(meanwhile, task).expect("it ends well"), 7);
    }
    drop(key);
    lab.within("who was woken while it was polled is polled again", blocks).expect("it ends well");
}
