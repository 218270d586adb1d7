//! The copy of the workspace, in memory and on disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Every file of the workspace, by its path with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Not copied, wherever they are.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

pub fn read(root: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    for path in below(root)? {
        files.insert(name(root, &path), fs::read(&path)?);
    }
    Ok(files)
}

/// Makes `folder` hold `files` and nothing else. What is the same is not written again: cargo goes by the
/// time of the last change.
pub fn write(files: &Files, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    for path in below(folder)? {
        if !files.contains_key(&name(folder, &path)) {
            fs::remove_file(path)?;
        }
    }
    for (name, content) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|known| known == *content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// The files below `root`, at any depth.
fn below(root: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let left_out = LEFT_OUT.iter().any(|name| entry.file_name() == *name);
            match entry.file_type()? {
                _ if left_out => {}
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    Ok(files)
}

fn name(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
