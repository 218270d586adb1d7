//! The subsystem `store`: counts requests, and keeps the count in a file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use proc_daemon::{Context, End, Result, Subsystem};
use tracing::info;

use crate::settings::StoreSettings;

/// How many requests have been served. Clones share.
#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Default)]
struct Inner {
    served: AtomicU64,
    disk: Mutex<Disk>,
}

/// The file. Its lock is held during I/O, so only blocking code takes it.
#[derive(Default)]
struct Disk {
    path: Option<PathBuf>,
    saved: u64,
}

impl Subsystem for Store {
    fn name(&self) -> &str {
        "store"
    }

    async fn run(&self, ctx: Context) -> Result<()> {
        let path = ctx.settings::<StoreSettings>().path.clone();
        let store = self.clone();
        // Disks block. The first `?` is for the child (a panic, an abort), the second for its result.
        ctx.spawn_blocking(move || store.open(path)).await??;
        ctx.ready();

        // Resolves when it is this subsystem's turn: `http` has ended, so nobody counts any more.
        ctx.cancelled().await;

        let store = self.clone();
        ctx.spawn_blocking(move || store.save()).await??;
        info!("store stopped: {} requests served", self.served());
        Ok(())
    }
}

impl Store {
    /// Whether another start would end in the same way.
    pub(crate) fn is_hopeless(end: &End) -> bool {
        end.find::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::InvalidData)
    }

    /// Counts one request.
    pub(crate) fn count(&self) {
        self.0.served.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn served(&self) -> u64 {
        self.0.served.load(Ordering::Relaxed)
    }

    /// Goes on from the count in the file; from 0 if there is none.
    fn open(&self, path: Option<PathBuf>) -> io::Result<()> {
        let mut disk = self.0.disk.lock();
        if let Some(path) = &path {
            disk.saved = read(path).map_err(|error| naming(path, &error))?;
            self.0.served.store(disk.saved, Ordering::Relaxed);
        }
        disk.path = path;
        Ok(())
    }

    /// Writes the count to the file, if it has changed. Blocks.
    pub(crate) fn save(&self) -> io::Result<()> {
        let mut disk = self.0.disk.lock();
        let served = self.served();
        if let Some(path) = &disk.path
            && served != disk.saved
        {
            write(path, served).map_err(|error| naming(path, &error))?;
            disk.saved = served;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<u64> {
    match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            io::Error::new(ErrorKind::InvalidData, "is not a count; move it out of the way")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// By way of a second file: whenever the machine stops, one of the two is whole.
fn write(path: &Path, served: u64) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    writeln!(file, "{served}")?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// The operating system's errors do not say which file.
fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("[store] path = {}: {error}", path.display()))
}
