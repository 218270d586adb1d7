use std::any::Any;
use std::sync::Arc;

use proc_daemon_runtime::AnyRuntime;

use super::Board;
use super::factory::Wrap;
use super::report::Report;
use crate::reload::Current;
use crate::shutdown::ShutdownCoordinator;
use crate::sync::Mailbox;

/// What every subsystem of one daemon has in common while it runs.
pub(crate) struct Shared {
    pub(crate) runtime: AnyRuntime,
    pub(crate) coordinator: ShutdownCoordinator,
    pub(crate) mailbox: Arc<Mailbox<Report>>,
    pub(crate) board: Arc<Board>,
    pub(crate) current: Arc<Current>,
    pub(crate) wrap: Option<Arc<dyn Wrap>>,
    /// The control port: what the layers above hand through to themselves. Opaque here.
    pub(crate) port: Arc<dyn Any + Send + Sync>,
}
