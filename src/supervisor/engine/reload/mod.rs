//! Reload: what becomes of a configuration that is proposed. What it says is known to the driver alone.
//!
//! ```text
//!        asked for         read            all have answered           who restarted is ready
//!   Idle --------> Reading ----> Preparing ----------------> Settling ------------------------> Idle
//!                     |              |                           |
//!                     | bad          | refused, no answer        | one is not ready: the old one, the same way
//!                     v              v                           v
//!                   Idle           Idle                      Preparing
//! ```
//!
//! 1. One at a time. Whatever is asked for meanwhile is one more, after it.
//! 2. Before it is published nothing has changed, and what was prepared is dropped.
//! 3. Publication, commits and restarts are decided in one step: a shutdown comes before all of them or after.
//! 4. Once it is published, whoever is concerned has taken it, restarts, or starts later.
//! 5. Each call is answered once.
//! 6. What a call or a signal asked for is told, whatever comes of it, unless the shutdown comes before it begins.

mod prepare;
mod settle;
mod tuning;

use std::collections::BTreeMap;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::{Cause, Effect, Engine, Note, Out, Phase, Ticket, Timer};
pub(crate) use prepare::{Concern, Duty, Said};
pub(crate) use tuning::Tuning;

/// How long reading the configuration may take.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long those that are concerned have to answer.
pub(crate) const PREPARE_TIMEOUT: Duration = Duration::from_secs(10);
/// A file has been left alone for that long before it is read.
pub(crate) const QUIET: Duration = Duration::from_millis(250);
/// It is read that long after it was touched, although it is touched again and again.
pub(crate) const QUIET_AT_MOST: Duration = Duration::from_secs(2);
/// A start that takes longer does not put off a reload.
pub(super) const START_IS_LONG: Duration = Duration::from_secs(30);

/// What has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It cannot be used. `same`: for the reason that was given the last time that it could not.
    Bad { same: bool },
    /// It is what is in force.
    Unchanged,
    /// It is another one, handed over by [`Engine::propose`].
    Changed,
}

/// How a reload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was published, and whoever restarted is ready.
    Done,
    Unchanged,
    /// There is nothing that could be read again.
    Nothing,
    Bad,
    /// It was not read in time.
    Unread,
    /// Reading it the last time has not come to its end.
    Busy,
    /// That subsystem refused it.
    Refused(u32),
    /// That subsystem did not answer in time.
    Silent(u32),
    /// That subsystem would have to start again, and cannot.
    Once(u32),
    /// That subsystem was not ready with it: the one before is in force again.
    RolledBack(u32),
    /// That subsystem was not ready with it, and going back has failed as well.
    Stranded(u32),
    ShuttingDown,
}

/// The reload that is under way, and what is asked for after it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reload {
    stage: Stage,
    /// Of this or the last one.
    number: u32,
    /// Reading, given up, that has not come to its end.
    stuck: Option<u32>,
    /// Whom this one answers.
    asked: Vec<Ticket>,
    /// Who waits for the next one.
    next: Vec<Ticket>,
    /// Another one is wanted; true: only because the file was touched.
    wanted: Option<bool>,
    /// This one is under way only because the file was touched.
    only_touched: bool,
    /// How the last one failed, and nothing has been told that takes it back.
    failed: Option<Outcome>,
    /// When the file was touched first and last.
    touched: Option<(Instant, Instant)>,
    /// The start is over, or does not go well.
    open: bool,
    concerned: Vec<Concern>,
    tuning: Option<Tuning>,
    /// Who has restarted with what was published last.
    restarted: Vec<u32>,
    /// Whose state has changed in this step.
    changed: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
enum Stage {
    #[default]
    Idle,
    Reading,
    Preparing {
        /// Who is asked, in which generation, and what it said.
        asked: BTreeMap<u32, (u32, Option<Said>)>,
        /// How many have not answered.
        open: usize,
        back: Option<Back>,
    },
    Settling {
        /// Who restarts, and the last generation that had the configuration before.
        restarts: BTreeMap<u32, u32>,
        /// Of them, who is not ready yet.
        waiting: BTreeMap<u32, u32>,
        /// Who took it without a restart.
        took: Vec<u32>,
        /// The commits have been called.
        committed: bool,
        /// Who was not ready with it.
        trouble: Option<u32>,
        back: Option<Back>,
    },
}

