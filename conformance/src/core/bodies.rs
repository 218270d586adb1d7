//! Subsystems that more than one subject needs, and waiting for what they come to.

use std::time::Duration;

use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, RestartPolicy, Spec, SubsystemState, task, task_with,
};
use proc_daemon_runtime::discard;

use super::{Diary, idle};

/// Without a backoff.
pub(crate) fn at_once(policy: RestartPolicy) -> RestartPolicy {
    policy.backoff(Backoff::none())
}

/// Notes its start as `+name`, then is ready; notes its stop as `-name`.
pub(crate) fn noting(name: &'static str, diary: &Diary) -> Spec {
    task_with(name, diary.clone(), move |ctx: Context, diary| async move {
        diary.note(format!("+{name}"));
        ctx.ready();
        ctx.cancelled().await;
        diary.note(format!("-{name}"));
        Ok(())
    })
    .explicit_ready()
}

/// A daemon whose `job` fails and is to start again in an hour; `idle` keeps it alive.
pub(crate) fn with_a_backoff_of_an_hour() -> DaemonBuilder {
    let backoff = Backoff::constant(Duration::from_secs(3600)).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
    let job = task("job", |ctx: Context| async move {
        ctx.ready();
        Err::<(), _>("on purpose".into())
    });
    Daemon::new().with_subsystem(job.restart_policy(policy)).with_task("idle", idle)
}

/// Resolves when `name` is in `state`.
///
/// # Panics
///
/// If the daemon ends before.
pub(crate) async fn until(daemon: &Daemon, name: &str, state: SubsystemState) {
    let mut events = daemon.subscribe_events();
    while daemon.status().state_of(name) != Some(state) {
        let event = events.next_event().await;
        discard(event.unwrap_or_else(|| panic!("`{name}` was never {state}")));
    }
}
