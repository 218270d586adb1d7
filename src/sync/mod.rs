//! Waiting, without a runtime.
//!
//! ```text
//!   WakerSet  the tasks that wait, one of them without an allocation
//!   Latch     set once; everybody who waits hears it      (stop, announcement, end)
//!   Flight    work in flight, and its handshake with a stop  (draining)
//!   Notify    everybody who waits now, as often as asked     (nothing in flight)
//!   Mailbox   many post, one drains in order               (reports to the driver)
//!   reply     one value, sent once or never                  (answers to calls)
//!   Fanout    one publishes, many read, each from a bounded queue of its own  (events)
//!   race      two futures, the first named one wins a tie
//! ```
//!
//! `tests/models` runs each under loom: every interleaving.
//!
//! # Invariants
//!
//! 1. A waker is called without a lock held.
//! 2. Whoever waits registers, then checks again: a change between the two is seen by one of them.
//! 3. Nothing here reads a clock or depends on an iteration order that is not its own.

mod fanout;
mod flight;
mod latch;
mod mailbox;
mod notify;
mod prim;
mod race;
mod reply;
mod wakers;

pub(crate) use fanout::{Fanout, Reader};
pub(crate) use flight::Flight;
pub(crate) use latch::{Latch, Ticket};
pub(crate) use mailbox::Mailbox;
pub(crate) use notify::{Notify, Place};
pub(crate) use race::Race;
pub(crate) use reply::{Receiver, Sender, reply};
use wakers::WakerSet;