/// The configuration before is being published again.
#[derive(Clone, Debug)]
struct Back {
    /// Who was not ready.
    culprit: u32,
    /// Who had restarted.
    restarted: Vec<u32>,
    /// Of them, who has not been ready since, and the last generation before.
    waiting: BTreeMap<u32, u32>,
}

impl Reload {
    /// Whether the end of a step has to look at it.
    pub(super) fn is_busy(&self) -> bool {
        self.wanted.is_some() || !matches!(self.stage, Stage::Idle)
    }

    #[cfg(test)]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Who restarts with what is tried, and has not been ready since.
    fn waiting(&mut self) -> Option<&mut BTreeMap<u32, u32>> {
        match &mut self.stage {
            Stage::Settling { waiting, .. } => Some(waiting),
            Stage::Preparing { back: Some(back), .. } => Some(&mut back.waiting),
            _ => None,
        }
    }

    pub(super) fn changed(&mut self, unit: u32) {
        if matches!(self.stage, Stage::Preparing { .. } | Stage::Settling { .. }) {
            self.changed.push(unit);
        }
    }

    /// Whether what this timer was set for is still the case.
    pub(super) fn matters(&self, timer: Timer) -> bool {
        match timer {
            Timer::Read(number) => matches!(self.stage, Stage::Reading) && number == self.number,
            Timer::Prepare(number) => {
                matches!(self.stage, Stage::Preparing { .. }) && number == self.number
            }
            Timer::Settle(number) => {
                matches!(self.stage, Stage::Settling { .. }) && number == self.number
            }
            Timer::Touched => self.touched.is_some(),
            Timer::StartIsLong => !self.open,
            _ => false,
        }
    }
}

impl Engine {
    /// A signal asks for a reload.
    pub(super) fn reload_by_signal(&mut self, signal: Signal, now: Instant, out: &mut Out) {
        if self.settings.reloadable {
            self.want_reload(false, now, out);
        } else {
            out.push_back(Effect::Note(Note::NothingToReload(signal)));
        }
    }

    /// A call asks for one.
    pub(super) fn reload(&mut self, ticket: Ticket, now: Instant, out: &mut Out) {
        let refusal = match self.phase {
            _ if !self.settings.reloadable => Some(Outcome::Nothing),
            Phase::Idle | Phase::Up => None,
            _ => Some(Outcome::ShuttingDown),
        };
        if let Some(outcome) = refusal {
            return out.push_back(Effect::AnswerReload { ticket, outcome });
        }
        self.reload.next.push(ticket);
        self.want_reload(false, now, out);
    }

    /// The file was touched: it is read once it is left alone.
    pub(super) fn touched(&mut self, now: Instant) {
        if !self.settings.reloadable || self.phase > Phase::Up {
            return;
        }
        match &mut self.reload.touched {
            Some((_, last)) => *last = now,
            None => {
                self.reload.touched = Some((now, now));
                self.timers.set(now + QUIET, Timer::Touched);
            }
        }
    }

    /// The file may have been left alone by now.
    pub(super) fn quiet(&mut self, now: Instant, out: &mut Out) {
        let Some((first, last)) = self.reload.touched else { return };
        let due = (last + QUIET).min(first + QUIET_AT_MOST);
        if due > now {
            self.timers.set(due, Timer::Touched);
        } else {
            self.reload.touched = None;
            self.want_reload(true, now, out);
        }
    }

    fn want_reload(&mut self, touched: bool, now: Instant, out: &mut Out) {
        let only_touched = self.reload.wanted.unwrap_or(true);
        self.reload.wanted = Some(only_touched && touched);
        self.begin_reload(now, out);
    }

    /// The start is over, or one has failed, or it takes long: nothing is put off any more.
    pub(super) fn open_reload(&mut self, now: Instant, out: &mut Out) {
        if !std::mem::replace(&mut self.reload.open, true) {
            self.begin_reload(now, out);
        }
    }

