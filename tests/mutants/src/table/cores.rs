//! The core with one thing wrong: planted by `edits.rs` or `tests/planted/`.

use super::Declared;

#[rustfmt::skip]
pub(super) const ALL: &[Declared] = &[
    ("stop-order-reversed", &[
        ("ORDER-01", "left: [\"+store\", \"+http\", \"+janitor\", \"-store\", \"-http\", \"-janitor\"]  right: [\"+store\", \"+"),
        ("ORDER-02", "never told, as in every simulated life: `ender` ended: requested (start 1)"),
        ("ORDER-03", "left: [\"+a\", \"+b\", \"-a\", \"-b\"]  right: [\"+a\", \"+b\", \"-b\", \"-a\"]"),
        ("STOP-01", "told, as in no simulated life: `u9` is running (start 1)"),
        ("EXIT-04", "`flush` is running (start 1) || : told too early"),
        ("EXIT-07", "told, as in no simulated life: `state` is running (start 1)"),
        ("CHILD-10", "left: Some(Running)  right: Some(Stopped)"),
        ("CONTROL-03", "`db` ended: requested (start 2): told too early"),
        ("CONTROL-05", "never told, as in every simulated life: `selfish` ended: requested (start 1)"),
        ("SIG-01", "left: Some(\"-http\")  right: Some(\"-store\")"),
    ]),
    ("restart-not-wired", &[
        ("EXIT-08", "exit 1: subsystem `flaps` failed to start"),
        ("CONFIG-05", "never told, as in every simulated life: `bad` ended: panic (start 2)"),
        ("ADD-06", "in a destructor"),
        ("MANY-01", "exit 1: subsystem `s"),
        ("MANY-03", "left: 1  right: 69"),
        ("MANY-04", "exit 1: subsystem `db` failed"),
        ("RESTART-01", "left: 1  right: 3"),
        ("RESTART-02", "exit 1: subsystem `job` failed to start"),
        ("RESTART-03", "`job` was never backoff"),
        ("RESTART-04", "left: (1, 1)  right: (69, 4)"),
        ("RESTART-06", "left: 3  right: 6"),
        ("RESTART-07", "exit 1: subsystem `job` failed"),
        ("HEALTH-01", "exit 1: subsystem `twice` failed"),
        ("HEALTH-02", "exit 1: subsystem `twice` failed"),
        ("HEALTH-04", "exit 1: subsystem `a` failed"),
        ("SIG-03", "`job` was never backoff"),
        ("EVENT-01", "left: [\"`job` is starting (start 1)\", \"`job` is running (start 1)\", \"ready\", \"`job`: end 1"),
        ("EVENT-03", "it goes on"),
        ("EVENT-07", "failed to start: again"),
    ]),
    ("backoff-holds-the-stop", &[
        ("RESTART-03", "again in 59m"),
        ("SIG-03", "again in 59m"),
    ]),
    ("reload-before-the-answers", &[
        ("RELOAD-04", "called `Result::unwrap_err()` on an `Ok` value: ReloadReport { generation: 2, live: [], restarted: [\"http\", \"m"),
        ("RELOAD-07", "configuration 2"),
        ("RELOAD-09", "configuration 2"),
    ]),
    ("hangup-stops", &[
        ("RELOAD-08", "it goes on"),
    ]),
    ("stop-is-polled-for", &[
        ("STOP-05", "not all of them stopped in time: exit 124: requested: shutdown()"),
    ]),
    ("grace-cut", &[
        ("STOP-06", ""),
    ]),
    ("dependency-ignored", &[
        ("ORDER-02", "right: [\"migrated\", \"+http\", \"-http\"]"),
        ("STOP-01", "assertion failed: !deaf.load(Ordering::Relaxed)"),
    ]),
    ("stop-loses-a-tie", &[
        ("STOP-02", "exit 70: requested: now"),
    ]),
    ("stopping-is-an-error", &[
        ("STOP-03", "exit 1: requested: go"),
        ("EVENT-06", "exit 1: requested: seen"),
    ]),
    ("finalize-before-all-ended", &[
        ("STOP-04", "never told, as in every simulated life: `helper` ended: requested (start 1)"),
        ("HANDLE-07", "never told, as in every simulated life: `keeper` ended: requested (start 1)"),
        ("CONTROL-04", "never told, as in every simulated life: "),
        ("CONTROL-07", "never told, as in every simulated life: `keeper` ended: requested (start 1)"),
        ("RESTART-05", "left: None  right: Some(Requested)"),
    ]),
    ("idles-when-all-completed", &[
        ("STOP-04", "job     stopped for"),
    ]),
    ("factories-leaked", &[
        ("HANDLE-07", "left: 2  right: 1"),
    ]),
    ("no-suggestion", &[
        ("CONTROL-04", "right: \"there is no subsystem `keper`; did you mean `keeper`?\""),
    ]),
    ("late-call-is-invalid", &[
        ("CONTROL-07", "matches!(going.await, Err(ControlError::ShuttingDown)) || Err(Invalid(\"no answer\"))"),
    ]),
    ("optional-ends-all", &[
        ("RESTART-05", "shutting down: subsystem `job` failed || assertion failed: daemon.is_running()"),
    ]),
    ("readiness-not-told", &[
        ("EXIT-01", "left: Some(StartFailed(\"store\"))  right: Some(SubsystemFailed(\"store\"))"),
    ]),
    ("start-failure-not-told-apart", &[
        ("EXIT-02", "never told, as in every simulated life: shutting down: subsystem `bad` failed to start"),
        ("CONFIG-05", "never told, as in every simulated life: shutting down: subsystem `bad` failed to start"),
    ]),
    ("cause-overwritten", &[
        ("EXIT-03", "left: 69  right: 1"),
        ("CONFIG-04", "left: 69  right: 1"),
        ("RESTART-01", "left: 69  right: 1"),
    ]),
    ("reason-overwritten", &[
        ("EXIT-05", "left: String(\"requested: second\")  right: \"requested: first\""),
        ("HANDLE-06", "right: Some(Requested(\"number 0\"))"),
    ]),
    ("return-is-readiness", &[
        ("EXIT-06", "left: 0  right: 1"),
    ]),
    ("last-child-unheard", &[
        ("EXIT-08", "flaps  stopping"),
        ("CHILD-01", "parent  stopping"),
    ]),
    ("reason-replaced", &[
        ("HANDLE-01", "left: Some(Requested(\"shutdown()\"))  right: Some(Requested(\"from outside\"))"),
        ("HANDLE-02", "left: Some(Requested(\"shutdown()\"))  right: Some(Requested(\"from inside\"))"),
    ]),
    ("state-not-shown", &[
        ("HANDLE-03", "left: Some(Registered)  right: Some(Stopped)"),
        ("RELOAD-01", "left: (0, 0)  right: (1, 0)"),
        ("RELOAD-05", "left: Some(Registered)  right: Some(Running)"),
        ("EVENT-03", "a start was not told"),
    ]),
    ("second-run-refused-in-other-words", &[
        ("HANDLE-04", "left: Runtime  right: AlreadyRun"),
    ]),
    ("dropped-run-is-no-abort", &[
        ("HANDLE-05", "left: 1  right: 124"),
        ("EVENT-04", "left: [\"`deaf` is starting (start 1)\", \"`deaf` is running (start 1)\", \"ready\", \"shutting d"),
    ]),
    ("explicit-ready-ignored", &[
        ("HANDLE-08", "Some(Requested(\"all ready\")) || : told too early"),
        ("SIG-02", "[\"+http\", \"-http\"]"),
    ]),
    ("flight-entered-twice", &[
        ("CHILD-02", "server  draining"),
        ("CHILD-07", "parent  running"),
        ("CHILD-10", "nothing goes on"),
        ("REAL-01", "parent  running"),
    ]),
    ("child-panic-unheard", &[
        ("CHILD-04", "parent  running"),
    ]),
    ("children-not-joined", &[
        ("CHILD-05", "left: Completed  right: Panic"),
    ]),
    ("one-waiter-woken", &[
        ("CHILD-08", "parent  running"),
    ]),
    ("section-mistaken", &[
        ("CONFIG-01", "left: 1  right: 2"),
    ]),
    ("section-not-checked", &[
        ("CONFIG-02", "assertion failed: world.run(daemon).to_string().contains(\"a port below 1024 needs root\")"),
    ]),
    ("config-error-is-1", &[
        ("CONFIG-03", "left: 1  right: 78"),
        ("CODE-04", "the process ended, exit status: 1, not with 78"),
        ("EVENT-05", "left: [\"stopped with code 1\"]  right: [\"stopped with code 78\"]"),
        ("REAL-02", "left: 1  right: 78"),
    ]),
    ("retired-is-not-ready", &[
        ("CONTROL-01", "it is meant to be so"),
    ]),
    ("restart-alone", &[
        ("CONTROL-02", "db      backoff"),
    ]),
    ("stop-alone", &[
        ("CONTROL-03", "left: [Stopped, Running, Running]  right: [Stopped, Stopped, Running]"),
    ]),
    ("one-dependency-is-enough", &[
        ("CONTROL-05", ": told too early"),
    ]),
    ("taken-back-start-counts", &[
        ("CONTROL-06", "in the order of the calls"),
    ]),
    ("addition-not-answered", &[
        ("CONTROL-08", "db      stopped"),
    ]),
    ("call-not-answered", &[
        ("CONTROL-09", "contested  "),
    ]),
    ("removed-while-needed", &[
        ("ADD-01", "called `Result::unwrap_err()` on an `Ok` value: End { kind: Requested, error: None, ran_for:"),
    ]),
    ("past-of-the-removed-counts", &[
        ("ADD-02", "exit 124: requested: shutdown()"),
    ]),
    ("added-keeps-nothing-alive", &[
        ("ADD-03", "called `Result::unwrap()` on an `Err` value: ShuttingDown"),
    ]),
    ("reports-reversed", &[
        ("CONTROL-06", "AlreadyRunning"),
    ]),
    ("readiness-not-waited-for", &[
        ("ADD-05", "assertion failed: asked.load(Ordering::SeqCst) >= 5"),
    ]),
    ("stop-answered-at-once", &[
        ("CONTROL-01", "it is not over"),
    ]),
    ("child-panic-is-an-abort", &[
        ("CHILD-03", "not a panic"),
    ]),
    ("child-abort-is-an-end", &[
        ("CHILD-06", "matches!(child.await, Err(JoinError::Aborted))"),
    ]),
    ("missed-tick-comes", &[
        ("TICK-01", "a tick that was missed has come"),
    ]),
    ("late-tick-keeps-its-grid", &[
        ("TICK-02", "not a whole period later"),
    ]),
    ("missed-tick-lost", &[
        ("TICK-03", "a tick was left out"),
    ]),
    ("added-to-what-is-over", &[
        ("ADD-04", "called `Result::unwrap_err()` on an `Ok` value: SubsystemId(2)"),
    ]),
    ("second-panic-told", &[
        ("CHILD-11", "left: Some(\"the second\")  right: Some(\"the first\")"),
    ]),
    ("name-of-the-removed-lost", &[
        ("ADD-07", "by its name"),
    ]),
    ("critical-is-optional", &[
        ("MANY-02", "left: 69  right: 1"),
    ]),
    ("intensity-off-by-one", &[
        ("RESTART-04", "left: (69, 5)  right: (69, 4)"),
    ]),
    ("checks-outlive-the-run", &[
        ("HEALTH-03", "nothing goes on"),
    ]),
    ("answers-outlive-the-start", &[
        ("HEALTH-06", "a  running || it has not been started five times within"),
    ]),
    ("path-ignored", &[
        ("RELOAD-02", "it is well-formed: BuildError { graph: [], config: Some(ConfigError { inner: Inner { kind: Invalid, io_kind: N"),
        ("RELOAD-03", "it is well-formed: BuildError { graph: [], config: Some(ConfigError { inner: Inner { kind: Invalid, io_kind: N"),
        ("RELOAD-06", "it is well-formed: BuildError { graph: [], config: Some(ConfigError { inner: Inner { kind: Invalid, io_kind: N"),
    ]),
    ("repeated-term-forces", &[
        ("SIG-04", "exit 143: SIGTERM"),
    ]),
    ("handler-not-called", &[
        ("SIG-05", "signal:SIGUSR2  running"),
        ("SIG-06", "signal:SIGUSR2  running"),
    ]),
    ("signal-is-a-failure", &[
        ("CODE-01", "the process ended, exit status: 143, not with 0"),
    ]),
    ("exit-code-is-0", &[
        ("CODE-02", "the process ended, exit status: 0, not with 1"),
        ("CODE-03", "the process ended, exit status: 0, not with 70"),
        ("CODE-05", "the process ended, exit status: 0, not with 124"),
    ]),
    ("cause-has-no-code", &[
        ("CODE-06", "the process ended, exit status: 0, not with 7"),
    ]),
    ("readiness-flickers", &[
        ("EVENT-01", "left: [\"`job` is starting (start 1)\", \"`job` is running (start 1)\", \"ready\", \"`job`: end 1"),
    ]),
    ("smallest-reader-keeps-two", &[
        ("EVENT-02", "left: 3  right: 4"),
        ("EVENT-07", "left: 0  right: 960"),
    ]),
];
