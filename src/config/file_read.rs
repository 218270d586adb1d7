//! How a file was read.

use std::fmt;
use std::path::{Path, PathBuf};

use super::content::Taken;

/// A file of a configuration, and how it was read. Displayed on one line: `/etc/web.toml: copied, for it can be changed`.
///
/// With the feature `mmap-config`, a file is mapped if the kernel has promised that it will never change: on Linux, a
/// memfd with the seals `F_SEAL_WRITE`, `F_SEAL_SHRINK` and `F_SEAL_GROW`, handed over as `/proc/self/fd/3`. Every other
/// file is copied: a mapping of it may change while it is read, and ends the process when the file is truncated, whoever
/// does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    path: PathBuf,
    way: ReadWay,
    why: &'static str,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadWay {
    /// In one reading of its whole length, and a second look that it has not changed meanwhile.
    Copied,
    /// It is mapped into memory.
    Mapped,
}

impl FileRead {
    pub(super) fn new(path: &Path, taken: &Taken) -> Self {
        let (way, why) = match taken {
            Taken::Copied(_, why) => (ReadWay::Copied, *why),
            #[cfg(all(feature = "mmap-config", target_os = "linux"))]
            Taken::Mapped(_) => (ReadWay::Mapped, "it is sealed"),
        };
        Self { path: path.to_owned(), way, why }
    }

    /// The file; absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was read.
    #[must_use]
    pub const fn way(&self) -> ReadWay {
        self.way
    }

    /// Why in this way, in words.
    #[must_use]
    pub const fn why(&self) -> &'static str {
        self.why
    }
}

impl ReadWay {
    /// `copied` or `mapped`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Mapped => "mapped",
        }
    }
}

impl fmt::Display for FileRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::issue::write_line(f, &self.path.to_string_lossy())?;
        write!(f, ": {}, for {}", self.way.as_str(), self.why)
    }
}
