//! Bugs of the waits: wake-ups that are lost.

use crate::bug::{Bug, bug};

const LATCH: &str = "src/sync/latch.rs";
const MAILBOX: &str = "src/sync/mailbox.rs";
const NOTIFY: &str = "src/sync/notify.rs";
const RACE: &str = "src/sync/race.rs";
const TASK: &str = "runtime/src/task.rs";
const WAKERS: &str = "src/sync/wakers.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "latch-wakes-nobody",
        "setting a latch wakes nobody",
        LATCH,
        "waiting.wake();" =>
            "if !PLANTED {
            waiting.wake();
        }",
    ),
    bug!(
        "one-waiter-woken",
        "of those who wait for one thing the first alone is woken",
        WAKERS,
        "for (_, waker) in self.more.into_iter().flat_map(|more| more.into_iter()) {" =>
            "for (_, waker) in self.more.into_iter().flat_map(|more| more.into_iter()) {
            if PLANTED {
                continue;
            }",
    ),
    bug!(
        "old-waker-kept",
        "a wait that moves to another task goes on waking the old one",
        WAKERS,
        "1 => match &mut self.first {
                Some(kept) => kept.clone_from(waker)," =>
            "1 => match &mut self.first {
                Some(_) if PLANTED => {}
                Some(kept) => kept.clone_from(waker),",
    ),
    bug!(
        "leaver-takes-another",
        "a waiter that leaves takes another one out",
        WAKERS,
        "n => {
                if let Some(more) = &mut self.more {" =>
            "n => {
                if PLANTED {
                    self.first = None;
                }
                if let Some(more) = &mut self.more {",
    ),
    bug!(
        "mailbox-wakes-nobody",
        "a post does not wake the reader",
        MAILBOX,
        "reader.wake();" =>
            "if !PLANTED {
                reader.wake();
            }",
    ),
    bug!(
        "notify-wakes-nobody",
        "those who wait for drained work are not woken",
        NOTIFY,
        "waiting.wake();" =>
            "if !PLANTED {
            waiting.wake();
        }",
    ),
    bug!(
        "stop-loses-a-tie",
        "of a stop and what a subsystem waits for, the stop loses a tie",
        RACE,
        "let this = self.project();" =>
            "let this = self.project();
        if PLANTED {
            if let Poll::Ready(second) = this.second.poll(cx) {
                return Poll::Ready(Err(second));
            }
            return this.first.poll(cx).map(Ok);
        }",
    ),
    bug!(
        "joiner-not-woken",
        "the end of a task does not wake who joins it",
        TASK,
        "joiner.wake();" =>
            "if !PLANTED {
                joiner.wake();
            }",
    ),
    bug!(
        "aborted-child-not-woken",
        "the abort of a child does not wake it",
        TASK,
        "waker.wake();" =>
            "if !PLANTED {
                waker.wake();
            }",
    ),
];
