//! Where the files are: every directory in which a name decides that, and what is there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::Files;

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// The way to each file, as it was when it was looked at.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Directories by their real path, and what counts in each of them.
    pub(super) places: BTreeMap<PathBuf, Names>,
    /// What was at each step. Equal twice: as far as the file system tells, nothing has changed.
    pub(super) seen: Vec<(PathBuf, Seen)>,
}

/// Which names in a directory count.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    exact: BTreeSet<OsString>,
    /// Every name that is read as a part of the configuration.
    parts: bool,
}

/// What stands at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Link(PathBuf),
    File { identity: Identity, len: u64, modified: Option<SystemTime> },
    Directory(Identity),
    Failed(io::ErrorKind),
    TooManyLinks,
}

/// Which file it is, and when it was last changed in any way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    node: (u64, u64),
    /// Of a file alone: a directory changes with each file in it.
    changed: (i64, i64),
    mode: u32,
}

impl Names {
    pub(super) fn has(&self, name: &OsStr) -> bool {
        self.exact.contains(name) || self.parts && is_part(name)
    }
}

/// Whether a file of that name in the directory is read.
fn is_part(name: &OsStr) -> bool {
    let is_hidden = name.as_encoded_bytes().starts_with(b".");
    !is_hidden && Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

impl Trace {
    pub(super) fn of(files: &Files) -> Self {
        let mut trace = Self::default();
        if let Some(file) = &files.file {
            trace.follow(file);
        }
        if let Some(real) = files.directory.as_ref().and_then(|path| trace.follow(path)) {
            trace.list(&real);
        }
        trace
    }

    /// Notes every step to `path`, and gives its real path if all of them are there.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut real = PathBuf::new();
        let mut links = 0;
        let mut rest: VecDeque<OsString> = parts(path).collect();
        while let Some(part) = rest.pop_front() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) => _ = real.pop(),
                Some(Component::Normal(name)) => {
                    let at = real.join(name);
                    let (seen, target) = look(&at);
                    let is_way = matches!(seen, Seen::Directory(_)) && !rest.is_empty();
                    if !is_way {
                        let names = self.places.entry(real.clone()).or_default();
                        names.exact.insert(name.to_owned());
                        self.seen.push((at.clone(), seen));
                    }
                    match target {
                        Target::Way => real = at,
                        Target::End if rest.is_empty() => real = at,
                        Target::End => return None,
                        Target::Link(target) => {
                            links += 1;
                            if links > MOST_LINKS {
                                self.seen.push((at, Seen::TooManyLinks));
                                return None;
                            }
                            for part in parts(&target).rev() {
                                rest.push_front(part);
                            }
                        }
                        Target::None => return None,
                    }
                }
                // A root takes the place of all before it.
                Some(Component::Prefix(_) | Component::RootDir) => real.push(&part),
                Some(Component::CurDir) | None => {}
            }
        }
        Some(real)
    }

    /// Notes the parts of the configuration in the directory at the real path.
    fn list(&mut self, real: &Path) {
        if !real.is_dir() {
            return;
        }
        self.places.entry(real.to_owned()).or_default().parts = true;
        match fs::read_dir(real) {
            Ok(entries) => {
                let names = entries.flatten().map(|entry| entry.file_name());
                let names: BTreeSet<_> = names.filter(|name| is_part(name)).collect();
                for name in names {
                    self.follow(&real.join(name));
                }
            }
            Err(error) => self.seen.push((real.to_owned(), Seen::Failed(error.kind()))),
        }
    }
}

fn parts(path: &Path) -> std::vec::IntoIter<OsString> {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_owned()).collect();
    parts.into_iter()
}

/// Where a step leads.
enum Target {
    /// Into a directory.
    Way,
    /// To what is neither a directory nor a link.
    End,
    Link(PathBuf),
    None,
}

fn look(at: &Path) -> (Seen, Target) {
    let looked = fs::symlink_metadata(at).and_then(|metadata| {
        if metadata.is_symlink() {
            let target = fs::read_link(at)?;
            Ok((Seen::Link(target.clone()), Target::Link(target)))
        } else if metadata.is_dir() {
            Ok((Seen::Directory(Identity::of(&metadata)), Target::Way))
        } else {
            let (identity, modified) = (Identity::of(&metadata), metadata.modified().ok());
            Ok((Seen::File { identity, len: metadata.len(), modified }, Target::End))
        }
    });
    looked.unwrap_or_else(|error| (Seen::Failed(error.kind()), Target::None))
}

impl Identity {
    /// Of the directory at `path`; none if there is none.
    pub(super) fn of_directory(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    /// Whether both are one directory.
    pub(super) fn is_same(self, other: Self) -> bool {
        self.node == other.node
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self {
            node: (metadata.dev(), metadata.ino()),
            changed: if metadata.is_dir() { (0, 0) } else { changed },
            mode: metadata.mode(),
        }
    }

    /// Nothing tells two files at one path apart but what is told of them.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self { node: (0, 0), changed: (0, 0), mode: 0 }
    }
}
