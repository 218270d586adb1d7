//! As much of an HTTP client as the tests need: it sends what it is told and reads answers one by one.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take: reached only by a hang.
const LIMIT: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the service listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit above 0");
        stream.set_write_timeout(Some(LIMIT)).expect("a limit above 0");
        stream.set_nodelay(true).expect("a live socket");
        Self { stream, unread: Vec::new() }
    }

    /// Sends bytes as they are. The server may have closed already: that shows when the answer is read.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends a request, which allows more of them on this connection.
    pub(crate) fn send_get(&mut self, target: &str) {
        self.send(get(target));
    }

    /// Sends a request and waits for the answer.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send_get(target);
        self.answer()
    }

    /// Waits for the next answer.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.more(), "no answer; so far {:?}", String::from_utf8_lossy(&self.unread));
        };
        let head = self.take(end);
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
        let mut answer = Answer { status, head, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let length: usize = length.unwrap_or_else(|| panic!("no length in {answer:?}"));
        while self.unread.len() < length {
            assert!(self.more(), "the body of {answer:?} is cut short");
        }
        answer.body = self.take(length);
        answer
    }

    /// Waits until the server closes. Gives what it said before that.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> String {
        while self.more() {}
        let length = self.unread.len();
        self.take(length)
    }

    fn take(&mut self, length: usize) -> String {
        String::from_utf8_lossy(&self.unread.drain(..length).collect::<Vec<_>>()).into_owned()
    }

    /// False at the end.
    #[track_caller]
    fn more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(length) => {
                self.unread.extend_from_slice(&chunk[..length]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("no answer within {LIMIT:?}: {error}"),
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether the server says that it closes after this.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

/// The bytes of a request.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")
}
