use super::Tuning;
use crate::signal::ActionTable;

/// What the engine is told once; the tuning, again at every reload.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) actions: ActionTable,
    pub(crate) finalizers: usize,
    /// Most restarts of the whole daemon in a second; 0 is no limit.
    pub(crate) restarts_a_second: u32,
    /// Moves the delays of restarts.
    pub(crate) seed: u64,
    /// What the configuration says of the daemon itself.
    pub(crate) tuning: Tuning,
    /// The configuration can be read again.
    pub(crate) reloadable: bool,
    /// The daemon ends when a reload fails and going back fails as well.
    pub(crate) strict_reload: bool,
}
