//! A second opinion: how each subsystem ends and with what code the daemon exits, from what was seen of
//! the subsystems and the signals. Written from lifecycle's rules, without a look into the engine.

use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use super::book::{Book, Came, Next, Unit};
use super::company::{self, Leave};
use super::pulse::Change;
use crate::backoff::Backoff;
use crate::end::EndKind;
use crate::health::Probe;
use crate::restart::Restart;
use crate::signal::{Action, Row};
use crate::state::SubsystemState as State;
use crate::supervisor::engine::{Answer, Cause, How, Say, Turn};

/// Presses of Ctrl-C closer to each other than this are one.
const ONE_PRESS: Duration = Duration::from_millis(300);
/// How long a state dump is waited for.
const DUMP: Duration = Duration::from_secs(1);

/// A signal reaches the daemon.
pub(super) fn signal(book: &mut Book, signal: Signal, now: Instant) {
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
pub(super) fn dumped(book: &mut Book, now: Instant) {
    if let Some((signal, since)) = book.dumping.take() {
        force(book, signal, now.min(since + DUMP));
    }
}

/// Time has passed.
pub(super) fn time(book: &mut Book, now: Instant) {
    // What has left by then is left.
    let budget = book.budget_at().unwrap_or(Instant::MAX);
    let over = |since: Instant| since + DUMP <= now && since + DUMP < budget;
    if book.dumping.is_some_and(|(_, since)| over(since)) {
        dumped(book, now);
    }
    if book.stop_began.is_none() {
        checks(book, now);
    }
}

/// The checks that are due, in the order in which they are.
fn checks(book: &mut Book, now: Instant) {
    let mut due = Vec::new();
    for (unit, this) in book.units.iter().enumerate() {
        for probe in Probe::ALL {
            due.extend(this.pulse.due(probe, now).map(|due| (due, unit, probe)));
        }
    }
    due.sort_unstable();
    for (_, unit, probe) in due {
        if !book.units[unit].is_watched(probe) {
            continue;
        }
        let rank = book.rank();
        if let Some(change) = book.units[unit].pulse.passed(probe, rank, now) {
            changed(book, unit, probe, change, now);
        }
    }
}

/// A subsystem says that it is ready. Who is asked to stop, or aborted, becomes ready no more.
pub(super) fn ready(book: &mut Book, unit: u32) {
    let this = &mut book.units[unit as usize];
    this.pulse.told = true;
    this.ready |= this.asked.is_none() && this.aborted.is_none() && !this.pulse.starts();
}

/// A check has answered.
pub(super) fn checked(
    book: &mut Book,
    unit: u32,
    (probe, number): (Probe, u32),
    answer: Answer,
    now: Instant,
) {
    let this = &mut book.units[unit as usize];
    let watched = this.is_watched(probe) && book.stop_began.is_none();
    if let Some(change) = this.pulse.answered(probe, number, answer, watched) {
        changed(book, unit as usize, probe, change, now);
    }
}

/// Its last sign of life was then.
pub(super) fn beat(book: &mut Book, unit: u32, at: Instant, now: Instant) {
    let this = &book.units[unit as usize];
    let missed = this.pulse.heartbeat.is_some_and(|deadline| at + deadline <= now);
    if missed && this.is_watched(Probe::Liveness) {
        unhealthy(book, unit as usize, now);
    }
}

fn changed(book: &mut Book, unit: usize, probe: Probe, change: Change, now: Instant) {
    let this = &mut book.units[unit];
    match (probe, change) {
        (Probe::Startup, Change::Rose) => this.ready |= this.pulse.told,
        (Probe::Startup, Change::Fell) | (Probe::Liveness, Change::Rose) => {}
        (Probe::Readiness, change) => this.met = change == Change::Rose,
        (Probe::Liveness, Change::Fell) => unhealthy(book, unit, now),
    }
}

/// It is to be stopped, unless everything is.
fn unhealthy(book: &mut Book, unit: usize, now: Instant) {
    if book.stop_began.is_some() || book.cause.is_some() || book.dumping.is_some() {
        return;
    }
    let this = &mut book.units[unit];
    this.unhealthy.get_or_insert(now);
    if this.rules.restart != Restart::Never {
        company::again(book, u32::try_from(unit).unwrap_or(u32::MAX));
    }
}

fn force(book: &mut Book, signal: Signal, at: Instant) {
    book.forced_by.get_or_insert((signal, at));
}

/// Its `run` is over; work in flight, or children, are not.
pub(super) fn returned(book: &mut Book, unit: u32, say: Say) {
    let this = &mut book.units[unit as usize];
    this.returned = this.asked.is_none();
    if let Say::Shutdown(code) = say
        && !this.left
    {
        this.said = Some(code);
    }
}

/// What is to become of a subsystem whose last generation has ended so.
pub(super) fn decide(book: &mut Book, unit: u32, how: How, say: Say, now: Instant) -> Next {
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
        (Say::Final, _) | (_, Restart::Never) => return settled,
        (_, Restart::OnFailure) if !failed => return settled,
        _ => {}
    }
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
pub(super) fn turned(book: &mut Book, turn: Turn, now: Instant) {
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
    if matches!(turn.state, State::Stopped | State::Failed) {
        unit.due = None;
    }
    // What was left behind was given up then: its end changes nothing.
    if unit.left && !starts {
        return;
    }
    unit.left |= turn.state == State::Zombie;
    match turn.state {
        State::Waiting => (unit.leave, unit.met) = (Leave::No, false),
        State::Starting => {
            (unit.leave, unit.met) = (Leave::No, false);
            unit.starting = Some(now);
            unit.unhealthy = None;
        }
        State::Running => {
            unit.met = !unit.pulse.has(Probe::Readiness);
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
pub(super) fn gave_up(book: &mut Book, unit: u32, say: Say) {
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

fn go_on(book: &mut Book, unit: u32, spared: bool) {
    book.units[unit as usize].spared = spared;
    if spared && book.cause.is_none() {
        lose(book, unit);
    }
}

/// What cannot be without `unit` is lost, and what cannot be without that.
pub(super) fn lose(book: &mut Book, unit: u32) {
    let mut open = vec![unit];
    while let Some(gone) = open.pop() {
        let temporary = gone == unit && book.units[gone as usize].rules.restart == Restart::Never;
        for index in 0..book.units.len() {
            let this = &book.units[index];
            let needs = this.dependencies.iter().zip(&this.requires);
            let needs = needs.filter(|(_, required)| **required).any(|(on, _)| *on == gone);
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            let along = !temporary && book.units[gone as usize].along.contains(&number);
            let needs = needs || along && number != gone;
            let over = matches!(
                this.state,
                State::Stopped | State::Failed | State::Zombie | State::Removed
            ) || this.leave == Leave::Retired;
            if needs && !over && !this.lost {
                book.units[index].lost = true;
                open.push(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
    }
}

/// How a subsystem ended; none if it was never started.
pub(super) fn end(unit: &Unit) -> Option<EndKind> {
    if unit.lost_idle {
        return Some(EndKind::DependencyStopped);
    }
    let end = own_end(unit)?;
    let well = matches!(end, EndKind::Completed | EndKind::Requested);
    Some(if well && unit.lost && matches!(unit.state, State::Failed | State::Removed) {
        EndKind::DependencyStopped
    } else {
        end
    })
}

fn own_end(unit: &Unit) -> Option<EndKind> {
    unit.launched?;
    if unit.left {
        return Some(EndKind::Zombie);
    }
    if unit.late {
        return Some(EndKind::StartTimeout);
    }
    if unit.ended_unhealthy {
        return Some(EndKind::Unhealthy);
    }
    Some(match unit.outcome {
        Some(Came::Panic) => EndKind::Panic,
        Some(Came::Error) => EndKind::Error,
        _ if unit.orphan => EndKind::Panic,
        None => EndKind::Aborted,
        Some(Came::Ok | Came::Stopping) if unit.cut => EndKind::Aborted,
        Some(Came::Stopping) if unit.asked.is_some() => EndKind::Requested,
        Some(Came::Stopping) => EndKind::Error,
        Some(Came::Ok) if unit.asked_by_then => EndKind::Requested,
        Some(Came::Ok) if unit.rules.explicit_ready && !unit.ready => EndKind::Error,
        Some(Came::Ok) => EndKind::Completed,
    })
}

/// The code that the daemon exits with.
pub(super) fn exit_code(book: &Book) -> u8 {
    if let Some((signal, _)) = book.forced_by {
        return 128 + u8::try_from(signal.number()).unwrap_or(0);
    }
    let left = |unit| matches!(end(unit), Some(EndKind::Aborted | EndKind::Zombie));
    if book.units.iter().any(left) {
        return 124;
    }
    match book.cause.filter(|_| book.own) {
        Some(Cause::Failed(unit) | Cause::StartFailed(unit)) => code(&book.units[unit as usize]),
        Some(Cause::Asked(_, code)) => code,
        cause => {
            let failed = book.units.iter().filter(|unit| unit.state == State::Failed);
            let worst = failed.map(code).max();
            let well = |unit: &Unit| !unit.rules.background && unit.state != State::Failed;
            match worst {
                Some(worst) if cause == Some(Cause::NothingToRun) => {
                    let only_background = book.units.iter().all(|unit| unit.rules.background);
                    let alone = !only_background && !book.units.iter().any(well);
                    if alone { worst.max(69) } else { worst }
                }
                worst => worst.unwrap_or(0),
            }
        }
    }
}

/// The code of a failure.
fn code(unit: &Unit) -> u8 {
    match end(unit) {
        Some(EndKind::Panic) => 70,
        Some(EndKind::StartTimeout) => 75,
        Some(EndKind::DependencyStopped) => 69,
        Some(EndKind::Error | EndKind::Unhealthy) if unit.too_often => 69,
        Some(EndKind::Error | EndKind::Unhealthy) => 1,
        Some(EndKind::Completed) if unit.too_often => 69,
        _ => 0,
    }
}
