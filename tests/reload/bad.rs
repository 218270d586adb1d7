//! Edits that cannot be used. Each is refused with its reason, changes nothing, and is forgotten with the next good one.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use libtest_mimic::Trial;
use proc_daemon::ReloadErrorKind;
use proc_daemon::config::ConfigErrorKind as Kind;

use crate::edits::{file, put, write};
use crate::rows::on_each;
use crate::world::{World, text};

/// One way to spoil it.
pub(crate) struct Bad {
    pub(crate) name: &'static str,
    spoil: fn(&Path),
    /// What is said of it.
    says: &'static str,
    kind: Kind,
}

pub(crate) const BAD: &[Bad] = &[
    Bad { name: "what_is_no_toml", spoil: no_toml, says: "daemon.toml:2:", kind: Kind::Syntax },
    Bad {
        name: "an_unknown_key",
        spoil: typo,
        says: "unknown key `nn` in [part]",
        kind: Kind::Invalid,
    },
    Bad { name: "a_wrong_value", spoil: wrong, says: ":3:5: part.n = -1", kind: Kind::Invalid },
    Bad { name: "an_emptied_file", spoil: empty, says: "is empty, and was not", kind: Kind::Empty },
    Bad { name: "a_torn_file", spoil: torn, says: "daemon.toml:3:", kind: Kind::Syntax },
    Bad { name: "a_missing_file", spoil: missing, says: ": no such file", kind: Kind::Missing },
    Bad {
        name: "a_directory_in_its_place",
        spoil: directory,
        says: ": is a directory, not a file",
        kind: Kind::Unreadable,
    },
    Bad { name: "a_file_of_a_gibibyte", spoil: huge, says: "1048576 bytes", kind: Kind::TooLarge },
    Bad { name: "what_is_not_utf_8", spoil: bytes, says: "0xff is not UTF-8", kind: Kind::NotUtf8 },
    Bad { name: "a_loop_of_links", spoil: looped, says: ": cannot be ", kind: Kind::Unreadable },
    Bad { name: "a_link_to_nowhere", spoil: nowhere, says: ": no such file", kind: Kind::Missing },
    #[cfg(target_os = "linux")]
    Bad {
        name: "a_file_that_is_being_written",
        spoil: crate::edits::being_written,
        says: ": is being written: it has changed each of the 9 times it was read; it has to be left alone for a moment",
        kind: Kind::Changing,
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let trials = BAD.iter().map(|bad| {
        on_each(&format!("bad::{}_changes_nothing", bad.name), move |row| twice(row, bad))
    });
    trials
        .flatten()
        .chain(on_each("bad::a_missing_directory_of_parts_changes_nothing", no_parts))
        .chain(on_each("bad::a_part_that_is_no_file_any_more_changes_nothing", no_part))
        .collect()
}

/// The directory of the parts is gone, comes back with another part, and is emptied.
fn no_parts(row: &'static str) {
    let part = |root: &Path, n: u64| {
        fs::create_dir(root.join("conf.d")).unwrap();
        write(&root.join("conf.d/10.toml"), format!("[part]\nn = {n}\n"));
    };
    let mut world = World::start(row, |root| {
        put(root, text(3));
        fs::create_dir(root.join("conf.d")).unwrap();
        write(&root.join("conf.d/10.toml"), "[part]\nn = 1\n");
    });
    let (before, parts) = (world.daemon.config_snapshot(), world.root().join("conf.d"));
    fs::remove_dir_all(&parts).unwrap();
    let says =
        ": no such directory, and there was one with files: for none of them, leave it empty";
    let error = world.refused_for(&before, &parts, says);
    assert_eq!(error.config().map(|error| error.kind()), Some(Kind::Missing));
    part(world.root(), 2);
    world.applied(2);
    fs::remove_file(parts.join("10.toml")).unwrap();
    world.applied(3);
    world.end();
}

/// A part becomes a directory, is a file again, is masked by the null device, and goes back to what the file says.
fn no_part(row: &'static str) {
    let mut world = World::start(row, |root| {
        put(root, text(3));
        fs::create_dir(root.join("conf.d")).unwrap();
        write(&root.join("conf.d/10.toml"), "[part]\nn = 1\n");
    });
    let (before, part) = (world.daemon.config_snapshot(), world.root().join("conf.d/10.toml"));
    fs::remove_file(&part).unwrap();
    fs::create_dir(&part).unwrap();
    let error = world.refused_for(&before, &part, ": is a directory, not a file");
    assert_eq!(error.config().map(|error| error.kind()), Some(Kind::Unreadable));
    clear(&part);
    write(&part, "[part]\nn = 2\n");
    world.applied(2);
    clear(&part);
    symlink("/dev/null", &part).unwrap();
    world.applied(3);
    world.end();
}

/// Spoilt, mended, and the same again.
pub(crate) fn twice(row: &'static str, bad: &Bad) {
    let mut world = World::start(row, file);
    for n in [2, 3] {
        let before = world.daemon.config_snapshot();
        (bad.spoil)(world.root());
        let error = world.refused(&before, bad.says);
        assert_eq!(error.kind(), ReloadErrorKind::Invalid);
        assert_eq!(error.config().map(|error| error.kind()), Some(bad.kind));
        assert_eq!(world.daemon.status().config_generation, n - 1);
        clear(&world.file);
        put(world.root(), text(n));
        world.applied(n);
        assert_eq!(world.daemon.status().config_generation, n);
    }
    world.end();
}

/// Takes away what is in the place of the file.
fn clear(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
}

fn no_toml(root: &Path) {
    put(root, "hot_reload = true\n[part\nn = 7\n");
}

fn typo(root: &Path) {
    put(root, "hot_reload = true\n[part]\nnn = 7\n");
}

fn wrong(root: &Path) {
    put(root, "hot_reload = true\n[part]\nn = -1\n");
}

fn empty(root: &Path) {
    write(&root.join("daemon.toml"), "");
}

/// Half of it, in place: the writer has died.
fn torn(root: &Path) {
    let whole = text(7);
    write(&root.join("daemon.toml"), &whole[..whole.len() - 2]);
}

fn missing(root: &Path) {
    fs::remove_file(root.join("daemon.toml")).unwrap();
}

fn directory(root: &Path) {
    missing(root);
    fs::create_dir(root.join("daemon.toml")).unwrap();
}

/// It takes no room.
fn huge(root: &Path) {
    let file = File::create(root.join("huge")).unwrap();
    file.set_len(1 << 30).unwrap();
    fs::rename(root.join("huge"), root.join("daemon.toml")).unwrap();
}

fn bytes(root: &Path) {
    put(root, b"hot_reload = true\n[part]\nn = 7 # \xff\n");
}

fn looped(root: &Path) {
    missing(root);
    symlink("other.toml", root.join("daemon.toml")).unwrap();
    let _ = symlink("daemon.toml", root.join("other.toml"));
}

fn nowhere(root: &Path) {
    missing(root);
    symlink("nowhere.toml", root.join("daemon.toml")).unwrap();
}
