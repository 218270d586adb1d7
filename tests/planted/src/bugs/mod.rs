//! The bugs, by the part of the product that they are in.

mod control;
mod driver;
mod ends;
mod groups;
mod health;
mod monitoring;
mod reload;
mod restart;
mod signals;
mod start;
mod stop;
mod subsystem;
mod waits;

use crate::bug::Bug;

/// All of them. A bug's number is its place, from 1.
#[must_use]
pub fn all() -> Vec<Bug> {
    let parts = [
        start::BUGS,
        stop::BUGS,
        ends::BUGS,
        restart::BUGS,
        groups::BUGS,
        control::BUGS,
        health::BUGS,
        reload::BUGS,
        monitoring::BUGS,
        signals::BUGS,
        driver::BUGS,
        subsystem::BUGS,
        waits::BUGS,
    ];
    parts.into_iter().flatten().copied().collect()
}
