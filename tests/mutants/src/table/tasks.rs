//! `runtime/`'s `Task` with one thing wrong.

use super::Declared;

pub(super) const ALL: &[Declared] = &[
    (
        "abort-ignored",
        &[
            ("ABORT-01", "and it must be: the aborted task is over"),
            ("ABORT-05", "and it must be: the aborted task is over"),
            ("CHILD-09", "parent  stopping"),
        ],
    ),
    ("aborted-child-not-woken", &[("ABORT-02", "and it must be: the aborted task is over")]),
    ("abort-replaces-the-result", &[("ABORT-03", "it has ended well: Aborted")]),
    ("abort-of-all", &[("ABORT-04", "nobody has aborted it: Aborted")]),
    ("own-abort-lost", &[("ABORT-05", "and it must be: the aborted task is over")]),
    (
        "join-before-destructors",
        &[("ABORT-01", "the join has resolved before the destructors have run")],
    ),
    ("drop-cancels", &[("SPAWN-02", "the task was dropped before its end")]),
    ("joiner-not-woken", &[("SPAWN-01", "and it must be: the end of a task wakes who joins it")]),
    ("panic-is-an-abort", &[("PANIC-01", "joined as Err(Aborted)")]),
    ("payload-lost", &[("PANIC-01", "joined as Err(Panicked(")]),
    ("destructor-panic-lost", &[("PANIC-04", "joined as Err(Aborted)")]),
    ("blocking-panic-is-an-abort", &[("PANIC-05", "joined as Err(Aborted)")]),
    (
        "gone-is-an-abort",
        &[("END-01", "a late task: Err(Aborted)"), ("END-04", "joined as Err(Aborted)")],
    ),
];
