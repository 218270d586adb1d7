//! What a spec comes to: rules for the engine, a row on the board, the user's code that decides. The same for
//! those that a daemon is built from and those that are added while it runs.

use std::panic::Location;

use super::engine::Rules;
use super::graph::GraphIssue;
use super::hooks::Hooks;
use crate::config::{ErasedSection, OnChange};
use crate::restart::{Restart, RestartPolicy};
use crate::subsystem::{Row, Spec};

/// The rules of the engine.
pub(crate) fn rules(spec: &Spec) -> Rules {
    let policy = policy(spec);
    Rules {
        explicit_ready: spec.explicit_ready,
        startup_check: spec.watch.as_ref().is_some_and(|watch| watch.startup.is_some()),
        background: spec.background,
        optional: spec.optional,
        asks: spec.on_give_up.is_some(),
        once: spec.once,
        grace: spec.grace,
        start_timeout: spec.start_timeout,
        restart: policy.restart(),
        backoff: policy.backs_off(),
        intensity: policy.limit(),
    }
}

fn policy(spec: &Spec) -> RestartPolicy {
    let default = || if spec.once { RestartPolicy::never() } else { RestartPolicy::default() };
    spec.policy.as_deref().cloned().unwrap_or_else(default)
}

/// What is wrong with the policies, one line each.
pub(crate) fn issues(specs: &[Spec]) -> Vec<GraphIssue> {
    // Of many, most say nothing, and the defaults are sound (test: `defaults_are_reachable`).
    let says = |spec: &&Spec| {
        spec.policy.is_some() || spec.watch.is_some() || spec.start_timeout.is_some()
    };
    let issues = specs.iter().filter(says).flat_map(|spec| {
        let policy = policy(spec);
        let mut issues = policy.issues();
        issues.extend(spec.watch.iter().flat_map(|watch| watch.issues()));
        if spec.start_timeout.is_some_and(|timeout| timeout.is_zero()) {
            issues.push("its start timeout is 0s: no start would ever be in time".into());
        }
        if spec.once && policy.restart() != Restart::Never {
            issues.push(
                "`Spec::once` can be started once: its restart policy must be `never()`".into(),
            );
        }
        issues.into_iter().map(|what| GraphIssue::Policy {
            name: spec.name.to_string(),
            at: spec.location.to_string(),
            what,
        })
    });
    issues.collect()
}

/// What is wrong with a section that the builder was given at `at`: it has no owner there.
pub(crate) fn ownerless(section: &ErasedSection, at: &Location<'_>) -> Option<GraphIssue> {
    let restarts = section.on_change() == Some(OnChange::Restart);
    let issue = || GraphIssue::NoOwner { section: section.path().to_string(), at: at.to_string() };
    restarts.then(issue)
}

/// The user's code that decides for a subsystem; most have none.
pub(crate) fn hooks(spec: &Spec) -> Hooks {
    let policy = spec.policy.as_ref().and_then(|policy| policy.exception().cloned());
    Hooks { unless: policy, on_give_up: spec.on_give_up.clone(), prepare: spec.hook.clone() }
}

/// The row on the board.
pub(crate) fn row(spec: Spec) -> Row {
    Row::new(spec.name, spec.location, spec.sections.into_boxed_slice())
}
