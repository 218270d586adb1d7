//! On a real file system, with the system's notifications and without.

#![expect(clippy::disallowed_methods, reason = "a real file system lives in real time")]

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;

/// Far more than anything takes.
const LIMIT: Duration = Duration::from_secs(30);
/// Longer than anything is told late.
const QUIET: Duration = Duration::from_millis(150);

const NATIVE: Pace = Pace { polling: LIMIT, watching: Duration::from_secs(3600), only_poll: false };
const POLLING: Pace = Pace { polling: Duration::from_millis(10), watching: LIMIT, only_poll: true };

struct World {
    watcher: Option<Watcher>,
    told: Receiver<()>,
}

impl World {
    fn watching(root: &Path, pace: Pace) -> Self {
        let files =
            Files { file: Some(root.join("daemon.toml")), directory: Some(root.join("conf.d")) };
        let (sender, told) = channel();
        let touched = move || _ = sender.send(());
        let watcher = Some(Watcher::at_pace(files, pace, touched).unwrap());
        let mut world = Self { watcher, told };
        world.settle();
        world
    }

    /// What was told of before is over.
    fn settle(&mut self) -> usize {
        let mut count = 0;
        while self.told.recv_timeout(QUIET).is_ok() {
            count += 1;
        }
        count
    }

    /// `edit` is told.
    #[track_caller]
    fn told_of(&mut self, what: &str, edit: impl FnOnce()) {
        self.settle();
        edit();
        if self.told.recv_timeout(LIMIT).is_err() {
            panic!("{what} was not told");
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// Writes beside it and renames.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("tmp");
    write(&beside, text);
    fs::rename(&beside, path).unwrap();
}

fn on_both(body: fn(&Path, Pace)) {
    for pace in [NATIVE, POLLING] {
        let root = tempfile::tempdir().unwrap();
        body(&root.path().canonicalize().unwrap(), pace);
    }
}

#[test]
fn a_file_that_is_written_replaced_or_made_again_is_told_each_time() {
    on_both(|root, pace| {
        let file = root.join("daemon.toml");
        write(&file, "a");
        let mut world = World::watching(root, pace);
        for n in 0..3 {
            world.told_of("writing in place", || write(&file, &format!("in place {n}")));
            world.told_of("replacing", || replace(&file, &format!("replaced {n}")));
            world.told_of("deleting", || fs::remove_file(&file).unwrap());
            world.told_of("making it again", || write(&file, &format!("again {n}")));
        }
    });
}

#[test]
fn a_directory_that_is_replaced_moved_or_made_late_is_watched() {
    on_both(|root, pace| {
        let (folder, other) = (root.join("etc"), root.join("other"));
        let file = folder.join("daemon.toml");
        let mut world = World::watching(&folder, pace);
        for n in 0..3 {
            world.told_of("the directory", || {
                fs::create_dir(&folder).unwrap();
                write(&file, "first");
            });
            world.told_of("an edit in it", || write(&file, &format!("second {n}")));
            world.told_of("moving it away", || fs::rename(&folder, &other).unwrap());
            world.told_of("moving it back", || fs::rename(&other, &folder).unwrap());
            world.told_of("an edit after that", || write(&file, &format!("a third {n}")));
            world.told_of("its end", || fs::remove_dir_all(&folder).unwrap());
        }
    });
}

#[test]
fn parts_are_told_and_so_is_their_directory() {
    on_both(|root, pace| {
        let parts = root.join("conf.d");
        let mut world = World::watching(root, pace);
        for _ in 0..2 {
            world.told_of("the directory", || fs::create_dir(&parts).unwrap());
            world.told_of("a new part", || write(&parts.join("10-a.toml"), "a"));
            world.told_of("a changed part", || write(&parts.join("10-a.toml"), "ab"));
            world.told_of("a part that goes", || {
                fs::remove_file(parts.join("10-a.toml")).unwrap();
            });
            world.told_of("its end", || fs::remove_dir_all(&parts).unwrap());
        }
    });
}

#[cfg(unix)]
#[test]
fn links_are_followed_wherever_they_lead() {
    use std::os::unix::fs::symlink;
    on_both(|root, pace| {
        let far = |name: &str| root.join(name).join("daemon.toml");
        for name in ["v1", "v2", "v3"] {
            fs::create_dir(root.join(name)).unwrap();
            write(&far(name), name);
        }
        // As Kubernetes mounts a config map.
        symlink("v1", root.join("..data")).unwrap();
        symlink("..data/daemon.toml", root.join("daemon.toml")).unwrap();
        let mut world = World::watching(root, pace);
        for name in ["v2", "v3", "v1", "v2"] {
            world.told_of("the swap", || {
                symlink(name, root.join("..tmp")).unwrap();
                fs::rename(root.join("..tmp"), root.join("..data")).unwrap();
            });
            world.told_of("an edit behind it", || write(&far(name), "something else"));
        }
        world.told_of("a file in the place of the link", || {
            replace(&root.join("daemon.toml"), "a file");
        });
        world.told_of("an edit of that", || write(&root.join("daemon.toml"), "again"));
        world.told_of("a loop", || {
            fs::remove_file(root.join("daemon.toml")).unwrap();
            symlink("daemon.toml", root.join("daemon.toml")).unwrap();
        });
        world.told_of("the end of the loop", || {
            fs::remove_file(root.join("daemon.toml")).unwrap();
            write(&root.join("daemon.toml"), "at last");
        });
    });
}

#[test]
fn neighbours_and_readers_are_not_told() {
    for pace in [NATIVE, POLLING] {
        let root = tempfile::tempdir().unwrap();
        let (file, log) = (root.path().join("daemon.toml"), root.path().join("daemon.log"));
        fs::create_dir(root.path().join("conf.d")).unwrap();
        let part = root.path().join("conf.d").join(".10-a.toml.swp");
        write(&file, "a");
        let mut world = World::watching(root.path(), pace);
        for n in 0..100 {
            write(&log, &format!("line {n}"));
            write(&part, &format!("line {n}"));
            assert_eq!(fs::read_to_string(&file).unwrap(), "a");
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(world.settle(), 0, "{pace:?}");
        world.told_of("an edit", || write(&file, "b"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn its_threads_end_with_it() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::watching(root.path(), NATIVE);
    let own = |name: &str| {
        let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
        let names =
            threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
        names.filter(|own| own.starts_with(name)).count()
    };
    assert!(own("config watcher") > 0 && own("notify-rs") > 0);
    world.watcher = None;
    // The thread lets go of what it tells when it ends.
    assert!(world.told.recv().is_err());
}
