use std::task::Waker;

use super::WakerSet;
use super::prim::Mutex;
use super::wakers::Key;

/// Wakes everybody who waits, as often as asked. The condition they wait for lives elsewhere: register,
/// then look at it.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Round>);

#[derive(Debug, Default)]
struct Round {
    number: u64,
    waiting: WakerSet,
}

/// A waiter's place, valid for one round: a place of an earlier round is nobody's.
#[derive(Debug, Default)]
pub(crate) struct Place {
    round: u64,
    key: Key,
}

impl Notify {
    /// Registers `waker` for the next [`wake_all`](Self::wake_all).
    pub(crate) fn register(&self, place: &mut Place, waker: &Waker) {
        let mut round = self.0.lock();
        if place.round != round.number {
            *place = Place { round: round.number, key: Key::default() };
        }
        round.waiting.register(&mut place.key, waker);
    }

    /// Takes a waiter out.
    pub(crate) fn leave(&self, place: &mut Place) {
        let mut round = self.0.lock();
        if place.round == round.number {
            round.waiting.remove(&mut place.key);
        }
    }

    pub(crate) fn wake_all(&self) {
        let waiting = {
            let mut round = self.0.lock();
            round.number += 1;
            round.waiting.take()
        };
        waiting.wake();
    }
}
