//! Reload seen from outside: whole daemons with real files, on every runtime.
//!
//! - `good`, `bad` and `asked` have a daemon in this process, which watches a file that is edited in all the ways in
//!   which files are edited, or is asked to read it.
//! - `polling` lives the same edits in processes for which the system watches nothing.
//! - `live`, `refused`, `forbidden` and `stages` watch processes that obey an edit, refuse one, or are stopped in the
//!   midst of one.
//! - `unwatched` is what is said where this build watches nothing.
//!
//! This binary is both sides. Without arguments of its own it runs the tests; as `child SCENARIO ROW` it is the
//! daemon that a test watches.

#![cfg_attr(unix, expect(clippy::disallowed_methods, reason = "a real process lives in real time"))]
#![cfg_attr(
    not(all(feature = "config-watch", feature = "logging")),
    allow(dead_code, reason = "a build without them has a part of the tests")
)]

#[cfg(unix)]
mod asked;
#[cfg(all(unix, feature = "config-watch"))]
mod bad;
#[cfg(unix)]
mod child;
#[cfg(unix)]
mod edits;
#[cfg(all(unix, feature = "logging", feature = "config-watch"))]
mod forbidden;
#[cfg(all(unix, feature = "config-watch"))]
mod good;
#[cfg(all(unix, feature = "logging"))]
mod live;
#[cfg(unix)]
mod log;
#[cfg(all(target_os = "linux", feature = "config-watch"))]
mod polling;
#[cfg(all(unix, feature = "logging"))]
mod refused;
#[cfg(unix)]
mod rows;
#[cfg(all(unix, feature = "logging"))]
mod stages;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(not(feature = "config-watch"))]
mod unwatched;
#[cfg(unix)]
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(code) = child::of(std::env::args().skip(1)) {
        return code;
    }
    let mut arguments = Arguments::from_args();
    // The tests wait for files and processes, and those for the end of a pause.
    arguments.test_threads.get_or_insert(8);
    #[cfg(unix)]
    log::install();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    #[cfg(not(feature = "config-watch"))]
    trials.extend(unwatched::trials());
    #[cfg(unix)]
    trials.extend(asked::trials());
    #[cfg(all(unix, feature = "config-watch"))]
    trials.extend(good::trials().into_iter().chain(bad::trials()));
    #[cfg(all(target_os = "linux", feature = "config-watch"))]
    trials.extend(polling::trials());
    #[cfg(all(unix, feature = "logging", feature = "config-watch"))]
    trials.extend(forbidden::trials());
    #[cfg(all(unix, feature = "logging"))]
    trials.extend(live::trials().into_iter().chain(refused::trials()).chain(stages::trials()));
    trials
}
