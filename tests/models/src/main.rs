//! Runs each model and says how it went: `cargo run --release`.

#![forbid(unsafe_code)]
#![allow(dead_code, unused_imports, reason = "the files under test have more than the models use")]

mod prim;
mod sync;
#[path = "../../../runtime/src/task.rs"]
mod task;

pub(crate) use proc_daemon_runtime::{AnyRuntime, PanicPayload, Runtime, TaskName, catch, discard};

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use prim::{AtomicU32, Ordering};
use sync::{Fanout, Flight, Latch, Mailbox, Notify, Place, Ticket};

fn main() {
    let models: [(&str, fn()); 9] = [
        ("a waiter on a latch is woken, however it meets the set", latch_wakes),
        ("one of two setters set the latch", latch_is_set_once),
        ("of a stop and the last work's end, the second knows of the other", flight_is_told),
        ("every post is drained, and the reader sleeps through none", mailbox_loses_nothing),
        ("a waiter on a notify sees the condition or is woken", notify_wakes),
        (
            "every item is read in order or counted, and the reader sleeps through none",
            fanout_counts,
        ),
        ("who subscribes and then looks misses no change", fanout_tells_what_was_not_seen),
        ("a reader that leaves while it is published to is freed", fanout_is_left),
        ("an abort at any moment ends the task", abort_ends),
    ];
    for (name, model) in models {
        loom::model(model);
        println!("ok: {name}");
    }
}

fn latch_wakes() {
    let latch = Arc::new(Latch::default());
    let setter = Arc::clone(&latch);
    let thread = thread::spawn(move || setter.set());
    let mut ticket = Ticket::default();
    block_on(poll_fn(|cx| latch.poll_wait(&mut ticket, cx)));
    latch.leave(&mut ticket);
    assert!(thread.join().unwrap());
}

fn latch_is_set_once() {
    let latch = Arc::new(Latch::default());
    let other = Arc::clone(&latch);
    let thread = thread::spawn(move || other.set());
    let here = latch.set();
    assert!(here != thread.join().unwrap());
    assert!(latch.is_set());
}

fn flight_is_told() {
    let shared = Arc::new((Flight::default(), Latch::default()));
    shared.0.enter();
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || other.0.leave(&other.1));
    let busy = shared.0.stop(&shared.1);
    let told = thread.join().unwrap().expect("it was the last");
    assert!(!busy || told, "it was in flight at the stop, and its end went unnoticed");
}

fn mailbox_loses_nothing() {
    let mailbox = Arc::new(Mailbox::default());
    let threads: Vec<_> = (0..2)
        .map(|n| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || mailbox.post(n))
        })
        .collect();
    let (mut seen, mut batch) = (0, VecDeque::new());
    block_on(poll_fn(|cx| {
        loop {
            mailbox.drain(&mut batch, cx);
            seen += batch.len();
            match (seen, batch.is_empty()) {
                (2, _) => return Poll::Ready(()),
                (_, true) => return Poll::Pending,
                _ => batch.clear(),
            }
        }
    }));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn notify_wakes() {
    let shared = Arc::new((Notify::default(), Flight::default(), Latch::default()));
    shared.1.enter();
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || {
        other.1.leave(&other.2);
        other.0.wake_all();
    });
    let mut place = Place::default();
    block_on(poll_fn(|cx| {
        shared.0.register(&mut place, cx.waker());
        if shared.1.count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    }));
    thread.join().unwrap();
}

fn fanout_counts() {
    let fanout = std::sync::Arc::new(Fanout::default());
    let mut reader = fanout.subscribe(1);
    let thread = thread::spawn(move || (1..=2).for_each(|n| fanout.publish(&n)));
    let (mut read, mut last) = (0, 0);
    while let Some(item) = block_on(poll_fn(|cx| reader.poll_next(cx))) {
        assert!(item > last);
        (read, last) = (read + 1, item);
    }
    assert_eq!((last, read + reader.missed()), (2, 2));
    thread.join().unwrap();
}

/// The state is an atomic of no order of its own, as the board's rows are.
fn fanout_tells_what_was_not_seen() {
    let fanout = std::sync::Arc::new(Fanout::default());
    let state = Arc::new(AtomicU32::new(0));
    let (other, shown) = (std::sync::Arc::clone(&fanout), Arc::clone(&state));
    let thread = thread::spawn(move || {
        shown.store(1, Ordering::Relaxed);
        if other.is_heard() {
            other.publish(&1);
        }
    });
    let mut reader = fanout.subscribe(1);
    let seen = state.load(Ordering::Relaxed);
    thread.join().unwrap();
    assert!(seen == 1 || reader.try_next() == Some(1), "the change was neither seen nor told");
}

fn fanout_is_left() {
    let fanout = std::sync::Arc::new(Fanout::default());
    let reader = fanout.subscribe(2);
    let item = std::sync::Arc::new(());
    let thread = thread::spawn(move || drop(reader));
    fanout.publish(&item);
    thread.join().unwrap();
    assert!(!fanout.is_heard());
    assert_eq!(std::sync::Arc::strong_count(&item), 1);
}

/// The runner is polled here; the abort comes from another thread.
fn abort_ends() {
    let (task, runner) = task::Task::<()>::prepare(std::future::pending());
    let handle = task.abort_handle();
    let thread = thread::spawn(move || handle.abort());
    block_on(runner);
    thread.join().unwrap();
    assert!(task.is_finished());
    assert!(matches!(block_on(task), Err(task::JoinError::Aborted)));
}
