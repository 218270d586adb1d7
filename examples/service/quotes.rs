//! The subsystem `quotes`: follows a source that writes one quote a line to a Unix socket.
//!
//! Sources go away. This subsystem fails then, and is started again until the source is back. Meanwhile `/quote` is
//! answered with 503, `/status` says why, and everything else is served as before.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncRead, StreamExt};
use parking_lot::Mutex;
use proc_daemon::{Backoff, Context, RestartPolicy, Result, Spec, task_with};
use tracing::{debug, info};

use crate::settings::QuotesSettings;

/// The latest quote; none while the source is away. Clones share.
#[derive(Clone, Default)]
pub(crate) struct Quotes(Arc<Mutex<Option<String>>>);

impl Quotes {
    pub(crate) fn latest(&self) -> Option<String> {
        self.0.lock().clone()
    }

    /// How it is supervised.
    pub(crate) fn spec(&self) -> Spec {
        let backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(5));
        task_with("quotes", self.clone(), run)
            // Ready when it is connected. Until then the daemon is not ready, and serves.
            .explicit_ready()
            // However long the source is away.
            .restart_policy(RestartPolicy::on_failure().backoff(backoff).unlimited())
            .with_settings::<QuotesSettings>("quotes")
    }
}

async fn run(ctx: Context, quotes: Quotes) -> Result<()> {
    let Some(path) = ctx.settings::<QuotesSettings>().socket.clone() else {
        debug!("no source of quotes");
        ctx.ready();
        return Ok(());
    };
    let source = connect(&path).await.map_err(|e| naming(&path, &e))?;
    info!("quotes come from {}", path.display());
    ctx.ready();

    // However this ends, by a panic as well: an old quote is none.
    let _forget = Forget(&quotes);
    let mut lines = BufReader::new(source).lines();
    while let Ok(line) = ctx.run_until_cancelled(lines.next()).await {
        let line = line.ok_or_else(|| naming(&path, &ErrorKind::UnexpectedEof.into()))??;
        debug!("quote {line:?}");
        *quotes.0.lock() = Some(line);
    }
    info!("quotes stopped");
    Ok(())
}

#[cfg(unix)]
async fn connect(path: &Path) -> io::Result<impl AsyncRead + use<>> {
    async_io::Async::<std::os::unix::net::UnixStream>::connect(path).await
}

#[cfg(not(unix))]
async fn connect(_: &Path) -> io::Result<impl AsyncRead + use<>> {
    io::Result::<futures_lite::io::Empty>::Err(ErrorKind::Unsupported.into())
}

struct Forget<'a>(&'a Quotes);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        *self.0.0.lock() = None;
    }
}

/// The operating system's errors do not say which socket.
fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("[quotes] socket = {}: {error}", path.display()))
}
