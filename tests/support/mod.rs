//! What tests of real processes share: a process that is watched, an HTTP client, the example `service`.
//!
//! Nothing here sleeps to wait for something. A test waits for a line, for the exit, for bytes; each wait
//! has a limit, and over it the test fails with everything the process has said.

#![allow(dead_code, reason = "each test crate compiles its own copy and uses a part of it")]

pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod service;
