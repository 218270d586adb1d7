//! Backends with one thing wrong: what `subject/` does by these names.

type Wrapper = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const RUNTIME_GONE: &str = "it ends well: RuntimeGone";

#[rustfmt::skip]
pub(super) const ALL: &[Wrapper] = &[
    ("task-dropped", "what is spawned is dropped", &[
        ("SPAWN-01", RUNTIME_GONE),
        ("SPAWN-02", "the task was dropped before its end"),
    ]),
    ("task-of-a-task-dropped", "what a task spawns is dropped", &[("SPAWN-03", RUNTIME_GONE)]),
    ("nth-task-dropped", "one task in 64 is dropped", &[
        ("SPAWN-04", "tasks that have come to their end"),
    ]),
    ("nth-wake-lost", "one wake in 100 is lost", &[
        ("SPAWN-05", "and it must be: who wakes itself is polled again"),
    ]),
    ("foreign-wake-lost", "a wake from a thread that the runtime has never seen is lost", &[
        ("SPAWN-06", "and it must be: a wake from another thread arrives"),
    ]),
    ("spawn-elsewhere-panics", "`spawn` panics on a thread that the runtime has never seen", &[
        ("SPAWN-07", "it can spawn"),
    ]),
    ("spawn-polls", "`spawn` polls the future", &[
        ("SPAWN-08", "the future was polled inside `spawn`"),
    ]),
    ("wake-takes-a-worker", "who is woken while it is polled is waited for by another worker", &[
        ("SPAWN-09", "and it must be: a task ends while another is polled and woken"),
    ]),
    ("panic-reaches-block-on", "a panic of a task is that of `block_on`", &[
        ("PANIC-02", "on purpose"),
    ]),
    ("panic-ends-a-worker", "a panic ends its worker", &[
        ("PANIC-03", "and it must be: as many tasks as workers meet"),
    ]),
    ("clock-goes-back-once", "one reading in 5000 is a second early", &[("CLOCK-01", " after ")]),
    ("clock-of-each-thread", "the clock of a thread that the runtime has never seen is late", &[
        ("CLOCK-02", "ns after another thread has read"),
    ]),
    ("clock-stands", "`now` is the same for ever", &[("CLOCK-03", "in a sleep of 5 ms")]),
    ("clock-fast", "the clock is a quarter fast", &[("SLEEP-02", "a sleep of ")]),
    ("wall-clock-off", "the wall clock is an hour slow", &[("CLOCK-04", "apart")]),
    ("seed-constant", "there is one seed", &[("CLOCK-05", "{4}")]),
    ("timer-early", "a timer fires 8 ms early", &[
        ("SLEEP-01", "early"),
        ("SLEEP-02", "a sleep of"),
    ]),
    ("due-goes-through-the-wheel", "a sleep that is due is not ready at its first poll", &[
        ("SLEEP-03", "it is due"),
    ]),
    ("never-overflows", "a sleep until the end of time fires at once", &[("SLEEP-04", "it fired")]),
    ("sleep-made-elsewhere-panics", "no sleep can be made on a thread that the runtime has never seen", &[
        ("SLEEP-05", "it can be made there"),
        ("SLEEP-06", "there is no timer on this thread"),
        ("BLOCK-03", "it ends well: Panicked"),
    ]),
    ("sleep-polled-elsewhere-panics", "no sleep can be polled on a thread that the runtime has never seen", &[
        ("SLEEP-06", "there is no timer on this thread"),
    ]),
    ("first-waker-kept", "a sleep wakes the waker of its first poll", &[
        ("SLEEP-07", "and it must be: the waker of the last poll is woken"),
        ("SLEEP-08", "and it must be: the sleep fires for who awaits it"),
    ]),
    ("old-wakers-woken", "a sleep wakes the waker of every poll", &[
        ("SLEEP-07", "the waker of an earlier poll was woken"),
    ]),
    ("dropped-sleep-wakes", "a sleep that was dropped wakes its waker", &[
        ("SLEEP-09", "its waker was woken"),
    ]),
    ("nth-sleep-forgotten", "one sleep in 64 never fires", &[
        ("SLEEP-10", "and it must be: a thousand sleeps fire"),
    ]),
    ("reset-ignored", "`reset` does nothing", &[
        ("SLEEP-11", "and it must be: a sleep that is reset before its first poll fires"),
        ("SLEEP-12", "and it must be: a pending sleep that is reset to earlier fires"),
        ("SLEEP-13", "early: the first deadline has fired it"),
        ("SLEEP-14", "it is still ready from before"),
    ]),
    ("reset-before-a-poll-ignored", "a reset of a sleep that was not polled does nothing", &[
        ("SLEEP-11", "and it must be: a sleep that is reset before its first poll fires"),
    ]),
    ("reset-to-earlier-ignored", "a reset of a pending sleep to earlier does nothing", &[
        ("SLEEP-12", "and it must be: a pending sleep that is reset to earlier fires"),
    ]),
    ("reset-to-later-ignored", "a reset of a pending sleep to later does nothing", &[
        ("SLEEP-13", "early: the first deadline has fired it"),
    ]),
    ("reset-of-fired-ignored", "a reset of a sleep that has fired does nothing", &[
        ("SLEEP-14", "it is still ready from before"),
    ]),
    ("blocking-inline", "blocking work is done by who asks for it", &[
        ("BLOCK-01", "it was done on the thread that asked for it"),
    ]),
    ("blocking-on-a-worker", "blocking work is done by the workers", &[
        ("BLOCK-01", "and it must be: a task ends while blocking work blocks"),
        ("BLOCK-05", "and it must be: 64 pieces run at once"),
    ]),
    ("blocking-dropped", "blocking work is dropped", &[("BLOCK-02", RUNTIME_GONE)]),
    ("nth-blocking-dropped", "one piece of blocking work in 64 is dropped", &[
        ("BLOCK-04", "pieces that were done"),
    ]),
    ("worker-count-ignored", "there is one worker", &[
        ("BUILD-01", "and it must be: as many tasks as workers meet"),
        ("HEALTH-05", "nothing goes on"),
    ]),
    ("thread-name-ignored", "workers have the backend's own name", &[("BUILD-02", "conformance")]),
    ("current-thread-has-a-worker", "without workers, tasks run on a thread of their own", &[
        ("BUILD-03", "a task ran o"),
    ]),
    ("blocking-cap-ignored", "any number of blocking threads", &[
        ("BUILD-04", "more than three at once"),
    ]),
    ("unsupported-accepted", "an option that is declared absent is accepted", &[
        ("BUILD-05", "was accepted, and is declared absent"),
    ]),
    ("refused-in-other-words", "an option is refused with an error of another kind", &[
        ("BUILD-05", "Unsupported"),
    ]),
    ("one-end-ends-all", "the end of one runtime is that of all", &[("BUILD-06", RUNTIME_GONE)]),
    ("block-on-ends-its-tasks", "what was spawned in a `block_on` ends with it", &[
        ("BUILD-07", RUNTIME_GONE),
    ]),
    ("handle-panics-after-the-end", "`spawn` panics after the end", &[
        ("END-01", "this runtime has ended"),
    ]),
    ("something-is-left", "a shutdown counts a blocked thread that is not there", &[
        ("END-02", "blocked_threads: 1"),
    ]),
    ("nothing-is-left", "a shutdown counts nothing", &[
        ("END-03", "leaked_tasks: 0"),
        ("END-04", "leaked_tasks: 0"),
        ("END-06", "leaked_tasks: 0"),
    ]),
    ("grace-ignored", "a shutdown waits for an hour", &[
        ("END-03", "a shutdown with a grace of 50ms is not over after"),
        ("END-06", "a shutdown with a grace of 50ms is not over after"),
    ]),
    ("grace-skipped", "a shutdown waits for nobody", &[("END-05", "blocked_threads: 1")]),
    ("shutdown-keeps-the-tasks", "a shutdown drops no task", &[
        ("END-04", "the task is not dropped"),
    ]),
    ("no-interrupt", "SIGINT cannot be listened to", &[("SIGNAL-01", "SIGINT is not supported")]),
    ("handler-at-the-first-poll", "a handler is installed at the first poll", &[
        ("SIGNAL-02", "the process ended"),
        ("SIGNAL-03", "the process ended"),
    ]),
    ("one-pending-signal-kept", "of several pending signals one is told", &[
        ("SIGNAL-03", "and it must be: what was raised is heard"),
        ("SIGNAL-10", "and it must be: what was raised is heard"),
    ]),
    ("each-signal-once", "a stream tells each signal once", &[
        ("SIGNAL-04", "and it must be: what was raised is heard"),
    ]),
    ("signal-wakes-nobody", "a signal wakes nobody", &[
        ("SIGNAL-04", "and it must be: what was raised is heard"),
    ]),
    ("second-listener-steals", "a listener takes the signals of those before it", &[
        ("SIGNAL-05", "and it must be: what was raised is heard"),
    ]),
    ("dropped-listener-takes-all", "a listener that is dropped takes the others along", &[
        ("SIGNAL-06", "and it must be: what was raised is heard"),
    ]),
    ("hears-everything", "a listener hears every signal", &[("SIGNAL-07", "left")]),
    ("listen-takes-anything", "a listener for what is not supported is made", &[
        ("SIGNAL-08", "it is not supported"),
    ]),
    ("listen-elsewhere-panics", "`listen` panics on a thread that the runtime has never seen", &[
        ("SIGNAL-09", "no panic"),
    ]),
    ("everything-declared-absent", "what is there is declared absent", &[
        ("BUILD-03", "`current_thread` is declared absent, and is there"),
        ("BUILD-04", "`blocking_cap` is declared absent, and is there"),
        ("END-04", "`stops` is declared absent, and is there"),
        ("SPAWN-06", "`real_time` is declared absent, and is there"),
    ]),
];
