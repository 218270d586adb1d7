//! Time: what is due, what was set for something that is over, and who is being waited for.

use proc_daemon_runtime::Instant;

use super::{
    Effect, Engine, NAMES_IN_A_NOTE, Note, Out, PROGRESS_EVERY, Phase, Probe, Reload, State, Table,
    Timer, Unit, Waiting,
};

impl Engine {
    /// Keeps the timers few whose reason is gone.
    pub(super) fn prune_timers(&mut self) {
        if !self.timers.may_be_many() {
            return;
        }
        let Self { timers, units, phase, unready, dumping, reload, .. } = self;
        let now_is = (*phase, *unready, dumping.is_some());
        timers.prune(|timer| matters(timer, units, now_is, reload));
    }

    /// When to step with `Event::Tick`, if nothing comes before.
    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        let Self { timers, units, phase, unready, dumping, reload, .. } = self;
        let now_is = (*phase, *unready, dumping.is_some());
        timers.next(|timer| matters(timer, units, now_is, reload))
    }

    pub(super) fn tick(&mut self, now: Instant, out: &mut Out) {
        // What this step sets is due in the next one: what it decides is performed before.
        let of = self.timers.set_so_far();
        while let Some(timer) = self.timers.pop_due(now, of) {
            let now_is = (self.phase, self.unready, self.dumping.is_some());
            if !matters(timer, &self.units, now_is, &self.reload) {
                continue;
            }
            match timer {
                // What forced the end came before: the shutdown is about to abort it.
                Timer::Start { .. } if self.forced.is_some() => {}
                Timer::Start { unit, .. } => self.start_timed_out(unit, now, out),
                Timer::Grace { unit, .. } => {
                    out.push_back(Effect::Note(Note::GraceOver(unit)));
                    self.abort(unit, now, out);
                }
                Timer::Zombie { unit, .. } => self.leave_behind(unit, now, out),
                Timer::Restart { unit, .. } => self.backoff_over(unit, now, out),
                Timer::Storm => self.storm_abates(now, out),
                Timer::Check { unit, probe, .. } => self.check_due(unit, probe, now, out),
                Timer::Beat { unit, .. } => self.beat_due(unit, out),
                Timer::Read(_) => self.not_read(out),
                Timer::Prepare(_) => self.not_all_prepared(now, out),
                Timer::Settle(_) => self.not_settled(now, out),
                Timer::Touched => self.quiet(now, out),
                Timer::StartIsLong => self.open_reload(now, out),
                Timer::Dump => self.dumped(now, out),
                Timer::LameDuck => self.begin_stopping(now, out),
                Timer::Force => self.force_time(now, out),
                Timer::Budget => self.budget_over(now, out),
                Timer::Finalizer(index) => {
                    out.push_back(Effect::Note(Note::FinalizerSlow(index)));
                    self.finalized(index, now, out);
                }
                Timer::StillStarting => {
                    let starts = |unit: &Unit| unit.waits && unit.state != State::Running;
                    if let Some(waiting) = self.waiting(starts) {
                        out.push_back(Effect::Note(Note::StillStarting(waiting)));
                    }
                    self.timers.set(now + PROGRESS_EVERY, timer);
                }
                Timer::StillStopping => {
                    if let Some(waiting) = self.waiting(Unit::is_live) {
                        out.push_back(Effect::Note(Note::StillStopping(waiting)));
                    }
                    self.timers.set(now + PROGRESS_EVERY, timer);
                }
            }
        }
    }

    /// Those of whom `is` holds, if there are any.
    pub(super) fn waiting(&self, is: impl Fn(&Unit) -> bool) -> Option<Box<Waiting>> {
        let mut those = self.units.numbered().filter(|(_, unit)| is(unit)).map(|(n, _)| n);
        let units: Vec<u32> = those.by_ref().take(NAMES_IN_A_NOTE).collect();
        let more = those.count();
        (!units.is_empty()).then(|| Box::new(Waiting { units, more }))
    }
}

/// Whether what `timer` was set for is still the case.
pub(super) fn matters(
    timer: Timer,
    units: &Table<Unit>,
    (phase, unready, dumping): (Phase, usize, bool),
    reload: &Reload,
) -> bool {
    let live = |unit: u32, generation: u32| {
        let unit = &units[unit as usize];
        (unit.generation == generation && unit.is_live()).then_some(unit.state)
    };
    match timer {
        Timer::Start { unit, generation } => {
            live(unit, generation) == Some(State::Starting) && !units[unit as usize].asked
        }
        Timer::Grace { unit, generation } => {
            live(unit, generation).is_some_and(|state| state != State::Aborting)
        }
        Timer::Zombie { unit, generation } => live(unit, generation) == Some(State::Aborting),
        Timer::Restart { unit, generation, backoff } => {
            let unit = &units[unit as usize];
            let last = (unit.generation, unit.backoff) == (generation, backoff);
            last && unit.state == State::Backoff
        }
        Timer::Check { unit, generation, probe: Probe::Startup } => {
            live(unit, generation) == Some(State::Starting)
        }
        Timer::Check { unit, generation, .. } | Timer::Beat { unit, generation } => {
            live(unit, generation) == Some(State::Running)
        }
        Timer::Storm => phase == Phase::Up,
        Timer::Read(_)
        | Timer::Prepare(_)
        | Timer::Settle(_)
        | Timer::Touched
        | Timer::StartIsLong => phase == Phase::Up && reload.matters(timer),
        Timer::Dump => dumping,
        Timer::LameDuck => phase == Phase::LameDuck,
        Timer::Force => matches!(phase, Phase::LameDuck | Phase::Stopping),
        Timer::Budget => phase != Phase::Done,
        Timer::Finalizer(index) => phase == Phase::Finalizing(index),
        Timer::StillStarting => phase == Phase::Up && unready > 0,
        Timer::StillStopping => matches!(phase, Phase::LameDuck | Phase::Stopping),
    }
}
