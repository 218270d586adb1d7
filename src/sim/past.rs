//! What is left of a life, for itself and for whoever asks when the code around it has panicked.

use std::sync::{Arc, OnceLock};

use proc_daemon_runtime::{Instant, OwnedRuntime, TaskName};

use super::life::Life;
use super::subject::Sim;
use crate::backends::sim::{SimHandle, SimOptions, Simulator, Tape, Trace, Verdict};
use crate::daemon::ExitReport;

/// What there was, whatever is made of it.
pub(super) struct Past {
    pub(super) seed: Option<u64>,
    pub(super) report: Option<ExitReport>,
    pub(super) world: Simulator,
    /// Read from the world when it is asked for.
    pub(super) tape: OnceLock<Tape>,
    pub(super) trace: Trace,
    /// The subsystems, by number.
    pub(super) subsystems: Vec<TaskName>,
    pub(super) ended: Instant,
}

impl Past {
    /// Of a life that was not begun.
    pub(super) fn unlived(seed: Option<u64>, world: Simulator, trace: Trace) -> Self {
        let (tape, subsystems, ended) = (OnceLock::new(), Vec::new(), Instant::ZERO);
        Self { seed, report: None, world, tape, trace, subsystems, ended }
    }
}

/// Where a [`Sim`] leaves its past.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<OnceLock<Arc<Past>>>);

impl Slot {
    pub(super) fn keep(&self, past: Past, verdict: Verdict) -> Life {
        let past = Arc::clone(self.0.get_or_init(|| Arc::new(past)));
        Life { verdict, past }
    }
}

/// What is known of a life although the code around it has panicked.
pub(super) struct Shadow {
    seed: Option<u64>,
    handle: SimHandle,
    slot: Slot,
}

impl Sim {
    pub(super) fn shadow(&self) -> Shadow {
        Shadow { seed: self.seed, handle: self.world.handle(), slot: self.slot.clone() }
    }
}

impl Shadow {
    /// The life, with `verdict`; one without a timeline if the panic came before it was lived.
    pub(super) fn ruined(self, verdict: Verdict) -> Life {
        if let Some(past) = self.slot.0.get() {
            return Life { verdict, past: Arc::clone(past) };
        }
        let mut options = SimOptions::dull();
        options.policy = Some(self.handle.policy());
        let world = Simulator::seeded(0, &options);
        let mut past = Past::unlived(self.seed, world, Trace::default());
        past.tape = self.handle.tape().into();
        self.slot.keep(past, verdict)
    }
}
