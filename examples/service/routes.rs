//! What is answered to what.

use std::fmt::Write;
use std::time::Duration;

use proc_daemon::Context;

use crate::quotes::Quotes;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::settings::HttpSettings;

/// Longer than any grace that makes sense: with it, one can watch a subsystem being aborted.
const SLOWEST: u64 = 600_000;

pub(crate) async fn answer(ctx: &Context, quotes: &Quotes, request: &Request) -> Response {
    match (request.method(), request.path()) {
        // Asked for at each request and kept by none: a configuration may change while it runs.
        ("GET" | "HEAD", "/") => Response::ok(ctx.settings::<HttpSettings>().greeting.as_str()),
        ("GET" | "HEAD", "/quote") => match quotes.latest() {
            Some(quote) => Response::ok(quote),
            None => Response::saying(Status::UNAVAILABLE, "no quote"),
        },
        ("GET" | "HEAD", "/status") => status(ctx),
        ("GET" | "HEAD", "/slow") => slow(ctx, request.parameter("ms")).await,
        ("GET" | "HEAD", _) => Response::of(Status::NOT_FOUND),
        _ => Response::of(Status::METHOD_NOT_ALLOWED),
    }
}

/// For a probe: 200 when everything is ready. For a reader: a line for each subsystem, with the reasons. `Status` prints
/// such lines by itself; these are this service's own.
fn status(ctx: &Context) -> Response {
    let status = ctx.daemon().status();
    let mut text = String::from(if status.ready { "ready" } else { "not ready" });
    for subsystem in &status.subsystems {
        let (name, state, restarts) = (&subsystem.name, subsystem.state, subsystem.restarts);
        let _ = write!(text, "\n{name}: {state}, {restarts} restarts");
        if let Some(wait) = subsystem.restart_in() {
            let _ = write!(text, ", again in {} ms", wait.as_millis());
        }
        if !subsystem.waits_for.is_empty() {
            let _ = write!(text, ", waits for {}", subsystem.waits_for.join(", "));
        }
        if let Some(reason) = &subsystem.reason {
            let _ = write!(text, ", says {reason}");
        }
        if let Some(end) = &subsystem.last_end {
            let _ = write!(text, ", last end: {end}");
        }
    }
    if status.ready { Response::ok(text) } else { Response::saying(Status::UNAVAILABLE, text) }
}

/// Stands for work that takes its time.
async fn slow(ctx: &Context, ms: Option<&str>) -> Response {
    match ms.and_then(|ms| ms.parse().ok()) {
        Some(ms @ 0..=SLOWEST) => {
            // `ctx.sleep` would end at a stop request. This work was accepted before that and is to be
            // finished, so it sleeps on the runtime.
            ctx.runtime().sleep(Duration::from_millis(ms)).await;
            Response::ok(format!("waited {ms} ms"))
        }
        _ => Response::saying(
            Status::BAD_REQUEST,
            format!("/slow?ms=N takes a whole number from 0 to {SLOWEST}"),
        ),
    }
}
