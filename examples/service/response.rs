//! An answer, and its bytes.

use std::fmt::Write;
use std::time::SystemTime;

/// A status code and its reason.
#[derive(Clone, Copy)]
pub(crate) struct Status(u16, &'static str);

impl Status {
    const OK: Self = Self(200, "OK");
    pub(crate) const BAD_REQUEST: Self = Self(400, "Bad Request");
    pub(crate) const NOT_FOUND: Self = Self(404, "Not Found");
    pub(crate) const METHOD_NOT_ALLOWED: Self = Self(405, "Method Not Allowed");
    pub(crate) const REQUEST_TIMEOUT: Self = Self(408, "Request Timeout");
    pub(crate) const UNAVAILABLE: Self = Self(503, "Service Unavailable");
    pub(crate) const HEADER_TOO_LARGE: Self = Self(431, "Request Header Fields Too Large");
}

/// A status and a text.
pub(crate) struct Response {
    status: Status,
    body: String,
}

impl Response {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self { status: Status::OK, body: body.into() }
    }

    /// A status that speaks for itself.
    pub(crate) fn of(status: Status) -> Self {
        Self { status, body: status.1.to_owned() }
    }

    pub(crate) fn saying(status: Status, body: impl Into<String>) -> Self {
        Self { status, body: body.into() }
    }

    /// The bytes on the wire. `head_only` is the answer to `HEAD`: everything but the body.
    pub(crate) fn encode(&self, keep: bool, head_only: bool, now: SystemTime) -> Vec<u8> {
        let Self { status: Status(code, reason), body } = self;
        let mut text = format!(
            "HTTP/1.1 {code} {reason}\r\n\
             Date: {}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n",
            httpdate::fmt_http_date(now),
            body.len() + 1,
        );
        if *code == Status::METHOD_NOT_ALLOWED.0 {
            text.push_str("Allow: GET, HEAD\r\n");
        }
        // In HTTP/1.1 a connection stays open unless one of the two says otherwise.
        if !keep {
            text.push_str("Connection: close\r\n");
        }
        text.push_str("\r\n");
        if !head_only {
            let _ = writeln!(text, "{body}");
        }
        text.into_bytes()
    }
}
