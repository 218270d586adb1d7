//! The waits of the core, by path.

pub(crate) use crate::prim;

#[path = "../../../../src/sync/fanout.rs"]
mod fanout;
#[path = "../../../../src/sync/flight.rs"]
mod flight;
#[path = "../../../../src/sync/latch.rs"]
mod latch;
#[path = "../../../../src/sync/mailbox.rs"]
mod mailbox;
#[path = "../../../../src/sync/notify.rs"]
mod notify;
#[path = "../../../../src/sync/wakers.rs"]
mod wakers;

pub(crate) use fanout::{Fanout, Reader};
pub(crate) use flight::Flight;
pub(crate) use latch::{Latch, Ticket};
pub(crate) use mailbox::Mailbox;
pub(crate) use notify::{Notify, Place};
pub(crate) use wakers::WakerSet;