    fn begin_reload(&mut self, now: Instant, out: &mut Out) {
        let idle = matches!(self.reload.stage, Stage::Idle) && self.reload.open;
        if !idle || !self.may_start() {
            return;
        }
        let Some(only_touched) = self.reload.wanted.take() else { return };
        self.reload.only_touched = only_touched;
        self.reload.asked = std::mem::take(&mut self.reload.next);
        self.reload.number += 1;
        let number = self.reload.number;
        self.reload.stage = Stage::Reading;
        if self.reload.stuck.is_some() {
            return self.reload_over(Outcome::Busy, out);
        }
        self.timers.set(now + READ_TIMEOUT, Timer::Read(number));
        out.push_back(Effect::Read { number });
    }

    /// What `Event::Read` with [`Found::Changed`] is about: who is concerned, and what it says of the daemon itself.
    pub(crate) fn propose(&mut self, number: u32, concerned: Vec<Concern>, tuning: Tuning) {
        if number == self.reload.number && matches!(self.reload.stage, Stage::Reading) {
            self.reload.concerned = concerned;
            self.reload.tuning = Some(tuning);
        }
    }

    /// The configuration has been read.
    pub(super) fn read(&mut self, number: u32, found: Found, now: Instant, out: &mut Out) {
        if self.reload.stuck == Some(number) {
            self.reload.stuck = None;
        }
        let expected = matches!(self.reload.stage, Stage::Reading) && number == self.reload.number;
        if !expected || !self.may_start() {
            return;
        }
        match found {
            Found::Bad { same } => {
                if !same {
                    self.reload.failed = None;
                }
                self.reload_over(Outcome::Bad, out);
            }
            Found::Unchanged => self.reload_over(Outcome::Unchanged, out),
            Found::Changed => self.prepare(None, now, out),
        }
    }

    /// It has not been read in time. Its end is waited for before it is read again.
    pub(super) fn not_read(&mut self, out: &mut Out) {
        self.reload.stuck = Some(self.reload.number);
        self.reload_over(Outcome::Unread, out);
    }

    /// The step is over: what has changed is taken in, and the next one begins when this one is over.
    pub(super) fn settle_reload(&mut self, now: Instant, out: &mut Out) {
        // What this leads to changes more.
        loop {
            for unit in std::mem::take(&mut self.reload.changed) {
                self.asked_has_changed(unit, now, out);
                self.restarted_has_changed(unit);
            }
            self.settle(now, out);
            if self.reload.changed.is_empty() {
                break;
            }
        }
        self.begin_reload(now, out);
    }

    fn reload_over(&mut self, outcome: Outcome, out: &mut Out) {
        self.reload.stage = Stage::Idle;
        self.reload.concerned.clear();
        let news = self.is_news(outcome);
        out.push_back(Effect::Reloaded { outcome, news });
        for ticket in std::mem::take(&mut self.reload.asked) {
            out.push_back(Effect::AnswerReload { ticket, outcome });
        }
        if let (Outcome::Stranded(unit), true) = (outcome, self.settings.strict_reload) {
            self.initiate(Cause::Stranded(unit), out);
        }
    }

    /// Whether its end is told. A file that was only touched tells neither twice why it cannot be used nor that nothing
    /// has changed, unless a failure was told before: what is in force is what the file says again.
    fn is_news(&mut self, outcome: Outcome) -> bool {
        let failed = !matches!(outcome, Outcome::Done | Outcome::Unchanged | Outcome::Nothing);
        let unusable = matches!(outcome, Outcome::Bad | Outcome::Unread | Outcome::Busy);
        let before = std::mem::replace(&mut self.reload.failed, failed.then_some(outcome));
        let old = match before {
            None => outcome == Outcome::Unchanged,
            Some(before) => unusable && outcome == before,
        };
        !(old && self.reload.only_touched)
    }

    /// The shutdown begins: what is not published never will be.
    pub(super) fn refuse_reload(&mut self, out: &mut Out) {
        if matches!(self.reload.stage, Stage::Preparing { .. }) {
            out.push_back(Effect::Unprepare);
        }
        if !matches!(self.reload.stage, Stage::Idle) {
            self.reload_over(Outcome::ShuttingDown, out);
        }
        (self.reload.wanted, self.reload.touched) = (None, None);
        for ticket in std::mem::take(&mut self.reload.next) {
            out.push_back(Effect::AnswerReload { ticket, outcome: Outcome::ShuttingDown });
        }
    }
}
