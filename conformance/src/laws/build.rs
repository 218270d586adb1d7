//! L15: what a runtime is built with is honoured, or refused.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier};
use std::thread::{self, ThreadId};

use futures_lite::future::yield_now;
use proc_daemon_runtime::{
    OwnedRuntime, Runtime, RuntimeOptions, Task, TaskName, Threading, Timer,
};

use super::{Law, law};
use crate::Need;
use crate::lab::Lab;
use crate::told::{Told, lock};

pub(super) fn laws<B: OwnedRuntime>() -> Vec<Law<B>> {
    vec![
        law!(
            "BUILD-01",
            the_worker_count_is_honoured,
            "As many threads poll tasks as there are workers, and they are no others.",
            "As many tasks as workers meet at a barrier; 200 more run on their threads.",
        )
        .needs(&[Need::RealTime])
        .alone(),
        law!(
            "BUILD-02",
            the_thread_name_is_honoured,
            "Workers have the name that was asked for, with or without a number.",
            "A task reads the name of its thread.",
        )
        .needs(&[Need::RealTime]),
        law!(
            "BUILD-03",
            a_current_thread_runtime_has_no_worker,
            "Without workers, tasks run on the thread that blocks on the runtime, meanwhile.",
            "Built so; 20 tasks tell their thread, and one that nobody waits for does not run before.",
        )
        .needs(&[Need::CurrentThread]),
        law!(
            "BUILD-04",
            the_blocking_cap_is_honoured,
            "No more blocking work runs at once than was asked for.",
            "With a cap of 3, of 12 pieces that block at most 3 run at once, and all end.",
        )
        .needs(&[Need::BlockingCap, Need::RealTime]),
        law!(
            "BUILD-05",
            what_cannot_be_honoured_is_refused,
            "An option that the backend declares absent is an error of kind `Unsupported` that names it.",
            "Each such option is asked for; those that it declares are not refused.",
        )
        .alone(),
        law!(
            "BUILD-06",
            two_runtimes_live_at_once,
            "A runtime takes nothing from another one.",
            "Two of them; where threads of their own run them, each one's task and sleep is awaited inside the other; one ends first.",
        ),
        law!(
            "BUILD-07",
            block_on_is_used_again,
            "`block_on` can be called again and again, and what was spawned before goes on.",
            "A task is spawned in the first call and joined in the third.",
        ),
    ]
}

fn workers<B: OwnedRuntime>(lab: &Lab<B>) -> usize {
    lab.options().worker_count().map_or(1, NonZeroUsize::get)
}

fn the_worker_count_is_honoured<B: OwnedRuntime>(mut lab: Lab<B>) {
    let barrier = Arc::new(Barrier::new(workers(&lab)));
    let meet = |_| {
        let barrier = Arc::clone(&barrier);
        lab.spawn("meets", async move {
            barrier.wait();
            thread::current().id()
        })
    };
    let tasks: Vec<_> = (0..workers(&lab)).map(meet).collect();
    let mut threads = BTreeSet::<String>::new();
    let text = |id: ThreadId| format!("{id:?}");
    for task in tasks {
        let met = lab.within("as many tasks as workers meet", task);
        threads.insert(text(met.expect("it ends well")));
    }
    assert_eq!(threads.len(), workers(&lab), "{threads:?}");
    let (here, inside) = (text(thread::current().id()), lab.options().worker_count().is_none());
    assert_eq!(threads.contains(&here), inside, "whether `block_on`'s thread polls tasks");
    let more = |_| {
        lab.spawn("one of many", async {
            yield_now().await;
            thread::current().id()
        })
    };
    let tasks: Vec<_> = (0..200).map(more).collect();
    for task in tasks {
        let thread = text(lab.block_on(task).expect("it ends well"));
        assert!(threads.contains(&thread), "{thread} polls tasks, besides {threads:?}");
    }
}

fn the_thread_name_is_honoured<B: OwnedRuntime>(mut lab: Lab<B>) {
    let task = lab.spawn("its thread", async { thread::current().name().map(str::to_owned) });
    let name = lab.block_on(task).expect("it ends well");
    match (&lab.options().threading, &lab.options().thread_name) {
        (Threading::CurrentThread, _) => {
            assert_eq!(name.as_deref(), thread::current().name(), "the thread of `block_on`");
        }
        (_, Some(wanted)) => {
            let rest = name.as_deref().and_then(|name| name.strip_prefix(wanted.as_str()));
            let number = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '-');
            assert!(rest.is_some_and(number), "{name:?}, where {wanted:?} was asked for");
        }
        (_, None) => assert!(name.is_some(), "a worker without a name"),
    }
}

