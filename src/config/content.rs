//! What is in a file at one moment: mapped where nobody can change it any more, copied otherwise.
//!
//! Knows nothing of the crate around it: the benchmarks are built from this file as well.
//!
//! 1. A file is mapped only if the kernel has promised that nobody will write to it, shorten or lengthen it: a memfd
//!    with those seals, whose promise cannot be taken back. Any other mapping may change under a reader, or kill it.
//! 2. A copy is of one moment, as far as a second look at the file can tell, or it is not given.
//! 3. At most `limit` bytes are taken.
//! 4. Nothing is read that is no file, but for what a descriptor of this process leads to: that is open already. The
//!    opening waits for nobody, whatever has come to the path since it was looked at.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::Path;

/// The bytes, in the caller's buffer or mapped.
pub(super) enum Content<'b> {
    Copied(&'b [u8]),
    #[cfg(all(feature = "mmap-config", target_os = "linux"))]
    Mapped(safe_mmap::Mapping),
}

impl Deref for Content<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            #[cfg(all(feature = "mmap-config", target_os = "linux"))]
            Self::Mapped(mapping) => mapping.as_bytes(),
        }
    }
}

/// Where the bytes are.
pub(super) enum Taken {
    /// So many at the beginning of the buffer, and why they are not mapped.
    Copied(usize, &'static str),
    #[cfg(all(feature = "mmap-config", target_os = "linux"))]
    Mapped(safe_mmap::Mapping),
}

impl Taken {
    /// What came of it, the buffer being the one that was given.
    pub(super) fn content(self, buffer: &[u8]) -> Content<'_> {
        match self {
            Self::Copied(length, _) => Content::Copied(&buffer[..length]),
            #[cfg(all(feature = "mmap-config", target_os = "linux"))]
            Self::Mapped(mapping) => Content::Mapped(mapping),
        }
    }
}

/// Why there is nothing.
pub(super) enum Failure {
    /// The system, and what it could not do.
    Io(&'static str, io::Error),
    Directory,
    /// It is this, and no file.
    NoFile(&'static str),
    TooLong,
    /// It was written or replaced meanwhile.
    Changing,
}

/// Looks at the file at `path` once. What is in the buffer is overwritten; it grows as it has to.
pub(super) fn take(path: &Path, limit: usize, buffer: &mut Vec<u8>) -> Result<Taken, Failure> {
    let opened = |error| Failure::Io("opened", error);
    // Before it is opened, which may do anything to a device.
    let there = std::fs::metadata(path).map_err(opened)?;
    let is_open = no_file(&there).is_some() && is_of_a_descriptor(path);
    let refused = |what: &Metadata| no_file(what).filter(|_| !is_open).map(Failure::NoFile);
    refused(&there).map_or(Ok(()), Err)?;
    let mut file = open(path).map_err(opened)?;
    let before = examined(&file)?;
    refused(&before).map_or(Ok(()), Err)?;
    if before.is_dir() {
        return Err(Failure::Directory);
    }
    if before.len() > limit as u64 {
        return Err(Failure::TooLong);
    }
    match mapped(&file, &before) {
        #[cfg(all(feature = "mmap-config", target_os = "linux"))]
        Ok(mapping) => Ok(Taken::Mapped(mapping)),
        Err(why) => Ok(Taken::Copied(copied(&mut file, path, &before, limit, buffer)?, why)),
    }
}

/// Opens it for reading, without waiting for who writes to a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = |flags| rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()));
    let file = match opened(flags | OFlags::NONBLOCK) {
        // Who has a lease on a file gives it back at once, or when the system takes it.
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => opened(flags),
        other => other,
    };
    Ok(File::from(file?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// What it is, if it is neither a file nor a directory, nor what stands for an empty file.
#[cfg(unix)]
pub(super) fn no_file(there: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let kind = there.file_type();
    // In the place of a file, it masks that: by a link, or mounted over it.
    let null = || std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == there.rdev());
    if kind.is_char_device() && null() {
        return None;
    }
    (!kind.is_file() && !kind.is_dir()).then(|| match () {
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    })
}

#[cfg(not(unix))]
pub(super) fn no_file(_: &Metadata) -> Option<&'static str> {
    None
}

/// Whether the path, or what its links lead to, is a descriptor of this process.
fn is_of_a_descriptor(path: &Path) -> bool {
    let folders = ["/proc/self/fd", "/proc/thread-self/fd", "/dev/fd"];
    let folders = folders.map(|folder| std::fs::canonicalize(folder).ok());
    let mut path = Cow::Borrowed(path);
    for _ in 0..MOST_LINKS {
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.is_empty() && name.iter().all(u8::is_ascii_digit) {
            let folder = std::fs::canonicalize(folder).ok();
            if folder.is_some() && folders.contains(&folder) {
                return true;
            }
        }
        let Ok(target) = std::fs::read_link(&path) else { return false };
        path = Cow::Owned(folder.join(target));
    }
    false
}

/// As many as the system follows.
const MOST_LINKS: u32 = 40;

/// Maps a file that cannot change; else says why it is copied.
#[cfg(all(feature = "mmap-config", target_os = "linux"))]
fn mapped(file: &File, metadata: &Metadata) -> Result<safe_mmap::Mapping, &'static str> {
    use std::os::linux::fs::MetadataExt;

    if !metadata.is_file() {
        return Err("it is not a file");
    }
    // Asks the kernel for the seals; who has them cannot lose them.
    let Ok(sealed) = safe_mmap::ImmutableFd::from_sealed_memfd(file) else {
        return Err(
            "it can be changed: it is not a memfd sealed against writing, shrinking and growing",
        );
    };
    // A page that was never written is made when it is read, and a reader that the kernel has none for is killed.
    if metadata.st_blocks() * 512 < metadata.st_size() {
        return Err("it has holes");
    }
    sealed.mmap().map_err(|_| "the system does not map it")
}

#[cfg(all(feature = "mmap-config", not(target_os = "linux")))]
fn mapped(_: &File, _: &Metadata) -> Result<std::convert::Infallible, &'static str> {
    Err("this system has no files that cannot change")
}

