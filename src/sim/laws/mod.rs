//! The laws that every life is held to; each function notes in `Found` the first one that is broken.
//!
#![doc = include_str!("laws.md")]

pub(super) mod calls;
pub(super) mod due;
pub(super) mod finish;
pub(super) mod health;
pub(super) mod reload;
pub(super) mod situations;
pub(super) mod start;
pub(super) mod states;
pub(super) mod stop;
pub(super) mod storm;

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