fn a_current_thread_runtime_has_no_worker<B: OwnedRuntime>(lab: Lab<B>) {
    let (options, bound) = (RuntimeOptions::new().current_thread(), lab.bound());
    let mut owned = lab.end().build_with(&options).expect("it is declared");
    let (runtime, ran, elsewhere) = (owned.handle(), Told::default(), Told::default());
    let here = thread::current().id();
    for _ in 0..20 {
        let (ran, elsewhere) = (ran.clone(), elsewhere.clone());
        runtime.spawn(TaskName::literal("its thread"), async move {
            yield_now().await;
            if thread::current().id() != here {
                elsewhere.tell();
            }
            ran.tell();
        });
    }
    assert!(!ran.is_told(), "a task ran outside `block_on`");
    owned.block_on(ran.times(20));
    assert!(!elsewhere.is_told(), "a task ran on a thread of its own");
    let _ = owned.shutdown(bound);
}

fn the_blocking_cap_is_honoured<B: OwnedRuntime>(lab: Lab<B>) {
    let cap = NonZeroUsize::new(3).expect("not zero");
    let (options, bound) = (lab.options().clone().max_blocking_threads(cap), lab.bound());
    let mut owned = lab.end().build_with(&options).expect("it is declared");
    let runtime = owned.handle();
    let (started, ended) = (Told::default(), Told::default());
    let keys: Vec<_> = (0..12)
        .map(|_| {
            let ((key, lock), started, ended) = (lock(), started.clone(), ended.clone());
            runtime.spawn_blocking(TaskName::literal("blocks"), move || {
                started.tell();
                lock.wait();
                ended.tell();
            });
            key
        })
        .collect();
    for (open, key) in keys.into_iter().enumerate() {
        // Three run; each that ends makes room for one.
        owned.block_on(started.times((3 + open).min(12)));
        assert!(started.count() <= 3 + ended.count(), "more than three at once");
        drop(key);
    }
    owned.block_on(ended.times(12));
    let _ = owned.shutdown(bound);
}

fn what_cannot_be_honoured_is_refused<B: OwnedRuntime>(lab: Lab<B>) {
    let (has, options, bound) = (lab.capabilities(), lab.options().clone(), lab.bound());
    let row = lab.end();
    let three = NonZeroUsize::new(3).expect("not zero");
    let cases = [
        (has.current_thread, RuntimeOptions::new().current_thread(), ["urrent", "hread"]),
        (has.blocking_cap, options.max_blocking_threads(three), ["max_blocking_threads", ""]),
    ];
    for (declared, options, named) in cases {
        match row.build_with(&options) {
            Ok(owned) => {
                let _ = owned.shutdown(bound);
                assert!(declared, "{options:?} was accepted, and is declared absent");
            }
            Err(error) => {
                assert!(!declared, "{options:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                let text = error.to_string();
                assert!(named.iter().all(|part| text.contains(part)), "does not name it: {text}");
            }
        }
    }
}

fn two_runtimes_live_at_once<B: OwnedRuntime>(mut lab: Lab<B>) {
    let mut other = lab.another();
    let (here, there) = (lab.spawn("first", async { 1 }), other.spawn("second", async { 2 }));
    let sleeps =
        (lab.sleep(std::time::Duration::from_millis(2)), other.spawn("third", async { 3 }));
    assert_eq!(lab.block_on(here).expect("it ends well"), 1);
    assert_eq!(other.block_on(there).expect("it ends well"), 2);
    assert_eq!(other.block_on(sleeps.1).expect("it ends well"), 3);
    if lab.capabilities().real_time && lab.options().worker_count().is_some() {
        for _ in 0..2 {
            let (task, at) = (lab.spawn("awaited elsewhere", async { 5 }), lab.now());
            assert_eq!(other.within("another runtime's task ends", task).expect("it ends well"), 5);
            let wanted = std::time::Duration::from_millis(2);
            let sleep = lab.timer().sleep_until(at.after(wanted));
            other.within("another runtime's sleep fires", sleep);
            assert!(lab.now().since(at) >= wanted, "another runtime's sleep was early");
            std::mem::swap(&mut lab, &mut other);
        }
    }
    let _ = other.shutdown(lab.bound());
    lab.block_on(sleeps.0);
    let task = lab.spawn("after the other's end", async { 4 });
    assert_eq!(lab.block_on(task).expect("it ends well"), 4);
}

fn block_on_is_used_again<B: OwnedRuntime>(mut lab: Lab<B>) {
    let (runtime, go) = (lab.runtime().clone(), Told::default());
    let gone = go.once();
    let mut tasks = lab.block_on(async move {
        vec![Task::spawn(&runtime, TaskName::literal("goes on"), async move {
            gone.await;
            7
        })]
    });
    let task = tasks.remove(0);
    lab.block_on(yield_now());
    go.tell();
    assert_eq!(lab.block_on(task).expect("it ends well"), 7);
}