#[cfg(not(feature = "mmap-config"))]
fn mapped(_: &File, _: &Metadata) -> Result<std::convert::Infallible, &'static str> {
    Err("the feature `mmap-config` is off")
}

/// Copies it; how many bytes that are.
pub(super) fn copied(
    file: &mut File,
    path: &Path,
    before: &Metadata,
    limit: usize,
    buffer: &mut Vec<u8>,
) -> Result<usize, Failure> {
    let failed = |error| Failure::Io("read", error);
    let expected = usize::try_from(before.len()).unwrap_or(limit);
    let length = fill(file, expected, limit, buffer).map_err(failed)?;
    if length > limit {
        return Err(Failure::TooLong);
    }
    // What is no file cannot be read twice.
    if !before.is_file() {
        return Ok(length);
    }
    // Times are as coarse as the system's tick: a second reading sees what they do not show.
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let is_whole = holds(file, &buffer[..length]).map_err(failed)? && {
        let after = examined(file)?;
        let is_there = std::fs::metadata(path).is_ok_and(|there| is_same(&after, &there));
        is_same(before, &after) && is_there
    };
    if is_whole { Ok(length) } else { Err(Failure::Changing) }
}

/// Reads until its end, or past the limit: one call for a file that is as long as it says, and one that finds its end.
fn fill(file: &mut File, expected: usize, limit: usize, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut length = 0;
    let mut room = expected.min(limit) + 1;
    loop {
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        match file.read(&mut buffer[length..room]) {
            Ok(0) => return Ok(length),
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(file)?,
            Err(error) => return Err(error),
        }
        if length > limit {
            return Ok(length);
        }
        if length == room {
            room = (2 * room).max(PIECE).min(limit + 1);
        }
    }
}

/// Waits until there is more in a pipe, or nobody left who writes to it.
#[cfg(unix)]
fn wait(file: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(file, PollFlags::IN)], None))?;
    Ok(())
}

#[cfg(not(unix))]
fn wait(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// How much is compared at once, and the least that is read of what does not say how long it is.
const PIECE: usize = 16 * 1024;

/// Whether the rest of the file is `expected`.
fn holds(file: &mut File, mut expected: &[u8]) -> io::Result<bool> {
    let mut piece = [0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(expected.is_empty()),
            Ok(more) => match expected.strip_prefix(&piece[..more]) {
                Some(rest) => expected = rest,
                None => return Ok(false),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn examined(file: &File) -> Result<Metadata, Failure> {
    file.metadata().map_err(|error| Failure::Io("examined", error))
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
