//! The lifecycle from outside, lived in virtual time alone: `exact` and `signals`, to the nanosecond.
//!
//! What holds on every runtime is in the conformance kit.

#[path = "../../conformance/src/core/diary.rs"]
mod diary;
mod exact;
mod signals;

pub(crate) use diary::{Diary, OnDrop, idle};
