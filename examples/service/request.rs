//! The head of a request. Bodies are not read: no route takes one.

use httparse::{EMPTY_HEADER, Header};

use crate::response::Status;

/// Most bytes of a head.
pub(crate) const HEAD_LIMIT: usize = 8 * 1024;
/// Most header lines.
const HEADERS: usize = 64;

pub(crate) struct Request {
    method: String,
    /// The path, and what follows the `?`.
    path: String,
    query: String,
    /// Whether another request may follow on the connection.
    pub(crate) reusable: bool,
}

pub(crate) enum Parsed {
    /// The rest is still to come.
    Partial,
    /// A request, and how many bytes it is long.
    Whole(Request, usize),
    Refused(Status),
}

impl Request {
    pub(crate) fn parse(bytes: &[u8]) -> Parsed {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let length = match head.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Parsed::Partial,
            Err(httparse::Error::TooManyHeaders) => {
                return Parsed::Refused(Status::HEADER_TOO_LARGE);
            }
            Err(_) => return Parsed::Refused(Status::BAD_REQUEST),
        };
        match Self::read(&head) {
            Some(request) => Parsed::Whole(request, length),
            None => Parsed::Refused(Status::BAD_REQUEST),
        }
    }

    /// None if the head is well-formed but no request that HTTP allows.
    fn read(head: &httparse::Request<'_, '_>) -> Option<Self> {
        let (method, target, minor) = (head.method?, head.path?, head.version?);
        let headers = &*head.headers;
        let hosts = values(headers, "host").count();
        if hosts > 1 || (hosts == 0 && minor > 0) {
            return None;
        }
        let target = origin_form(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            // The bytes of an unread body are not to be taken for a request.
            reusable: minor > 0 && !says_close(headers) && !has_body(headers)?,
        })
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The answer has no body.
    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The value of `name=value` in the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }
}

/// A client may name the server in the request line, as it does to a proxy: `http://host/path`.
fn origin_form(target: &str) -> &str {
    match target.split_once("://") {
        Some(("http" | "https", rest)) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
        _ => target,
    }
}

fn values<'a>(headers: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|h| h.value)
}

fn says_close(headers: &[Header<'_>]) -> bool {
    let mut words =
        values(headers, "connection").flat_map(|value| value.split(|byte| *byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// None if the two ways to announce a body are both used, or one of them wrongly.
fn has_body(headers: &[Header<'_>]) -> Option<bool> {
    let encoded = values(headers, "transfer-encoding").next().is_some();
    let mut lengths = values(headers, "content-length");
    let Some(first) = lengths.next() else {
        return Some(encoded);
    };
    let number = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    if encoded || !number || lengths.any(|other| other != first) {
        return None;
    }
    Some(first.iter().any(|digit| *digit != b'0'))
}
