//! Reading a file whole, whatever it turns out to be, as it was at one moment.

use std::path::Path;
use std::time::Duration;

use tracing::debug;

use super::content::{self, Content, Failure};
use super::error::{ConfigError, ConfigErrorKind};
use super::file_read::FileRead;
use super::issue::{Location, Source};
use super::size::Size;

/// How often a file is read that changes meanwhile, and the time in between: about 100 ms in all.
const TRIES: u32 = 9;
const BETWEEN: Duration = Duration::from_millis(12);

/// Reads files one after the other, into one buffer.
pub(super) struct Reader {
    limit: Size,
    buffer: Vec<u8>,
}

impl Reader {
    /// One that reads files up to that size.
    pub(super) const fn new(limit: Size) -> Self {
        Self { limit, buffer: Vec::new() }
    }

    /// The bytes of the file at `path`, which is called `source` in the error, and how they were read.
    ///
    /// A pipe that is open already is read like a file, so `--config <(generate)` works; reading stops past the limit.
    /// What is no file and has a path of its own is refused.
    ///
    /// A file that is seen to be written or replaced while it is read is read again. A writer that pauses in the midst
    /// of its work cannot be seen: that is what the pause before a reload is for.
    pub(super) fn bytes(
        &mut self,
        path: &Path,
        source: &Source,
    ) -> Result<(Content<'_>, FileRead), ConfigError> {
        // More than that no buffer can hold.
        let limit = usize::try_from(self.limit.bytes()).unwrap_or(usize::MAX).min(usize::MAX / 4);
        let mut tries = 1;
        let taken = loop {
            match content::take(path, limit, &mut self.buffer) {
                Ok(taken) => break taken,
                Err(Failure::Changing) if tries < TRIES => pause(),
                Err(failure) => return Err(error(failure, self.limit, source)),
            }
            tries += 1;
        };
        let read = FileRead::new(path, &taken);
        debug!("{read}");
        Ok((taken.content(&self.buffer), read))
    }
}

#[expect(clippy::disallowed_methods, reason = "what writes the file is outside, and tells nothing")]
fn pause() {
    std::thread::sleep(BETWEEN);
}

/// What `failure` comes to for who reads a file called `source`.
fn error(failure: Failure, limit: Size, source: &Source) -> ConfigError {
    let location = Location::new(source.clone(), None);
    let (kind, message) = match failure {
        Failure::Io(doing, error) => return ConfigError::io(location, doing, &error),
        Failure::Directory => {
            (ConfigErrorKind::Unreadable, "is a directory, not a file".to_owned())
        }
        Failure::NoFile(what) => (
            ConfigErrorKind::Unreadable,
            format!(
                "is {what}, not a file, and is not read, which could wait for ever; a pipe is read from a descriptor \
                 of this process, as /dev/fd/3 or /dev/stdin"
            ),
        ),
        Failure::TooLong => (
            ConfigErrorKind::TooLarge,
            format!(
                "is longer than {} bytes ({limit}), the most that is read: shorten it, or start with a higher \
                 limits.config_file from the environment or code; a file cannot raise it for itself",
                limit.bytes()
            ),
        ),
        Failure::Changing => (
            ConfigErrorKind::Changing,
            format!(
                "is being written: it has changed each of the {TRIES} times it was read; it has to be left alone for a moment"
            ),
        ),
    };
    ConfigError::file(kind, location, message)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn reader() -> Reader {
        Reader::new(Size::new(LIMIT as u64))
    }

    /// Two writers' texts, as long as the other, both longer than a page.
    fn texts() -> [Vec<u8>; 2] {
        [b'a', b'b'].map(|byte| vec![byte; 100_000])
    }

    #[test]
    fn a_file_that_is_replaced_all_the_time_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (path, beside) = (folder.path().join("a"), folder.path().join("b"));
        let source = Source::file("a", 0);
        let (stop, mut reader) = (AtomicBool::new(false), reader());
        std::fs::write(&path, &texts()[0]).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    for text in texts() {
                        std::fs::write(&beside, text).unwrap();
                        std::fs::rename(&beside, &path).unwrap();
                    }
                }
            });
            for _ in 0..30 {
                if let Ok((read, _)) = reader.bytes(&path, &source) {
                    assert!(texts().iter().any(|text| **text == *read));
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    /// A page that is a hole is made when it is read, which may fail: a copy gets an error then, a mapping a signal.
    #[cfg(all(feature = "mmap-config", target_os = "linux"))]
    #[test]
    fn a_sealed_file_with_a_hole_is_copied() {
        use std::os::fd::AsRawFd as _;

        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

        let mut reader = reader();
        for (length, why) in [(4096, "it is sealed"), (1 << 19, "it has holes")] {
            let file = std::fs::File::from(memfd_create("a", MemfdFlags::ALLOW_SEALING).unwrap());
            std::io::Write::write_all(&mut &file, &[b'a'; 4096]).unwrap();
            file.set_len(length).unwrap();
            let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW;
            fcntl_add_seals(&file, seals).unwrap();
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            let (bytes, read) = reader.bytes(path.as_ref(), &Source::file("a", 0)).unwrap();
            assert_eq!((bytes.len() as u64, read.why()), (length, why));
        }
    }

    #[test]
    fn one_buffer_reads_longer_and_shorter_files_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (path, source) = (folder.path().join("a"), Source::file("a", 0));
        let mut reader = reader();
        for length in [100, 70_000, 0, 16 * 1024, LIMIT, 1, LIMIT + 1] {
            let text = vec![b'a'; length];
            std::fs::write(&path, &text).unwrap();
            match reader.bytes(&path, &source) {
                Ok((bytes, _)) => assert!(length <= LIMIT && *bytes == *text, "{length}"),
                Err(error) => {
                    assert_eq!((length, error.kind()), (LIMIT + 1, ConfigErrorKind::TooLarge));
                }
            }
        }
    }
}
