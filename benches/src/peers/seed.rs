use std::time::Instant;

use futures_lite::future::zip;

use peer::{Config, Daemon, LogLevel, Result};

use crate::clock::{Stopwatch, Windows};
use crate::gate::FIRST;

/// proc-daemon 1.1.3, as its README has it used: one task each that waits for `cancelled()`.
///
/// Without signals, since its `shutdown()` hangs with the default handler: it waits for a signal. Its
/// logs at `error`, since it prints a line for each subsystem otherwise. Once a process: it installs a
/// global subscriber and fails if there is one. Its `run` drops everything before it returns, so that
/// its stop contains its free.
///
/// # Errors
///
/// The peer's own.
pub(crate) async fn run(n: usize, hold: impl AsyncFnOnce()) -> Result<Windows> {
    let mut watch = Stopwatch::begin();
    let config = Config::builder().log_level(LogLevel::Error).build()?;
    let mut builder = Daemon::builder(config).without_signals();
    for index in 0..n {
        builder = builder.with_task(&format!("s{index}"), |mut shutdown| async move {
            FIRST.arrive();
            shutdown.cancelled().await;
            Ok(())
        });
    }
    let daemon = builder.build()?;
    FIRST.expect(n);
    watch.built();
    // A clone has no subsystems, but the same coordinator.
    let control = daemon.clone();
    let controlled = async {
        watch.started(FIRST.all().await);
        hold().await;
        watch.requested();
        control.shutdown();
    };
    let ((), outcome) = zip(controlled, daemon.run()).await;
    watch.stopped(Instant::now());
    outcome?;
    drop(control);
    Ok(watch.freed())
}
