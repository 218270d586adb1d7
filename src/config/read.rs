//! Reading a file whole, whatever it turns out to be.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::{ConfigError, ConfigErrorKind};
use super::issue::{Location, Source};

/// The most that is read: 1 MiB. A file that a person writes stays far below, and a path that is
/// wrong by mistake (a log, a database, `/dev/zero`) must not fill the memory at start.
pub(super) const LIMIT: u64 = 1 << 20;

/// The bytes of the file at `path`, which is called `source` in the error.
///
/// Pipes and devices are read like files, so `--config <(generate)` works; reading stops past the
/// limit. Opening a named pipe waits for its writer.
pub(super) fn bytes(path: &Path, source: &Source) -> Result<Vec<u8>, ConfigError> {
    let location = || Location::new(source.clone(), None);
    let mut file =
        File::open(path).map_err(|error| ConfigError::io(location(), "opened", &error))?;
    let metadata =
        file.metadata().map_err(|error| ConfigError::io(location(), "examined", &error))?;
    if metadata.is_dir() {
        let message = "is a directory, not a file".to_owned();
        return Err(ConfigError::file(ConfigErrorKind::Unreadable, location(), message));
    }
    let mut bytes = Vec::new();
    if metadata.len() <= LIMIT {
        let mut bounded = Read::by_ref(&mut file).take(LIMIT + 1);
        bounded
            .read_to_end(&mut bytes)
            .map_err(|error| ConfigError::io(location(), "read", &error))?;
    }
    if metadata.len() > LIMIT || bytes.len() as u64 > LIMIT {
        let message = format!("is longer than {LIMIT} bytes (1 MiB), the most that is read");
        return Err(ConfigError::file(ConfigErrorKind::TooLarge, location(), message));
    }
    Ok(bytes)
}
