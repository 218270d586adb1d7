//! One connection: requests in, answers out, one after the other, until one of the two is done.

use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use async_io::Async;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use proc_daemon::{Context, Result};
use tracing::debug;

use crate::quotes::Quotes;
use crate::request::{HEAD_LIMIT, Parsed, Request};
use crate::response::{Response, Status};
use crate::routes;
use crate::store::Store;

/// How long a client may be silent between two requests.
const IDLE: Duration = Duration::from_secs(60);
/// How long a request may take to arrive, from its first byte.
const ARRIVAL: Duration = Duration::from_secs(10);
/// How long a client may take to accept an answer.
const WRITE: Duration = Duration::from_secs(10);
/// How long a client may take to close after the last answer.
const LINGER: Duration = Duration::from_millis(500);

/// A child of `http`.
///
/// From the moment a request is whole until its answer is out, it holds an `InFlight`: the subsystem is
/// draining while one is alive. Between requests it holds none, so an idle connection does not delay a
/// shutdown.
pub(crate) struct Connection {
    stream: Async<TcpStream>,
    ctx: Context,
    store: Store,
    quotes: Quotes,
    /// What has arrived and belongs to no request yet.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(
        stream: Async<TcpStream>,
        ctx: Context,
        store: Store,
        quotes: Quotes,
    ) -> Self {
        Self { stream, ctx, store, quotes, buffer: Vec::new() }
    }

    /// Serves the connection to its end. What a client does wrong ends its connection and nothing else.
    pub(crate) async fn serve(mut self) {
        if let Err(error) = self.exchange().await {
            debug!("a connection ends: {error}");
        }
    }

    async fn exchange(&mut self) -> Result<()> {
        // Answers are small and whole; holding them back to fill a packet only delays them.
        self.stream.get_ref().set_nodelay(true)?;
        while let Some(received) = self.receive().await? {
            let _in_flight = self.ctx.in_flight();
            let (response, reusable, head_only) = match received {
                Ok(request) => {
                    debug!("{} {:?}", request.method(), request.path());
                    let response = routes::answer(&self.ctx, &self.quotes, &request).await;
                    self.store.count();
                    (response, request.reusable, request.is_head())
                }
                Err(status) => (Response::of(status), false, false),
            };
            // Asked after the answer is made: a shutdown may have been announced meanwhile. It is
            // announced before this subsystem is asked to stop, and earlier still with a lame duck.
            let keep = reusable && self.ctx.shutdown_reason().is_none();
            let bytes = response.encode(keep, head_only, self.ctx.wall_clock());
            // Not `run_until_cancelled`: a stop request must not cut an answer short.
            self.ctx.timeout(WRITE, self.stream.write_all(&bytes)).await??;
            if !keep {
                return self.close().await;
            }
        }
        Ok(())
    }

    /// Waits for the next request, or what is wrong with it. None: the client is gone or idle.
    ///
    /// Nothing is in flight here, so a stop request ends it at once, by `Err(Stopping)`.
    async fn receive(&mut self) -> Result<Option<Result<Request, Status>>> {
        let mut until = self.ctx.now() + if self.buffer.is_empty() { IDLE } else { ARRIVAL };
        loop {
            match Request::parse(&self.buffer) {
                Parsed::Whole(request, length) => {
                    // A client may send the next request before it has the answer to this one.
                    self.buffer.drain(..length);
                    return Ok(Some(Ok(request)));
                }
                Parsed::Refused(status) => return Ok(Some(Err(status))),
                Parsed::Partial if self.buffer.len() >= HEAD_LIMIT => {
                    return Ok(Some(Err(Status::HEADER_TOO_LARGE)));
                }
                Parsed::Partial => {}
            }
            let mut chunk = [0; 2048];
            let left = until.since(self.ctx.now());
            let read = self.ctx.timeout(left, self.stream.read(&mut chunk));
            match self.ctx.run_until_cancelled(read).await? {
                Err(_) if self.buffer.is_empty() => return Ok(None),
                Err(_) => return Ok(Some(Err(Status::REQUEST_TIMEOUT))),
                Ok(read) => match read? {
                    0 => return Ok(None),
                    length => {
                        if self.buffer.is_empty() {
                            until = self.ctx.now() + ARRIVAL;
                        }
                        self.buffer.extend_from_slice(&chunk[..length]);
                    }
                },
            }
        }
    }

    /// Ends the connection after an answer, and lets the client read it: a socket that is closed with
    /// unread bytes in it is reset, and a reset may overtake the answer.
    async fn close(&mut self) -> Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)?;
        let stream = &mut self.stream;
        let unread = async {
            let mut chunk = [0; 2048];
            while stream.read(&mut chunk).await? > 0 {}
            std::io::Result::Ok(())
        };
        self.ctx.timeout(LINGER, unread).await??;
        Ok(())
    }
}
