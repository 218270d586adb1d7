use std::io::{self, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long a last word may take.
const CAP: Duration = Duration::from_millis(100);

/// Writes `text` to stderr from a thread of its own and waits for at most 100 ms.
///
/// It does not take the lock of `std::io::stderr`, which stuck code may hold, where the platform lets it.
pub(crate) fn say(text: String) {
    let (done, written) = channel();
    let writer = std::thread::Builder::new().name("last words".into()).spawn(move || {
        let _ = write(text.as_bytes());
        let _ = done.send(());
    });
    if writer.is_ok() {
        let _ = written.recv_timeout(CAP);
    }
}

#[cfg(unix)]
fn write(bytes: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd;
    let fd = io::stderr().as_fd().try_clone_to_owned()?;
    std::fs::File::from(fd).write_all(bytes)
}

#[cfg(not(unix))]
fn write(bytes: &[u8]) -> io::Result<()> {
    io::stderr().write_all(bytes)
}
