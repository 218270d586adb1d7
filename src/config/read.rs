//! Reading a file whole, whatever it turns out to be, as it was at one moment.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::error::{ConfigError, ConfigErrorKind};
use super::issue::{Location, Source};

/// The most that is read: 1 MiB. A file that a person writes stays far below, and a path that is
/// wrong by mistake (a log, a database, `/dev/zero`) must not fill the memory at start.
pub(super) const LIMIT: u64 = 1 << 20;

/// How often a file is read that changes meanwhile, and the time in between: about 100 ms in all.
const TRIES: u32 = 9;
const BETWEEN: Duration = Duration::from_millis(12);

/// The bytes of the file at `path`, which is called `source` in the error.
///
/// Pipes and devices are read like files, so `--config <(generate)` works; reading stops past the
/// limit. Opening a named pipe waits for its writer.
///
/// A file that is seen to be written or replaced while it is read is read again. A writer that pauses in the midst of
/// its work cannot be seen: that is what the pause before a reload is for.
pub(super) fn bytes(path: &Path, source: &Source) -> Result<Vec<u8>, ConfigError> {
    for again in 0..TRIES {
        if again > 0 {
            pause();
        }
        if let Some(bytes) = once(path, source)? {
            return Ok(bytes);
        }
    }
    let message = format!(
        "is being written: it has changed each of the {TRIES} times it was read; it has to be left alone for a moment"
    );
    Err(ConfigError::file(ConfigErrorKind::Changing, Location::new(source.clone(), None), message))
}

#[expect(clippy::disallowed_methods, reason = "what writes the file is outside, and tells nothing")]
fn pause() {
    std::thread::sleep(BETWEEN);
}

/// None if it changed while it was read.
fn once(path: &Path, source: &Source) -> Result<Option<Vec<u8>>, ConfigError> {
    let location = || Location::new(source.clone(), None);
    let failed = |doing| move |error: io::Error| ConfigError::io(location(), doing, &error);
    let mut file = File::open(path).map_err(failed("opened"))?;
    let before = file.metadata().map_err(failed("examined"))?;
    if before.is_dir() {
        let message = "is a directory, not a file".to_owned();
        return Err(ConfigError::file(ConfigErrorKind::Unreadable, location(), message));
    }
    let bytes = bounded(&mut file, &before).map_err(failed("read"))?;
    let Some(bytes) = bytes else {
        let message = format!("is longer than {LIMIT} bytes (1 MiB), the most that is read");
        return Err(ConfigError::file(ConfigErrorKind::TooLarge, location(), message));
    };
    // What is no file cannot be read twice.
    if !before.is_file() {
        return Ok(Some(bytes));
    }
    // Times are as coarse as the system's tick: a second reading sees what they do not show.
    file.seek(SeekFrom::Start(0)).map_err(failed("read"))?;
    let second = bounded(&mut file, &before).map_err(failed("read"))?;
    let after = file.metadata().map_err(failed("examined"))?;
    let is_there = std::fs::metadata(path).is_ok_and(|there| is_same(&after, &there));
    let is_whole = second.as_ref() == Some(&bytes) && is_same(&before, &after) && is_there;
    Ok(is_whole.then_some(bytes))
}

/// All of it; none if that is beyond the limit.
fn bounded(file: &mut File, metadata: &Metadata) -> io::Result<Option<Vec<u8>>> {
    if metadata.len() > LIMIT {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LIMIT).then_some(bytes))
}

/// Whether both are one file that was not written in between, as far as its times show.
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    let looks = |metadata: &Metadata| (metadata.len(), metadata.modified().ok());
    looks(one) == looks(other) && node(one) == node(other)
}

#[cfg(unix)]
fn node(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn node(_: &Metadata) {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Two writers' texts, as long as the other, both longer than a page.
    fn texts() -> [Vec<u8>; 2] {
        [b'a', b'b'].map(|byte| vec![byte; 100_000])
    }

    #[test]
    fn a_file_that_is_replaced_all_the_time_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (path, beside) = (folder.path().join("a"), folder.path().join("b"));
        let source = Source::file("a", 0);
        let stop = AtomicBool::new(false);
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
                let read = bytes(&path, &source);
                assert!(read.is_err() || texts().contains(&read.unwrap()));
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
