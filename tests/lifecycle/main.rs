//! The lifecycle from outside, in one process.
//!
//! - What has no time in it is written once and lived on every row: each runtime, in every way it can be
//!   built, and the simulator, in every order of polls.
//! - `runtimes` has what takes real threads or files.
//! - `exact` and `signals` are lived in virtual time alone, to the nanosecond.

mod checks;
mod children;
mod config;
mod control;
mod diary;
mod ends;
mod events;
mod exact;
mod failures;
mod handle;
mod order;
mod rows;
mod runtimes;
mod signals;
mod stopping;

pub(crate) use diary::{Diary, Gate, OnDrop, idle};
pub(crate) use rows::Row;
