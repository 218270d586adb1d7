//! A second opinion: how each subsystem ends and with what code the daemon exits, from what was seen of
//! the subsystems and the signals. Written from lifecycle's rules, without a look into the engine.

mod checks;
mod ends;
pub(super) mod reload;

pub(super) use checks::{beat, checked, tuned};
pub(super) use ends::{end, exit_code};

use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use crate::backoff::Backoff;
use crate::end::EndKind;
use crate::health::Probe;
use crate::restart::Restart;
use crate::signal::{Action, Row};
use crate::sim::book::{Book, Next};
use crate::sim::company::{self, Leave};
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{How, Say, Turn};

/// Presses of Ctrl-C closer to each other than this are one.
const ONE_PRESS: Duration = Duration::from_millis(300);
/// How long a state dump is waited for.
const DUMP: Duration = Duration::from_secs(1);

/// A signal reaches the daemon.
pub(in crate::sim) fn signal(book: &mut Book, signal: Signal, now: Instant) {
    match book.actions.get(signal) {
        Some(Row::Action(Action::Force)) => force(book, signal, now),
        Some(Row::Action(Action::Dump)) => {
            book.dumping.get_or_insert((signal, now));
        }
        Some(Row::Action(Action::Shutdown)) if signal == Signal::Interrupt => match book.pressed {
            None => book.pressed = Some(now),
            Some(first) if now.since(first) >= ONE_PRESS => force(book, signal, now),
            Some(_) => {}
        },
        _ => {}
    }
}

/// The state dump is written.
pub(in crate::sim) fn dumped(book: &mut Book, now: Instant) {
    if let Some((signal, since)) = book.dumping.take() {
        force(book, signal, now.min(since + DUMP));
    }
}

/// Time has passed.
pub(in crate::sim) fn time(book: &mut Book, now: Instant) {
    // What has left by then is left.
    let budget = book.budget_at().unwrap_or(Instant::MAX);
    let over = |since: Instant| since + DUMP <= now && since + DUMP < budget;
    if book.dumping.is_some_and(|(_, since)| over(since)) {
        dumped(book, now);
    }
    if book.stop_began.is_none() {
        checks::due(book, now);
    }
}

/// A subsystem says that it is ready. Who is asked to stop, or aborted, becomes ready no more.
pub(in crate::sim) fn ready(book: &mut Book, unit: u32) {
    let this = &mut book.units[unit as usize];
    this.pulse.told = true;
    this.ready |= this.asked.is_none() && this.aborted.is_none() && !this.pulse.starts();
}

fn force(book: &mut Book, signal: Signal, at: Instant) {
    book.forced_by.get_or_insert((signal, at));
}

/// Its `run` is over; work in flight, or children, are not.
pub(in crate::sim) fn returned(book: &mut Book, unit: u32, say: Say) {
    let this = &mut book.units[unit as usize];
    this.returned = this.asked.is_none();
    if let Say::Shutdown(code) = say
        && !this.left
    {
        this.said = Some(code);
    }
}

/// What is to become of a subsystem whose last generation has ended so.
pub(in crate::sim) fn decide(book: &mut Book, unit: u32, how: How, say: Say, now: Instant) -> Next {
    let stopping = book.stop_began.is_some();
    let this = &mut book.units[unit as usize];
    let asked = this.asked.is_some();
    let failed = this.late
        || match how {
            How::Panicked => true,
            How::Failed { stopping } => !(stopping && asked),
            How::Completed => !this.asked_by_then && this.rules.explicit_ready && !this.ready,
            How::Aborted => false,
        };
    let others = this.lost || this.leave == Leave::Retired;
    let unhealthy = this.unhealthy.is_some() && !others && !stopping;
    if stopping || this.left {
        let failed = failed || unhealthy;
        return if failed { Next::Failed } else { Next::Stopped };
    }
    if let Say::Shutdown(code) = say {
        this.said = Some(code);
    }
    this.ended_unhealthy = unhealthy && !failed;
    let failed = failed || this.ended_unhealthy;
    // Aborted while the daemon is up: what it left in flight has outlasted its grace.
    let failed = failed || how == How::Aborted;
    let settled = if failed { Next::Failed } else { Next::Stopped };
    match (say, this.rules.restart) {
        (Say::Shutdown(_), _) => return Next::Stopped,
        _ if this.lost => return Next::Failed,
        (_, _) if this.leave == Leave::Retired => {
            let failed = failed && (this.late || how != How::Aborted);
            return if failed { Next::Failed } else { Next::Stopped };
        }
        (Say::Nothing, _) if this.leave == Leave::Again => {
            this.due = None;
            return Next::Backoff(now, Instant::MAX);
        }
        (Say::Nothing, _) if failed && reload::is_tried(book, unit) => {
            book.reload.held.insert(unit);
            book.units[unit as usize].due = None;
            return Next::Backoff(now, Instant::MAX);
        }
        (Say::Final, _) | (_, Restart::Never) => {
            let this = &mut book.units[unit as usize];
            this.done = say == Say::Final;
            return settled;
        }
        (_, Restart::OnFailure) if !failed => return settled,
        _ => {}
    }
    let this = &mut book.units[unit as usize];
    let long = |began: Instant| now.since(began) >= this.rules.backoff.resets_after();
    if this.ready && this.spawned.is_some_and(long) {
        this.streak = 0;
    }
    this.failures.push(now);
    if let Some(limit) = this.rules.intensity {
        this.failures.retain(|at| now.since(*at) < limit.window);
        this.failed_starts = if this.ready { 0 } else { this.failed_starts + 1 };
        if this.failures.len().max(this.failed_starts) > limit.failures as usize {
            this.too_often = true;
            return Next::Failed;
        }
    }
    let [shortest, longest] = delays(&this.rules.backoff, this.streak);
    this.streak += 1;
    this.due = None;
    company::again(book, unit);
    if book.units[unit as usize].lost {
        return Next::Failed;
    }
    Next::Backoff(now + shortest, now + longest)
}

