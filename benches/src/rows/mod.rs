//! The measurements, each over any bare runtime.

pub(crate) mod erased;
pub(crate) mod exec;
pub(crate) mod idle;
pub(crate) mod lives;
pub(crate) mod memory;
#[cfg(target_os = "linux")]
pub(crate) mod read_file;
pub(crate) mod reload;
pub(crate) mod restart;
pub(crate) mod signal;
pub(crate) mod snapshot;
pub(crate) mod start_stop;

use crate::bare::Bare;
use crate::clock::Windows;
use crate::peers;

/// The variant that a process can run only once.
pub(crate) const PEER: &str = "peer";

/// Runs `variant` with n idle subsystems; `hold` is awaited when all have been polled, before the stop.
fn windows<B: Bare>(
    bare: &B,
    variant: &str,
    n: usize,
    hold: impl AsyncFnOnce(),
) -> Result<Windows, String> {
    match variant {
        "shared" => Ok(bare.block_on(bare.shared(n, hold))),
        "child" => Ok(bare.block_on(bare.child(n, hold))),
        "daemon" => bare.block_on(start_stop::daemon(bare, start_stop::flat(n), n, hold)),
        "layered" => bare.block_on(start_stop::daemon(bare, start_stop::layered(n), n, hold)),
        PEER => bare.block_on(peers::seed::run(n, hold)).map_err(|error| error.to_string()),
        other => Err(format!("there is no variant `{other}`")),
    }
}
