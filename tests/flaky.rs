//! The example `flaky`, in virtual time.

#[path = "../examples/flaky/client.rs"]
mod client;

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::Duration;

use client::{ClientError, Link, daemon};
use parking_lot::Mutex;
use proc_daemon::sim::Sim;
use proc_daemon::{EndKind, Signal, SubsystemState::Running};

type Answer = Result<(), ClientError>;

/// Connects as scripted, then stays silent.
struct Scripted(Mutex<VecDeque<Answer>>);

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }
}

fn broken() -> Answer {
    Err(ClientError::Io(io::ErrorKind::ConnectionRefused.into()))
}

impl Link for Scripted {
    async fn connect(&self) -> Answer {
        self.0.lock().pop_front().unwrap_or(Ok(()))
    }

    async fn recv(&self) -> Result<Vec<u8>, ClientError> {
        pending().await
    }
}

#[test]
fn it_comes_back_after_three_refusals() {
    let link = Scripted::new([broken(), broken(), broken()]);
    let life = Sim::new(7).daemon(daemon(link)).script(|s| async move {
        s.until_ready().await;
        assert_eq!((s.restarts("client"), s.state("client")), (3, Running));
        s.advance(Duration::from_secs(60)).await;
        s.raise(Signal::Terminate);
        assert_eq!(s.finish().await.code, 0);
    });
    life.expect_clean();
}

/// The check is asked every 5 s: 30 s are over at the sixth time, and the eighth answer is the third bad one.
#[test]
fn its_silence_is_noticed() {
    let life = Sim::new(7).daemon(daemon(Scripted::new([]))).script(|s| async move {
        s.advance(Duration::from_secs(39)).await;
        assert_eq!((s.restarts("client"), s.state("client")), (0, Running));
        s.advance(Duration::from_secs(2)).await;
        assert_eq!((s.restarts("client"), s.state("client")), (1, Running));
        // The next start has as long as the first.
        s.advance(Duration::from_secs(37)).await;
        assert_eq!(s.restarts("client"), 1);
        s.advance(Duration::from_secs(5)).await;
        assert_eq!(s.restarts("client"), 2);
    });
    life.expect_clean();
}

#[test]
fn bad_credentials_are_not_retried() {
    let life = Sim::new(7).daemon(daemon(Scripted::new([Err(ClientError::Auth)]))).run();
    assert_eq!(life.report().code, 1);
    let end = life.report().end_of("client").unwrap();
    assert_eq!(end.kind(), EndKind::Error);
    assert!(matches!(end.find::<ClientError>(), Some(ClientError::Auth)));
}
