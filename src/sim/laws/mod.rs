//! What must hold in every life, whatever the seed. Each law has a name; the first one that is broken ends
//! the life.
//!
//! | law | what must hold |
//! |---|---|
//! | `dependencies first` | a subsystem starts after each dependency was ready or has completed |
//! | `one generation` | at most one generation of a subsystem is live, and their numbers grow by one |
//! | `nothing starts after a stop` | once a shutdown has begun, nothing is spawned |
//! | `ready is true` | the daemon shows ready only when every subsystem is, and never once a stop has begun |
//! | `unready before the stop` | it shows not ready before it asks anybody to stop |
//! | `heard at once` | what a subsystem reports reaches the engine before anybody has to wait |
//! | `legal transition` | states change along the arrows of `SubsystemState` |
//! | `status agrees` | what the status shows is what the engine decided |
//! | `asked once` | a generation is asked to stop at most once, and only while it lives |
//! | `dependents first` | in a shutdown, it is asked after each of its dependents has ended or was left |
//! | `announced first` | nobody is asked to stop before the shutdown began, unless its `run` returned |
//! | `grace given` | the deadline of a stop request is the grace from now, at most the daemon's own |
//! | `grace kept` | nobody is aborted before its deadline, unless forced or late at its start |
//! | `grace ends` | nobody is left alive after its deadline, nor after the daemon's |
//! | `joined first` | an end is told after the subsystem's future was dropped |
//! | `ends once` | the end of a generation is told once |
//! | `exit when over` | the run ends when nothing is live, or when the budget is over |
//! | `budget kept` | the run ends within the budget |
//! | `end as it was`, `exit code` | ends and the code are those of the [model](super::model) |
//! | `first cause` | the report's reason is the first one |
//! | `every stop ends` | a life that is asked to end, ends |

pub(super) mod finish;
pub(super) mod situations;
pub(super) mod start;
pub(super) mod states;
pub(super) mod stop;

/// The first law that was found broken.
#[derive(Default)]
pub(super) struct Found(Option<(&'static str, String)>);

impl Found {
    /// Notes that `law` is broken unless it `holds`.
    pub(super) fn expect(&mut self, holds: bool, law: &'static str, seen: impl FnOnce() -> String) {
        if !holds && self.0.is_none() {
            self.0 = Some((law, seen()));
        }
    }

    pub(super) fn take(self) -> Option<(&'static str, String)> {
        self.0
    }
}
