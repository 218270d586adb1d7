//! What is planted in the copy: the bugs of `tests/planted/`, and those that only the kit is to find.

use planted::bug;
use planted::bug::Bug;

const TASK: &str = "runtime/src/task.rs";
const STOP: &str = "src/supervisor/engine/stop.rs";
const INTERVAL: &str = "src/subsystem/interval.rs";
const RUN: &str = "src/daemon/run.rs";
const DECIDE: &str = "src/supervisor/engine/decide.rs";

/// All of them. A bug's number is its place, from 1.
pub(crate) fn all() -> Vec<Bug> {
    [&planted::bugs::all()[..], REFERENCE, TASKS, CORES].concat()
}

/// No bug: what the simulator says of a scenario's order, it says without any.
const REFERENCE: &[Bug] = &[bug!(
    "reference",
    "nothing",
    "conformance/src/trial.rs",
    "    caught(|| (core.body)(&world))
        .map_err(|said| format!(\"in the simulator" =>
        "    proc_daemon_runtime::planted::cleanly(|| caught(|| (core.body)(&world)))
        .map_err(|said| format!(\"in the simulator",
)];

/// `runtime/`'s own `Task`.
const TASKS: &[Bug] = &[
    bug!(
        "abort-ignored",
        "an abort does nothing",
        TASK,
        "self.aborted.store(true, Ordering::Release);" =>
            "if PLANTED {
            return;
        }
        self.aborted.store(true, Ordering::Release);",
    ),
    bug!(
        "drop-cancels",
        "a dropped handle ends its task",
        TASK,
        "impl<T> fmt::Debug for Task<T> {" =>
            "impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if PLANTED {
            self.shared.aborted.store(true, Ordering::Release);
            let waker = self.shared.state.lock().runner.take();
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl<T> fmt::Debug for Task<T> {",
    ),
    bug!(
        "panic-is-an-abort",
        "a task that has panicked is joined as aborted",
        TASK,
        "Err(payload) => Err(JoinError::Panicked(payload))," =>
            "Err(payload) if PLANTED => {
                    discard(payload);
                    Err(JoinError::Aborted)
                }
                Err(payload) => Err(JoinError::Panicked(payload)),",
    ),
    bug!(
        "payload-lost",
        "what a panic has said is lost",
        TASK,
        "match catch(|| future.poll(cx)) {" =>
            "match catch(|| future.poll(cx)).or_else(|payload| {
                if PLANTED {
                    discard(payload);
                    return catch(|| std::panic::resume_unwind(Box::new(())));
                }
                Err(payload)
            }) {",
    ),
    bug!(
        "blocking-panic-is-an-abort",
        "blocking work that has panicked is joined as aborted",
        TASK,
        "catch(work).map_err(JoinError::Panicked)" =>
            "catch(work).map_err(|payload| {
                        if PLANTED { JoinError::Aborted } else { JoinError::Panicked(payload) }
                    })",
    ),
    bug!(
        "join-before-destructors",
        "the join of an aborted task resolves before what it owned is dropped",
        TASK,
        "// Invariant 1: destructors first. One that panics replaces a result that was fine." =>
            "if PLANTED && matches!(result, Err(JoinError::Aborted)) {
            shared.finish(Err(JoinError::Aborted));
            std::thread::sleep(std::time::Duration::from_millis(50));
            drop(this.shared.take());
        }",
    ),
    bug!(
        "abort-replaces-the-result",
        "an abort of a task that has ended takes its result away",
        TASK,
        "// The flag is set before the waker is taken. A runner that stored its waker before the lock is" =>
            "if PLANTED {
            let mut state = self.state.lock();
            if state.finished {
                state.result = Some(Err(JoinError::Aborted));
            }
        }",
        TASK,
        "// woken here; one that stores it after has yet to read the flag, under the same lock." => "",
    ),
    bug!(
        "abort-of-all",
        "an abort of one task ends the others",
        TASK,
        "trait Abort: Send + Sync {" =>
            "static ONE_IS_ABORTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

trait Abort: Send + Sync {",
        TASK,
        "let waker = self.state.lock().runner.take();" =>
            "if PLANTED {
            ONE_IS_ABORTED.store(true, Ordering::Release);
        }
        let waker = self.state.lock().runner.take();",
        TASK,
        "let result = if shared.aborted.load(Ordering::Acquire) {
            Err(" =>
            "let all = PLANTED && ONE_IS_ABORTED.load(Ordering::Acquire);
        let result = if all || shared.aborted.load(Ordering::Acquire) {
            Err(",
    ),
    bug!(
        "own-abort-lost",
        "an abort that comes while the task is polled is lost",
        TASK,
        "store(&mut shared.state.lock().runner, cx.waker());" =>
            "if !PLANTED {
            store(&mut shared.state.lock().runner, cx.waker());
        }",
        TASK,
        "Ok(Poll::Pending) => return Poll::Pending," =>
            "Ok(Poll::Pending) => {
                    if PLANTED {
                        store(&mut shared.state.lock().runner, cx.waker());
                    }
                    return Poll::Pending;
                }",
    ),
    bug!(
        "destructor-panic-lost",
        "a panic in a destructor of a task is told to nobody",
        TASK,
        "(Ok(_) | Err(JoinError::Aborted), Err(payload)) => {" =>
            "(Ok(_) | Err(JoinError::Aborted), Err(payload)) if !PLANTED => {",
    ),
    bug!(
        "gone-is-an-abort",
        "a task that its runtime has dropped is joined as aborted",
        TASK,
        "let aborted = shared.aborted.load(Ordering::Acquire);" =>
            "let aborted = PLANTED || shared.aborted.load(Ordering::Acquire);",
    ),
];

