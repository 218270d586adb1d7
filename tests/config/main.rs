//! Configuration, from outside: files as they are met in the wild, and the layers over them.
#![cfg(unix)]

mod files;
mod layers;
mod precedence;
#[cfg(target_os = "linux")]
mod sealed;
mod secrets;

use std::fs;
use std::path::{Path, PathBuf};

use proc_daemon::config::ConfigError;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes `daemon.toml`.
    fn file(&self, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.write("daemon.toml", bytes)
    }

    /// Writes a file, and makes the directory that it is in.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The lines of the error, without the folder.
    fn lines(&self, error: &ConfigError) -> Vec<String> {
        let folder = format!("{}/", self.root().display());
        error.to_string().lines().map(|line| line.replace(&folder, "")).collect()
    }
}
