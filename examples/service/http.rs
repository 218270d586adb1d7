//! The subsystem `http`: accepts connections and gives each a child.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

// These sockets bring a reactor of their own, so they work on every runtime. With one runtime for good,
// its own do as well.
use async_io::Async;
use proc_daemon::{Context, Result, Subsystem};
use tracing::{debug, info, warn};

use crate::announce;
use crate::connection::Connection;
use crate::quotes::Quotes;
use crate::settings::HttpSettings;
use crate::store::Store;

/// Most connections at one time.
const CONNECTIONS: usize = 1024;
/// How long to wait after a failed accept: too many open files, for one, is over when some are closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Http {
    store: Store,
    quotes: Quotes,
}

impl Http {
    pub(crate) fn new(store: Store, quotes: Quotes) -> Self {
        Self { store, quotes }
    }

    /// Serves until it is asked to stop.
    async fn accept(&self, ctx: &Context, listener: Async<TcpListener>) {
        let open = Arc::new(());
        // `run_until_cancelled` drops its future when the time comes, and dropping an accept loses
        // nothing.
        while let Ok(accepted) = ctx.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((_, peer)) if Arc::strong_count(&open) > CONNECTIONS => {
                    debug!("{peer}: too many connections");
                }
                Ok((stream, _)) => {
                    let place = Arc::clone(&open);
                    let connection = Connection::new(
                        stream,
                        ctx.clone(),
                        self.store.clone(),
                        self.quotes.clone(),
                    );
                    let serve = async move {
                        connection.serve().await;
                        drop(place);
                    };
                    // A child ends when its subsystem does, at the latest: see `Connection` for which
                    // ones are waited for.
                    ctx.spawn(serve).detach();
                }
                Err(error) => {
                    warn!("a connection could not be accepted: {error}");
                    if ctx.sleep(ACCEPT_PAUSE).await.is_err() {
                        break;
                    }
                }
            }
        }
    }
}

impl Subsystem for Http {
    fn name(&self) -> &str {
        "http"
    }

    async fn run(&self, ctx: Context) -> Result<()> {
        let listener = bind(ctx.settings::<HttpSettings>().listen)?;
        announce(format_args!("listening on {}", listener.get_ref().local_addr()?));
        ctx.ready();

        // The listener is dropped in there: from then on nobody connects.
        self.accept(&ctx, listener).await;

        // The daemon would wait for what is in flight even if this returned now. It is awaited here so
        // that the next line is true.
        ctx.drained().await;
        info!("http stopped");
        Ok(())
    }
}

fn bind(listen: SocketAddr) -> io::Result<Async<TcpListener>> {
    // The operating system's error does not say which address, nor where it comes from.
    Async::<TcpListener>::bind(listen).map_err(|error| {
        io::Error::new(error.kind(), format!("[http] listen = \"{listen}\": {error}"))
    })
}
