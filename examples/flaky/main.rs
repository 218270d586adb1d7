//! A client of a flaky server: when it starts again, when it gives up, and how it is noticed that it is stuck.

mod client;

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
            None => return Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into()),
        };
        bytes.truncate(n);
        Ok(bytes)
    }
}

fn main() -> ExitCode {
    daemon(Tcp { addr: "127.0.0.1:7".into(), line: Mutex::new(None) }).main()
}
