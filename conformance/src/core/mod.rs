//! The core on a backend: one file for each subject, one function for each life.
//!
//! A life is handed a [`World`], runs daemons in it and panics if what must hold does not. What the daemons
//! tell is held to the simulator's order afterwards.

mod adding;
mod bodies;
mod checks;
mod children;
mod config;
mod control;
mod diary;
mod ends;
mod events;
mod failures;
mod handle;
mod late;
mod order;
mod reload;
mod restart;
mod signals;
mod stopping;
mod threads;
mod ticks;

use bodies::{at_once, noting, until, with_a_backoff_of_an_hour};
use diary::{Diary, OnDrop, idle};

use crate::scenario::Place;
use crate::world::World;
use crate::{Need, Scenario};

/// A daemon's life, and what it must come to.
pub(crate) struct Core<W: World> {
    pub(crate) scenario: Scenario,
    pub(crate) body: fn(&W),
    /// What it tells differs from life to life by more than its order, so it is held to none.
    pub(crate) open: bool,
}

impl<W: World> Core<W> {
    /// Threads block in it until others act.
    const fn threads(mut self) -> Self {
        self.scenario = self.scenario.needs(&[Need::RealTime]);
        self
    }

    /// A worker is blocked in it, and another goes on.
    const fn workers(mut self) -> Self {
        self.scenario = self.scenario.needs(&[Need::RealTime, Need::Workers]);
        self
    }

    /// It uses what is process-wide, or blocks what others need.
    const fn alone(mut self) -> Self {
        self.scenario = self.scenario.place(Place::Process);
        self
    }

    /// How many there are, or who is first, is not the same in every life.
    const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// It ends its process with this code.
    const fn exits(mut self, code: u8) -> Self {
        self.scenario = self.scenario.place(Place::Exit(code));
        self
    }
}

/// `core!("ORDER-01", function, "goal", "method")`: the name is the function's.
macro_rules! core {
    ($id:literal, $body:ident, $goal:literal, $method:literal $(,)?) => {
        $crate::core::Core {
            scenario: $crate::Scenario::new(
                $crate::Tier::Core,
                $id,
                stringify!($body),
                $goal,
                $method,
            ),
            body: $body::<W>,
            open: false,
        }
    };
}
use core;

/// Every life, in the order of the reports.
pub(crate) fn all<W: World>() -> Vec<Core<W>> {
    let mut lives = order::lives();
    lives.extend(stopping::lives());
    lives.extend(ends::lives());
    lives.extend(handle::lives());
    lives.extend(children::lives());
    lives.extend(late::lives());
    lives.extend(config::lives());
    lives.extend(control::lives());
    lives.extend(adding::lives());
    lives.extend(failures::lives());
    lives.extend(restart::lives());
    lives.extend(checks::lives());
    lives.extend(ticks::lives());
    lives.extend(reload::lives());
    lives.extend(signals::lives());
    lives.extend(events::lives());
    lives.extend(threads::lives());
    lives
}
