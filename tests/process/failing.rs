//! A subsystem that fails at each of its starts: what the log, the status, the report and the exit code say, with
//! each policy.

use std::future::pending;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::Trial;
use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, RestartPolicy, Result, Spec, Subsystem,
    SubsystemEvent, task,
};

use crate::support::process::{Exit, Process, Signal};
use crate::{child, on_rows, rows};

const MS: Duration = Duration::from_millis(1);

pub(crate) fn trials() -> Vec<Trial> {
    [
        on_rows("a_critical_one_that_never_starts_ends_the_daemon", rows::EACH, critical),
        on_rows("an_optional_one_that_never_starts_degrades_it", rows::EACH, optional),
        on_rows("one_that_is_never_given_up_is_seen_in_backoff", rows::EACH, unlimited),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The daemon of this file's scenario.
pub(crate) fn child_of(scenario: &str, row: &str) -> Option<ExitCode> {
    let env = |name: &str| std::env::var(name).expect("the test gives it");
    (scenario == "fails-at-start").then(|| rows::main_on(row, daemon(&env("HOW"), &env("POLICY"))))
}

fn daemon(how: &str, policy: &str) -> DaemonBuilder {
    let disk = match how {
        "error" => task("disk", |_| async { Err("no such device".into()) }),
        "panic" => task("disk", |_| async { panic!("no such device") }),
        "factory" => Spec::factory("disk", || -> Result<Disk> { Err("no such device".into()) }),
        "returns" => task("disk", |_| async { Ok(()) }),
        "hangs" => task("disk", |_| pending::<Result>()).start_timeout(50 * MS),
        other => panic!("no failure named {other}"),
    };
    let disk = disk.explicit_ready().after("watch");
    let limited = |policy: RestartPolicy| {
        policy.backoff(Backoff::constant(10 * MS)).intensity(2, Duration::from_secs(3600))
    };
    // The second delay is longer than the test.
    let slower = Backoff::exponential(10 * MS, Duration::from_secs(3600)).factor(36_000.0);
    let disk = match policy {
        "never" => disk.restart_policy(RestartPolicy::never()),
        "on failure" => disk.restart_policy(limited(RestartPolicy::on_failure())),
        "always" => disk.restart_policy(limited(RestartPolicy::always())),
        "optional" => disk.restart_policy(limited(RestartPolicy::on_failure())).optional(),
        "unlimited" => {
            disk.restart_policy(RestartPolicy::on_failure().backoff(slower.jitter(0.0)).unlimited())
        }
        other => panic!("no policy named {other}"),
    };
    let needs = task("needs", idle).requires("disk");
    let needs = if policy == "optional" { needs.optional() } else { needs };
    Daemon::new().with_task("watch", watch).with_subsystem(disk).with_subsystem(needs)
}

/// Is never made.
struct Disk;

impl Subsystem for Disk {
    fn name(&self) -> &str {
        "disk"
    }

    async fn run(&self, ctx: Context) -> Result {
        idle(ctx).await
    }
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// Prints the status when `disk` is about to start again or given up, and when everything is ready.
async fn watch(ctx: Context) -> Result {
    let daemon = ctx.daemon();
    let mut events = daemon.subscribe_events();
    while let Ok(Some(event)) = ctx.run_until_cancelled(events.next_event()).await {
        let told = match &event {
            SubsystemEvent::RestartScheduled { name, .. } | SubsystemEvent::GaveUp { name, .. } => {
                &**name == "disk"
            }
            SubsystemEvent::ReadyChanged { .. } => true,
            _ => false,
        };
        if !told {
            continue;
        }
        let status = daemon.status();
        let disk = daemon.subsystems().status("disk").expect("it is there");
        println!(
            "ready {} degraded {} disk {} restarts {} due {} last end {}",
            status.ready,
            status.degraded,
            disk.state,
            disk.restarts,
            disk.restart_at.is_some(),
            disk.last_end.map_or("none", |end| end.kind().as_str()),
        );
    }
    Ok(())
}

fn spawn(row: &str, how: &str, policy: &str) -> Process {
    Process::spawn(child("fails-at-start", row).env("HOW", how).env("POLICY", policy))
}

/// What is said in each failure, how its end is named, and the codes of a final one and of one too many.
const FAILURES: [(&str, &str, &str, i32, i32); 5] = [
    ("error", "no such device", "error", 1, 69),
    ("panic", "panicked: no such device", "panic", 70, 70),
    ("factory", "no such device", "error", 1, 69),
    ("returns", "before it was ready", "error", 1, 69),
    ("hangs", "did not become ready in time", "start timeout", 75, 75),
];

fn critical(row: &'static str) {
    for (how, said, kind, last, too_many) in FAILURES {
        for (policy, again, code) in
            [("never", 0, last), ("on failure", 2, too_many), ("always", 2, too_many)]
        {
            let exit = spawn(row, how, policy).wait().expect_code(code);
            exit.expect_stderr(said);
            assert_eq!(
                count(&exit, "`disk` starts again in "),
                again,
                "{how}, {policy}: {}",
                exit.stderr()
            );
            let why = match (again, policy) {
                (0, _) => "its end is final",
                (_, "always") => "it ended 3 times within 1h (2 are allowed)",
                _ => "it failed 3 times within 1h (2 are allowed)",
            };
            let failed = match how {
                "hangs" => "`disk` failed: it was not ready in time",
                _ => "`disk` failed: ",
            };
            let given_up =
                format!("`disk` is not started again: {why}; the daemon shuts down with {code}");
            exit.expect_order(&[failed, &given_up]);
            exit.expect_order(&[
                "shutting down: subsystem `disk` failed to start",
                &format!("exit {code}: subsystem `disk` failed to start"),
                &format!("  `disk`: {kind}, ran for "),
                "  ended well: 1, never started: 1",
            ]);
            exit.expect_stderr("(from tests/process/failing.rs:");
        }
    }
}

fn optional(row: &'static str) {
    for (how, _, kind, _, code) in FAILURES {
        let process = spawn(row, how, "optional");
        let again =
            format!("ready true degraded false disk backoff restarts 1 due true last end {kind}");
        process.stdout_line(&again);
        let given_up =
            format!("ready true degraded true disk failed restarts 2 due false last end {kind}");
        process.stdout_line(&given_up);
        process.stderr_line(
            "`disk` is not started again: it failed 3 times within 1h (2 are allowed); the daemon goes on without it",
        );
        process.stderr_line(
            "`needs` is not started again: what it requires has failed; the daemon goes on without it",
        );
        process.signal(Signal::TERM);
        // It did as it was told, and not all is well: the higher code is that of what has failed.
        process.wait().expect_code(code).expect_stderr(&format!("exit {code}: SIGTERM"));
    }
}

fn unlimited(row: &'static str) {
    for (how, said, kind, ..) in FAILURES {
        for (signal, code) in [(Signal::TERM, 0), (Signal::QUIT, 131)] {
            let process = spawn(row, how, "unlimited");
            process.stderr_line(said);
            process.stdout_line(&format!(
                "ready false degraded false disk backoff restarts 1 due true last end {kind}"
            ));
            process.stderr_line("`disk` starts again in 6m");
            process.signal(signal);
            let exit = process.wait().expect_code(code);
            if signal == Signal::QUIT {
                exit.expect_stderr("  disk: backoff for ");
                exit.expect_stderr("  needs: waiting for ");
            }
            assert_eq!(count(&exit, "not started again"), 0, "{}", exit.stderr());
        }
    }
}

/// In how many lines of stderr `part` is.
fn count(exit: &Exit, part: &str) -> usize {
    exit.stderr().lines().filter(|line| line.contains(part)).count()
}
