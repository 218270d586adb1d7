use std::collections::VecDeque;

use super::{Effect, State};

/// Where a step puts what it decided.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// To be performed, in order.
    pub(crate) effects: VecDeque<Effect>,
    /// Changes of state, in order, to be shown before the effects are performed. Apart from the effects
    /// because there are several for each subsystem.
    pub(crate) turns: Vec<Turn>,
    /// Who has become ready, or is not ready any more, in order; to be shown with the turns.
    pub(crate) ready: Vec<(u32, bool)>,
}

/// A subsystem's new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) unit: u32,
    pub(crate) generation: u32,
    pub(crate) state: State,
}

impl Out {
    pub(super) fn push_back(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }
}
