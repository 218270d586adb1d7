//! The program in `benches/madsim`.

use std::env;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Batch;
use crate::madsim::PROGRAM;

/// A process that takes its own time.
pub(super) fn madsim(lives: u32, length: Duration, stretched: u32) -> io::Result<Batch> {
    let program =
        env::var_os(PROGRAM).ok_or_else(|| io::Error::other(format!("{PROGRAM} is not set")))?;
    let output = Command::new(program)
        .args([length.as_secs().to_string(), stretched.to_string(), lives.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(nanos)), Some(Ok(polls))) if output.status.success() => Ok(Batch { nanos, polls }),
        _ => Err(io::Error::other(format!("{}: {text}", output.status))),
    }
}
