use crate::signal::ActionTable;
use crate::timeouts::ShutdownTimeouts;

/// What the engine is told once.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) timeouts: ShutdownTimeouts,
    pub(crate) actions: ActionTable,
    pub(crate) finalizers: usize,
    /// Most restarts of the whole daemon in a second; 0 is no limit.
    pub(crate) restarts_a_second: u32,
    /// Moves the delays of restarts.
    pub(crate) seed: u64,
}
