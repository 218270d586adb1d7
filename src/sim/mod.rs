//! A daemon's whole life from one seed, in virtual time.

mod audit;
mod book;
mod check;
mod environment;
mod exhaust;
mod failure;
mod faults;
mod laws;
mod life;
mod model;
mod moment;
mod render;
mod shrink;
mod stage;
mod story;
mod subject;
mod sweep;
mod wrap;

pub use audit::audit;
pub use check::{check, hunt};
pub use exhaust::{exhaust_pairs, exhaust_points};
pub use failure::Failure;
pub use faults::{Faults, Who, any, subsystem};
pub use life::Life;
pub use moment::Moment;
pub use shrink::{replay, shrink};
pub use stage::Stage;
pub use subject::Sim;
pub use sweep::Sweep;

pub use crate::backends::sim::{
    Choice, Kind, Policy, Record, Tape, TapeError, TaskDump, Trace, Verdict, reached,
};

/// The situations that the simulator notes by itself; see [`Sweep::expect_sometimes`].
pub const SITUATIONS: &[&str] = &laws::situations::ALL;
