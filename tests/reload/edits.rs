//! The ways in which a file is edited.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::world::text;

/// One way: how the folder is laid out with number 1, and how another number gets there.
pub(crate) struct Edit {
    pub(crate) name: &'static str,
    pub(crate) lay: fn(&Path),
    pub(crate) edit: fn(&Path, u64),
}

pub(crate) const EDITS: [Edit; 9] = [
    Edit { name: "a_write_in_place", lay: file, edit: in_place },
    Edit { name: "a_rename_onto_it", lay: file, edit: renamed },
    Edit { name: "vims_backup", lay: file, edit: vim },
    Edit { name: "a_config_map", lay: config_map, edit: swap },
    Edit { name: "deleted_and_made_again", lay: file, edit: again },
    Edit { name: "a_link_to_another_file", lay: linked, edit: link },
    Edit { name: "the_file_behind_a_link", lay: linked, edit: behind },
    Edit { name: "a_part_beside_it", lay: parts, edit: part },
    Edit { name: "another_directory_behind_a_link", lay: linked, edit: directory },
];

pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// A file and nothing else.
pub(crate) fn file(root: &Path) {
    in_place(root, 1);
}

pub(crate) fn in_place(root: &Path, n: u64) {
    write(&root.join("daemon.toml"), text(n));
}

pub(crate) fn renamed(root: &Path, n: u64) {
    put(root, text(n));
}

/// Writes beside it and renames.
pub(crate) fn put(root: &Path, text: impl AsRef<[u8]>) {
    let beside = root.join("daemon.toml.new");
    write(&beside, text);
    fs::rename(beside, root.join("daemon.toml")).unwrap();
}

/// Vim with `backup` and no copy: the file becomes the backup, a new one is written, the backup goes.
fn vim(root: &Path, n: u64) {
    let (path, backup) = (root.join("daemon.toml"), root.join("daemon.toml~"));
    fs::rename(&path, &backup).unwrap();
    write(&path, text(n));
    fs::remove_file(backup).unwrap();
}

/// Number 1, and a directory for what beats it.
fn parts(root: &Path) {
    file(root);
    fs::create_dir(root.join("conf.d")).unwrap();
}

/// One more part, which beats those before; the last but one goes.
fn part(root: &Path, n: u64) {
    let at = |n: u64| root.join("conf.d").join(format!("{n}0.toml"));
    write(&at(n), format!("[part]\nn = {n}\n"));
    let _ = fs::remove_file(at(n - 1));
}

fn again(root: &Path, n: u64) {
    fs::remove_file(root.join("daemon.toml")).unwrap();
    in_place(root, n);
}

/// As Kubernetes mounts a config map: `daemon.toml -> ..data/daemon.toml`, and `..data -> ..v1`.
fn config_map(root: &Path) {
    version(root, 1);
    symlink("..v1", root.join("..data")).unwrap();
    symlink("..data/daemon.toml", root.join("daemon.toml")).unwrap();
}

fn version(root: &Path, n: u64) {
    let folder = root.join(format!("..v{n}"));
    fs::create_dir(&folder).unwrap();
    write(&folder.join("daemon.toml"), text(n));
}

/// The next version is made ready, `..data` is swapped, and the one before is removed.
fn swap(root: &Path, n: u64) {
    version(root, n);
    symlink(format!("..v{n}"), root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    fs::remove_dir_all(root.join(format!("..v{}", n - 1))).unwrap();
}

/// Files in folders of their own, and a link to the first.
fn linked(root: &Path) {
    for (folder, n) in [("one", 1), ("other", 2)] {
        fs::create_dir(root.join(folder)).unwrap();
        write(&root.join(folder).join("set.toml"), text(n));
    }
    symlink("one/set.toml", root.join("daemon.toml")).unwrap();
}

/// To the other file, which has been there, and back.
fn link(root: &Path, n: u64) {
    let (to, from) = if n.is_multiple_of(2) { ("other", "one") } else { ("one", "other") };
    fs::remove_file(root.join("daemon.toml")).unwrap();
    symlink(root.join(to).join("set.toml"), root.join("daemon.toml")).unwrap();
    // What it led to does not count any more, and has the number after that.
    write(&root.join(from).join("set.toml"), text(n + 1));
}

/// The directory in which it leads is replaced by another one, in which the file is.
fn directory(root: &Path, n: u64) {
    let (old, new) = (root.join("old"), root.join("new"));
    fs::create_dir(&new).unwrap();
    write(&new.join("set.toml"), text(n));
    fs::rename(root.join("one"), &old).unwrap();
    fs::rename(new, root.join("one")).unwrap();
    fs::remove_dir_all(old).unwrap();
}

fn behind(root: &Path, n: u64) {
    write(&root.join("one/set.toml"), text(n));
}

/// What is another text each time that it is read, as far as its reader can tell.
#[cfg(target_os = "linux")]
pub(crate) fn being_written(root: &Path) {
    fs::remove_file(root.join("daemon.toml")).unwrap();
    symlink("/proc/sys/kernel/random/uuid", root.join("daemon.toml")).unwrap();
}
