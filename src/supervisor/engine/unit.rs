use std::time::Duration;

use proc_daemon_runtime::Instant;

use crate::end::EndKind;
use crate::state::SubsystemState;

/// What the engine knows about one subsystem.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) state: SubsystemState,
    pub(crate) generation: u32,
    /// How its last generation ended.
    pub(crate) end: Option<EndKind>,
    /// Its live generation has been spawned: before that a start can be taken back.
    pub(crate) launched: bool,
    /// It has been ready.
    pub(crate) ready: bool,
    /// It was asked to stop.
    pub(crate) asked: bool,
    /// Its `run` returned before it was asked.
    pub(crate) returned: bool,
    /// Its start took too long; that is why it is being aborted.
    pub(crate) timed_out: bool,
    pub(crate) rules: Rules,
    /// Dependencies that are not ready yet.
    pub(crate) unmet: u32,
    /// While stopping: dependents that have not ended yet.
    pub(crate) dependents: u32,
    pub(crate) started_at: Instant,
    pub(crate) ended_at: Instant,
}

/// How a subsystem wants to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) explicit_ready: bool,
    pub(crate) background: bool,
    /// The daemon's, if none.
    pub(crate) grace: Option<Duration>,
    /// The default of a subsystem that says when it is ready, if none.
    pub(crate) start_timeout: Option<Duration>,
}

impl Unit {
    pub(crate) fn new(rules: Rules, unmet: u32) -> Self {
        Self {
            state: SubsystemState::Registered,
            generation: 0,
            end: None,
            launched: false,
            ready: false,
            asked: false,
            returned: false,
            timed_out: false,
            rules,
            unmet,
            dependents: 0,
            started_at: Instant::ZERO,
            ended_at: Instant::ZERO,
        }
    }

    /// Spawned, and neither joined nor given up.
    pub(crate) fn is_live(&self) -> bool {
        self.state.is_alive() && self.state != SubsystemState::Zombie
    }
}

#[cfg(test)]
impl Rules {
    pub(crate) const PLAIN: Self =
        Self { explicit_ready: false, background: false, grace: None, start_timeout: None };
}