/// The shortest and the longest delay after `before` others, by the formula in the backoff's docs.
fn delays(backoff: &Backoff, before: u32) -> [Duration; 2] {
    let (base, factor, cap, jitter) = backoff.parts();
    let grown = factor.powi(i32::try_from(before).unwrap_or(i32::MAX));
    let cap = cap.as_secs_f64();
    let nominal = (base.as_secs_f64() * grown).min(cap);
    // Roundings are not what this is about.
    let [shortest, longest] = [(1.0 - jitter, 1.0 - 1e-9), (1.0 + jitter, 1.0 + 1e-9)]
        .map(|(moved, rounded)| (nominal * moved).min(cap) * rounded);
    [shortest, longest + 1e-9]
        .map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// The engine says what a subsystem does now.
pub(in crate::sim) fn turned(book: &mut Book, turn: Turn, now: Instant) {
    let stopping = book.stop_began.is_some();
    let called = book.called == Some(turn.unit);
    let ranks = book.rank();
    book.rank();
    let unit = &mut book.units[turn.unit as usize];
    let starts = matches!(turn.state, State::Starting | State::Waiting | State::Backoff);
    if called && starts {
        // Started by name: nothing is held against it.
        (unit.streak, unit.too_often, unit.spared) = (0, false, false);
        // Until it is spawned, its last end is still told.
        unit.lost_idle = end(unit) == Some(EndKind::DependencyStopped);
        unit.lost = false;
        unit.failures.clear();
        unit.failed_starts = 0;
        book.called = None;
    }
    unit.state = turn.state;
    unit.past = turn.state == State::Removed && !stopping;
    if matches!(turn.state, State::Stopped | State::Failed) {
        unit.due = None;
    }
    // What was left behind was given up then: its end changes nothing.
    if unit.left && !starts {
        return;
    }
    unit.left = turn.state == State::Zombie;
    unit.zombie |= unit.left;
    match turn.state {
        State::Waiting => (unit.leave, unit.met) = (Leave::No, false),
        State::Starting => {
            (unit.leave, unit.met) = (Leave::No, false);
            unit.starting = Some(now);
            unit.unhealthy = None;
        }
        State::Running => {
            unit.met = !unit.pulse.judges_readiness() && !unit.leaves();
            unit.served |= unit.met;
            unit.running = now;
            unit.beat_due = unit.pulse.heartbeat().map(|deadline| (now + deadline, now));
            unit.pulse.ask_from(Probe::Readiness, ranks, now);
            unit.pulse.ask_from(Probe::Liveness, ranks + 1, now);
        }
        State::Stopped => unit.met = !stopping && unit.leave != Leave::Retired,
        State::Backoff => {
            unit.met = false;
            if unit.leave == Leave::Retired {
                unit.leave = Leave::No;
            }
        }
        State::Zombie | State::Failed => {
            unit.met = false;
            // Its own end is being decided upon, or something of it lives.
            unit.lost_idle = unit.lost && !unit.live && unit.next.is_none();
            if !stopping && unit.leave != Leave::Retired {
                unit.asking = unit.rules.asks;
                let spared = unit.rules.optional && !unit.rules.asks;
                go_on(book, turn.unit, spared);
            }
        }
        _ => {}
    }
}

/// The user's code has said what becomes of the daemon without `unit`.
pub(in crate::sim) fn gave_up(book: &mut Book, unit: u32, say: Say) {
    let this = &mut book.units[unit as usize];
    this.asking = false;
    let spared = match say {
        Say::Shutdown(code) => {
            this.said = Some(code);
            false
        }
        Say::Final => true,
        Say::Nothing => this.rules.optional,
    };
    go_on(book, unit, spared && book.stop_began.is_none());
}

/// Before what else this step decides: what cannot be without those that it gives up is lost.
pub(in crate::sim) fn give_up(book: &mut Book, turns: &[Turn]) {
    for turn in turns.iter().filter(|turn| matches!(turn.state, State::Zombie | State::Failed)) {
        let this = &book.units[turn.unit as usize];
        let spared = this.rules.optional && !this.rules.asks && this.leave != Leave::Retired;
        if spared && !this.left && book.cause.is_none() && book.stop_began.is_none() {
            lose(book, &[turn.unit]);
        }
    }
}

fn go_on(book: &mut Book, unit: u32, spared: bool) {
    book.units[unit as usize].spared = spared;
    if spared && book.cause.is_none() {
        lose(book, &[unit]);
    }
}

/// What cannot be without these is lost, and what cannot be without that.
pub(in crate::sim) fn lose(book: &mut Book, units: &[u32]) {
    for lost in losses(book, units) {
        book.units[lost as usize].lost = true;
    }
}

/// Who is lost without `units`, of those that are not yet.
pub(in crate::sim) fn losses(book: &Book, units: &[u32]) -> Vec<u32> {
    let mut all = units.to_vec();
    let mut seen = 0;
    while let Some(&gone) = all.get(seen) {
        let never = book.units[gone as usize].rules.restart == Restart::Never;
        let temporary = units.contains(&gone) && never;
        let along = if temporary { Vec::new() } else { company::along(book, gone) };
        for (number, this) in (0..).zip(&book.units) {
            let needs = company::needs(book, number).contains(&gone) || along.contains(&number);
            let over = this.over() || this.leave == Leave::Retired || this.lost;
            if needs && !over && !all.contains(&number) {
                all.push(number);
            }
        }
        seen += 1;
    }
    all.split_off(units.len())
}
