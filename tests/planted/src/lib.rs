//! What `tests/mutants/` plants with as well: the bugs, the copy of the workspace, and the switches in it, and how the programs begin
//! and end.

#![forbid(unsafe_code)]

pub mod bug;
pub mod bugs;
pub mod copy;
pub mod frame;
pub mod plant;

/// Why it cannot be done.
pub type Failure = Box<dyn std::error::Error>;
