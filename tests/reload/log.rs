//! What is logged in this process. A test finds its own lines by the path of its folder.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

static ALOUD: AtomicBool = AtomicBool::new(false);
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what is logged, and writes it to stderr as well.
#[cfg(all(target_os = "linux", feature = "config-watch"))]
pub(crate) fn install_aloud() {
    ALOUD.store(true, Ordering::Relaxed);
    install();
}

/// Keeps what is logged.
pub(crate) fn install() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(Keep)
        .init();
}

/// Whether a line was logged that has every one of `parts`.
pub(crate) fn has(parts: &[&str]) -> bool {
    LINES.lock().iter().any(|line| parts.iter().all(|part| line.contains(part)))
}

/// How many lines have `part`.
pub(crate) fn count(part: &str) -> usize {
    LINES.lock().iter().filter(|line| line.contains(part)).count()
}

struct Keep;

impl MakeWriter<'_> for Keep {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if ALOUD.load(Ordering::Relaxed) {
            io::stderr().write_all(bytes)?;
        }
        LINES.lock().push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
