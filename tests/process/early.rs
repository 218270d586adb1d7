//! Signals in the first moments of a process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use parking_lot::Mutex;

use crate::support::process::{Process, Signal};
use crate::{child, on_rows, rows};

pub(crate) fn trials() -> Vec<Trial> {
    on_rows(
        "sigterm_at_each_of_the_first_300_ms_is_never_lost_and_never_kills",
        rows::EACH,
        each_ms,
    )
}

/// How many processes live at once: they sleep for most of their time.
const AT_ONCE: usize = 6;

fn each_ms(row: &'static str) {
    let next = AtomicU64::new(0);
    let in_place = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let ms = next.fetch_add(1, Ordering::Relaxed);
                    if ms >= 300 {
                        break;
                    }
                    in_place.lock().push(term_at(row, ms));
                }
            });
        }
    });
    let mut in_place = in_place.into_inner();
    in_place.sort_unstable();
    let (first, middle, last) =
        (in_place[0], in_place[in_place.len() / 2], in_place[in_place.len() - 1]);
    eprintln!(
        "{row}: exec to handlers in place, {AT_ONCE} processes at once: \
         {first:?} at least, {middle:?} median, {last:?} at most"
    );
}

/// Sends SIGTERM `ms` after the handlers are in place; gives the time from exec to that.
fn term_at(row: &str, ms: u64) -> Duration {
    let began = Instant::now();
    let process = Process::spawn(child("idle", row).env("RUST_LOG", "debug"));
    let line = process.stderr_line("signal handlers are in place");
    // The moment is what is tested here.
    std::thread::sleep(Duration::from_millis(ms));
    process.signal(Signal::TERM);
    let exit = process.wait().expect_code(0);
    exit.expect_stderr("shutting down: SIGTERM");
    line.at - began
}
