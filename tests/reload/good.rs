//! Edits that are good, each several times in a row.

#![expect(clippy::disallowed_types, reason = "how long an edit takes is what is tested")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::edits::{EDITS, Edit, file, in_place, put, renamed, write};
use crate::rows::on_each;
use crate::world::{Count, World, text};

pub(crate) type Body = (&'static str, fn(&'static str));

/// What is no sequence of single edits.
pub(crate) const BODIES: [Body; 3] = [
    ("of_a_burst_the_last_edit_wins", burst),
    ("a_neighbour_that_is_always_written_holds_up_nothing", neighbour),
    ("what_says_the_same_is_no_reload", same),
];

pub(crate) fn trials() -> Vec<Trial> {
    let edits = EDITS.iter().flat_map(|edit| {
        on_each(&format!("good::{}_is_applied", edit.name), move |row| several(row, edit))
    });
    let bodies = BODIES.iter().flat_map(|(name, body)| on_each(&format!("good::{name}"), *body));
    edits.chain(bodies).collect()
}

/// Three times in a row, and each is one reload.
pub(crate) fn several(row: &'static str, edit: &Edit) {
    let mut world = World::start(row, edit.lay);
    for n in 2..=4 {
        (edit.edit)(world.root(), n);
        world.applied(n);
        assert_eq!(world.daemon.status().config_generation, n);
    }
    world.end();
}

/// A thousand edits, in two ways, without a pause.
fn burst(row: &'static str) {
    let mut world = World::start(row, file);
    for round in 1..=2 {
        let reads = world.reads.now();
        for n in 1..=1000 {
            let edit = if n % 2 == 0 { renamed } else { in_place };
            edit(world.root(), round * 10_000 + n);
        }
        world.applied(round * 10_000 + 1000);
        assert!(world.reads.now() - reads < 100, "{} readings", world.reads.now() - reads);
    }
    world.end();
}

/// Another file in the same directory is written all the time. If that were taken for a touch of the configuration,
/// each edit would wait until 2 s are over.
fn neighbour(row: &'static str) {
    let mut world = World::start(row, file);
    let (stop, lines) = (AtomicBool::new(false), Count::default());
    let path = world.root().join("daemon.toml.log");
    let mut took = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                write(&path, format!("line {}\n", lines.now()));
                lines.add();
            }
        });
        let stop = OnDrop(&stop);
        let reads = world.reads.now();
        for n in 2..=6 {
            // It is at work.
            lines.reaches(lines.now() + 10);
            let began = Instant::now();
            renamed(world.root(), n);
            world.applied(n);
            took.push(began.elapsed());
        }
        drop(stop);
        assert!(
            world.reads.now() - reads <= 10,
            "{} readings of 5 edits",
            world.reads.now() - reads
        );
    });
    let quickest = took.iter().min().expect("there were some");
    assert!(is_polling() || *quickest < Duration::from_millis(1900), "{took:?}");
    world.end();
}

/// A touch, and another comment: nothing of it is a reload.
fn same(row: &'static str) {
    let mut world = World::start(row, file);
    let before = world.daemon.config_snapshot();
    let reads = world.reads.now();
    in_place(world.root(), 1);
    world.reads.reaches(reads + 1);
    let reads = world.reads.now();
    put(world.root(), format!("# as it was\n{}", text(1)));
    world.reads.reaches(reads + 1);
    world.unchanged(&before);
    renamed(world.root(), 2);
    world.applied(2);
    assert_eq!(world.daemon.status().config_generation, 2);
    world.end();
}

/// Whether this is a process for which the system watches nothing.
fn is_polling() -> bool {
    crate::log::count(crate::child::FALLBACK) > 0
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
