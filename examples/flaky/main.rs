//! A client of a flaky server: when it starts again, when it gives up, and how it is noticed that it is stuck.
//!
//! `cargo run --example flaky -- 127.0.0.1:7000`; for a server, `nc -l 7000`, and `printf bye | nc -l 7000` for one
//! that sends the client home.

mod client;

use std::io;
use std::process::ExitCode;

use client::{ClientError, Link, daemon};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

struct Tcp {
    addr: String,
    line: Mutex<Option<TcpStream>>,
}

impl Link for Tcp {
    async fn connect(&self) -> Result<(), ClientError> {
        *self.line.lock().await = Some(TcpStream::connect(&self.addr).await?);
        Ok(())
    }

    async fn recv(&self) -> Result<Vec<u8>, ClientError> {
        let mut bytes = vec![0; 64];
        let mut line = self.line.lock().await;
        let n = match line.as_mut() {
            Some(line) => line.read(&mut bytes).await?,
            None => return Err(io::Error::from(io::ErrorKind::NotConnected).into()),
        };
        if n == 0 {
            return Err(
                io::Error::new(io::ErrorKind::UnexpectedEof, "the server has hung up").into()
            );
        }
        bytes.truncate(n);
        Ok(bytes)
    }
}

fn main() -> ExitCode {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7".into());
    daemon(Tcp { addr, line: Mutex::new(None) }).main()
}