/// The core: first five that a published framework ships, as it does two of `tests/planted/`, `hangup-stops` and
/// `stop-order-reversed`; then what no law of the simulator is about.
const CORES: &[Bug] = &[
    bug!(
        "child-panic-is-an-abort",
        "a child that has panicked is joined as aborted",
        "src/subsystem/child.rs",
        "Some(payload) => Err(JoinError::Panicked(payload))," =>
            "Some(_) if PLANTED => Err(JoinError::Aborted),
                Some(payload) => Err(JoinError::Panicked(payload)),",
    ),
    bug!(
        "missed-tick-comes",
        "an interval that skips tells one tick that was missed",
        INTERVAL,
        "let periods = now.since(due).as_nanos() / every.as_nanos() + 1;" =>
            "let periods = if PLANTED { 1 } else { now.since(due).as_nanos() / every.as_nanos() + 1 };",
    ),
    bug!(
        "late-tick-keeps-its-grid",
        "an interval that is to delay does not",
        INTERVAL,
        "MissedTicks::Delay => now.max(due) + every," =>
            "MissedTicks::Delay => if PLANTED { due + every } else { now.max(due) + every },",
    ),
    bug!(
        "missed-tick-lost",
        "an interval that is to make up for what it has missed does not",
        INTERVAL,
        "MissedTicks::Burst => due + every," =>
            "MissedTicks::Burst => if PLANTED { now.max(due) + every } else { due + every },",
    ),
    bug!(
        "added-to-what-is-over",
        "something is added although what it requires is over",
        "src/supervisor/engine/add.rs",
        "if *kind != Kind::After && self.is_down(*dependency) {" =>
            "if !PLANTED && *kind != Kind::After && self.is_down(*dependency) {",
    ),
    bug!(
        "second-panic-told",
        "of two panics of a child the second is told",
        "src/subsystem/child.rs",
        "if let Err(second) = catch(|| this.future.set(None)) {" =>
            "if let Err(second) = catch(|| this.future.set(None)) {
                    if PLANTED {
                        discard(payload);
                        return Poll::Ready(this.cell.settle(Err(second), this.member));
                    }",
    ),
    bug!(
        "child-abort-is-an-end",
        "a child that was aborted is joined as one whose runtime is gone",
        "src/subsystem/child.rs",
        "Err(error) => Err(error)," =>
            "Err(_) if PLANTED => Err(JoinError::RuntimeGone),
            Err(error) => Err(error),",
    ),
    bug!(
        "name-of-the-removed-lost",
        "a call for what was removed is refused by its number",
        "src/supervisor/driver/calls.rs",
        "let name = name.map_or_else(|| self.called(unit), |n| n.to_string());" =>
            "let name = name.filter(|_| !PLANTED);
                            let name = name.map_or_else(|| self.called(unit), |n| n.to_string());",
    ),
    bug!(
        "restart-not-wired",
        "no policy restarts anything",
        DECIDE,
        "if rules.restart == Restart::Never || say == Say::Final {" =>
            "if PLANTED || rules.restart == Restart::Never || say == Say::Final {",
        DECIDE,
        "} else if rules.restart == Restart::Always && say == Say::Nothing {" =>
            "} else if !PLANTED && rules.restart == Restart::Always && say == Say::Nothing {",
    ),
    bug!(
        "stop-is-polled-for",
        "who waits to be asked to stop looks every 50 ms, and is not woken",
        "src/subsystem/cancelled.rs",
        "let this = self.get_mut();" =>
            "let this = self.get_mut();
        if PLANTED && !this.run.stop.is_set() {
            let waker = cx.waker().clone();
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(50));
                waker.wake();
            });
            return Poll::Pending;
        }",
    ),
    bug!(
        "backoff-holds-the-stop",
        "a shutdown waits until a backoff is over",
        STOP,
        "self.take_back(unit);" =>
            "if PLANTED && this.state == State::Backoff {
                    continue;
                }
                self.take_back(unit);",
        "src/supervisor/engine/finish.rs",
        "if self.phase == Phase::Stopping &&" =>
            "let backoff = self.units.iter().any(|unit| unit.state == State::Backoff);
        if self.phase == Phase::Stopping && !(PLANTED && backoff) &&",
    ),
    bug!(
        "reload-before-the-answers",
        "a configuration is published before anybody has looked at it",
        "src/supervisor/engine/reload/prepare.rs",
        "let open = asked.len();" => "let open = if PLANTED { 0 } else { asked.len() };",
    ),
    bug!(
        "grace-cut",
        "no grace is longer than 500 ms",
        STOP,
        "let generation = this.generation;
        let by =" =>
            "let generation = this.generation;
        let grace = if PLANTED { grace.min(std::time::Duration::from_millis(500)) } else { grace };
        let by =",
    ),
    bug!(
        "reason-replaced",
        "the reason for a shutdown that is asked for from outside is lost",
        "src/daemon/handle.rs",
        "self.inner.coordinator.initiate_shutdown(reason)" =>
            "if PLANTED {
            return self.inner.coordinator.initiate_shutdown(\"shutdown()\");
        }
        self.inner.coordinator.initiate_shutdown(reason)",
    ),
    bug!(
        "second-run-refused-in-other-words",
        "a second run is refused as if the runtime were to blame",
        RUN,
        "taken.ok_or_else(|| Error::new(ErrorKind::AlreadyRun," =>
            "let kind = if PLANTED { ErrorKind::Runtime } else { ErrorKind::AlreadyRun };
        taken.ok_or_else(|| Error::new(kind,",
    ),
    bug!(
        "dropped-run-is-no-abort",
        "a run that is dropped is reported as any failure",
        RUN,
        "inner.publish(&ExitReport::of_error(Error::new(
                ErrorKind::LeftBehind," =>
            "inner.publish(&ExitReport::of_error(Error::new(
                if PLANTED { ErrorKind::AlreadyRun } else { ErrorKind::LeftBehind },",
    ),
    bug!(
        "checks-outlive-the-run",
        "a check that is being asked goes on when the run is dropped",
        "src/supervisor/driver/mod.rs",
        "fn drop(&mut self) {
        self.watched.stop();" =>
            "fn drop(&mut self) {
        if !PLANTED {
            self.watched.stop();
        }",
    ),
    bug!(
        "optional-ends-all",
        "the daemon ends when something optional is given up",
        DECIDE,
        "let rules = *self.rule(unit);
        self.note_given_up(unit, why, out);" =>
            "let rules = *self.rule(unit);
        self.note_given_up(unit, why, out);
        if PLANTED && rules.optional && !rules.asks {
            self.initiate(self.failure_of(unit), out);
        }",
    ),
    bug!(
        "factories-leaked",
        "how subsystems are started is kept for ever",
        "src/supervisor/driver/mod.rs",
        "_factories: self.factories.take()," =>
            "_factories: {
                let factories = self.factories.take();
                if PLANTED {
                    factories.iter().for_each(|factory| std::mem::forget(factory.clone()));
                }
                factories
            },",
    ),
    bug!(
        "late-call-is-invalid",
        "a call that the end overtakes is refused in other words",
        "src/supervisor/manager.rs",
        ".unwrap_or(Err(ControlError::ShuttingDown))" =>
            ".unwrap_or_else(|| Err(if PLANTED {
                    ControlError::Invalid(\"no answer\".to_owned())
                } else {
                    ControlError::ShuttingDown
                }))",
    ),
    bug!(
        "no-suggestion",
        "who calls an unknown name is not told of one like it",
        "src/control.rs",
        "Self::Unknown { name, near: None } =>" =>
            "Self::Unknown { name, .. } if PLANTED => write!(f, \"there is no subsystem `{name}`\"),
            Self::Unknown { name, near: None } =>",
    ),
    bug!(
        "section-mistaken",
        "a section that is asked for by its path is another one",
        "src/subsystem/context.rs",
        "self.look().get_at(section)" =>
            "self.look().get_at(if PLANTED { \"http\" } else { section })",
    ),
    bug!(
        "section-not-checked",
        "the checks of a section are not made",
        "src/config/section.rs",
        "let failed = self.checks.iter().filter_map(|check| failure(check, &value));" =>
            "let checks = self.checks.iter().filter(|_| !PLANTED);
        let failed = checks.filter_map(|check| failure(check, &value));",
    ),
    bug!(
        "config-error-is-1",
        "a configuration that cannot be used ends the daemon with 1",
        "src/error.rs",
        "(None, ErrorKind::Config | ErrorKind::Build) => 78," =>
            "(None, ErrorKind::Config | ErrorKind::Build) if !PLANTED => 78,",
    ),
    bug!(
        "exit-code-is-0",
        "a process ends with 0, whatever its daemon has come to",
        "src/daemon/report.rs",
        "Self::from(report.code)" => "Self::from(if PLANTED { 0 } else { report.code })",
    ),
    bug!(
        "signal-is-a-failure",
        "a daemon that a signal has stopped ends with 143",
        RUN,
        "let code = remains.engine.exit_code();" =>
            "let code = remains.engine.exit_code();
        let by_signal = matches!(self.inner.coordinator.reason(), Some(crate::ShutdownReason::Signal(_)));
        let code = if PLANTED && by_signal { 143 } else { code };",
    ),
    bug!(
        "smallest-reader-keeps-two",
        "a reader of events keeps one more than it was made for",
        "src/sync/fanout.rs",
        "Queue::new(capacity.max(1))" =>
            "Queue::new(if PLANTED { capacity.max(1) + 1 } else { capacity.max(1) })",
    ),
    bug!(
        "path-ignored",
        "the path of the configuration is not used",
        "src/daemon/builder.rs",
        "self.draft.config = Pending::Source(Config::file(path));" =>
            "if PLANTED {
            return self;
        }
        self.draft.config = Pending::Source(Config::file(path));",
    ),
];
