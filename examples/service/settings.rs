//! The sections of `daemon.toml` that are this program's own.

use std::net::SocketAddr;
use std::path::PathBuf;

use proc_daemon::{Change, Prepared, Result};
use serde::Deserialize;

/// `[http]`. Neither key has a default, so leaving one out is an error at start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) greeting: String,
}

impl HttpSettings {
    /// What a change of the section takes.
    pub(crate) async fn reload(change: Change) -> Result<Prepared> {
        let (current, proposed) = (change.current::<Self>(), change.proposed::<Self>());
        let stays = current.listen == proposed.listen;
        Ok(if stays { Prepared::live() } else { Prepared::restart() })
    }

    /// What a type cannot say.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.greeting.is_empty() { Err("`greeting` cannot be empty") } else { Ok(()) }
    }
}

/// `[store]`. The section may be absent: that reads as an empty one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreSettings {
    pub(crate) path: Option<PathBuf>,
}

/// `[quotes]`. It may be absent as well: then there are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotesSettings {
    pub(crate) socket: Option<PathBuf>,
}
