//! What is mapped and what is copied, and what is said of it.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use proc_daemon::Daemon;
use proc_daemon::config::{Config, FileRead, ReadWay};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use crate::Folder;

const TEXT: &str = "name = 'sealed'\n[performance]\nworker_threads = 3\n";

/// A memfd, and a path that leads to it.
fn memfd(text: &str, seals: SealFlags) -> (File, PathBuf) {
    let mut file = File::from(memfd_create("daemon.toml", MemfdFlags::ALLOW_SEALING).unwrap());
    file.write_all(text.as_bytes()).unwrap();
    fcntl_add_seals(&file, seals).unwrap();
    let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
    (file, path)
}

fn seals() -> SealFlags {
    SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW
}

/// How the only file was read.
#[track_caller]
fn only(config: &Config) -> FileRead {
    let files: Vec<&FileRead> = config.files().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_sealed_file_is_mapped_with_the_feature_and_copied_without() {
    let (_file, path) = memfd(TEXT, seals());
    let config = Config::load_from_file(&path).unwrap();
    assert_eq!((config.name(), config.worker_threads().map(usize::from)), ("sealed", Some(3)));
    let read = only(&config);
    assert_eq!(read.path(), path);
    let (way, text) = if cfg!(feature = "mmap-config") {
        (ReadWay::Mapped, "mapped, for it is sealed")
    } else {
        (ReadWay::Copied, "copied, for the feature `mmap-config` is off")
    };
    assert_eq!(read.way(), way, "{read}");
    assert_eq!(read.to_string(), format!("{}: {text}", path.display()));
    assert!(text.ends_with(read.why()));
}

#[test]
fn issues_in_a_sealed_file_have_their_place_and_an_empty_one_is_legal() {
    let (_file, path) = memfd("name = 'x'\n[shutdown]\ntimeout_ms = 'ten'\n", seals());
    let text = Config::load_from_file(&path).unwrap_err().to_string();
    assert!(text.starts_with(&format!("{}:3:14: shutdown.timeout_ms", path.display())), "{text}");
    let (_file, path) = memfd("", seals());
    assert_eq!(Config::load_from_file(&path).unwrap().name(), "daemon");
}

/// Each seal that is missing leaves a way to change it.
#[test]
fn what_can_change_is_copied() {
    let folder = Folder::new();
    let plain = folder.file(TEXT);
    let mut cases = vec![(None, plain)];
    for seal in [SealFlags::WRITE, SealFlags::SHRINK, SealFlags::GROW] {
        let (file, path) = memfd(TEXT, seals() - seal);
        cases.push((Some(file), path));
    }
    let (file, path) = memfd(TEXT, SealFlags::empty());
    cases.push((Some(file), path));
    for (_file, path) in &cases {
        let config = Config::load_from_file(path).unwrap();
        assert_eq!(config.name(), "sealed");
        let read = only(&config);
        assert_eq!(read.way(), ReadWay::Copied, "{read}");
        assert!(
            !cfg!(feature = "mmap-config") || read.why().contains("it can be changed"),
            "{read}"
        );
    }
}

#[test]
fn the_status_says_how_each_file_was_read() {
    let folder = Folder::new();
    let (_file, path) = memfd(TEXT, seals());
    let part = folder.write("parts/10-name.toml", "name = 'part'");
    let source = Config::file(&path).conf_d(part.parent().unwrap()).without_env();
    let daemon = Daemon::builder(source.load()).with_task("a", |_| async { Ok(()) });
    let status = daemon.build().unwrap().status();
    let files: Vec<_> = status.config_files.iter().map(FileRead::path).collect();
    assert_eq!(files, [path.as_path(), part.as_path()]);
    let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
    let (first, second) = (&json["config_files"][0], &json["config_files"][1]);
    let way = if cfg!(feature = "mmap-config") { "mapped" } else { "copied" };
    assert_eq!((&first["read"], &second["read"]), (&way.into(), &"copied".into()));
    assert_eq!(first["path"], path.to_str().unwrap());
    assert_eq!(second["why"], status.config_files[1].why());
    let unread = Daemon::builder(Config::file(&path)).with_task("a", |_| async { Ok(()) });
    assert!(unread.build().unwrap().status().config_files.is_empty());
}
