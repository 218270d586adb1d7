//! A state as a number: what differs only in when it came about, or in how often, is the same.

use super::acts::Detail;
use super::*;

/// What the engine may yet do in this state. Moments count by their order.
pub(super) fn digest(world: &World, detail: Detail) -> u64 {
    let engine = &world.engine;
    let mut fold = Fold(0x9e37_79b9_7f4a_7c15);
    fold.put(phase(engine.phase));
    fold.flags(&[engine.forced.is_some(), engine.dumping.is_some()]);
    if detail == Detail::All {
        fold_rest(&mut fold, engine, world.now);
    } else if engine.phase > Phase::Up {
        engine.units().iter().for_each(|unit| fold_stopping(&mut fold, unit));
        return fold.0;
    }
    for (number, unit) in engine.units().numbered() {
        match detail {
            Detail::All | Detail::Kinds => fold_unit(&mut fold, engine, unit, world.now),
            Detail::Coarse => fold_coarsely(&mut fold, engine, number, unit, world.now),
        }
    }
    for (unit, checks) in &engine.checks {
        fold_checks(&mut fold, engine, *unit, checks, world.now);
    }
    engine.storm.queue.values().for_each(|unit| fold.put(u64::from(*unit) + 1));
    fold_timers(&mut fold, world, detail);
    fold.0
}

/// Calls without an answer, and what nothing but an exit code, an order or an answer hangs on.
fn fold_rest(fold: &mut Fold, engine: &Engine, now: Instant) {
    fold_calls(fold, engine);
    for unit in engine.units().iter() {
        fold.put(u64::from(unit.unmet));
        fold.put(u64::from(unit.dependents));
        fold.flags(&[
            unit.generation > 0,
            unit.launched,
            unit.ready,
            unit.returned,
            unit.waits,
            unit.gave_up.is_some(),
        ]);
    }
    fold.flags(&[
        engine.own_cause.is_some(),
        engine.own_is_cause,
        engine.was_ready,
        engine.first_interrupt.is_some(),
        engine.storm.next(now).is_some(),
    ]);
}

fn fold_calls(fold: &mut Fold, engine: &Engine) {
    for unit in 0..engine.count() {
        let open = engine.calls.open.get(&unit).into_iter().flatten();
        let generation = engine.units()[unit as usize].generation;
        let wish = |wish: Wish| match wish {
            Wish::Ready(last) => u64::from(generation > last),
            Wish::Over => 2,
            Wish::Gone => 3,
        };
        fold.put(open.fold(0, |bits, (_, open)| bits | 1 << wish(*open)));
    }
    for event in &engine.early {
        let Event::Control { unit, op, .. } = event else { continue };
        fold.put(u64::from(*unit) << 4 | *op as u64);
    }
}

fn phase(phase: Phase) -> u64 {
    match phase {
        Phase::Idle => 0,
        Phase::Up => 1,
        Phase::LameDuck => 2,
        Phase::Stopping => 3,
        Phase::Done => 4,
        Phase::Finalizing(index) => 5 + index as u64,
    }
}

/// In a shutdown: who lives, who was asked, who is being aborted.
fn fold_stopping(fold: &mut Fold, unit: &Unit) {
    let live = unit.is_live();
    let alive = unit.state.is_alive();
    fold.flags(&[live, alive, unit.asked && live, unit.state == State::Aborting]);
}

/// How many failures the intensity sees, and how many failed starts in a row.
fn recent(engine: &Engine, unit: &Unit, now: Instant) -> u64 {
    let limit = engine.rules.at(unit.rules).intensity;
    let window = limit.map_or(Duration::ZERO, |limit| limit.window);
    let Some(failures) = unit.failures.as_deref() else { return 0 };
    let within = failures.times.iter().filter(|at| now.since(**at) < window).count() as u64;
    within << 8 | u64::from(failures.starts)
}

fn fold_unit(fold: &mut Fold, engine: &Engine, unit: &Unit, now: Instant) {
    let over = matches!(unit.state, State::Failed | State::Removed);
    let live = unit.is_live();
    fold.put(unit.state as u64);
    fold.put(if over { 0 } else { unit.leaving as u64 });
    fold.put(unit.met as u64);
    fold.put(recent(engine, unit, now));
    let joint = engine.joints.get(&unit.joint);
    fold.put(joint.map_or(0, |joint| u64::from(joint.members[0]) + 1));
    fold.flags(&[
        unit.asked && live,
        unit.timed_out && live,
        unit.awaited,
        unit.held,
        unit.removed,
        unit.gave_up.is_some() && !over,
    ]);
}

/// Stopping and aborting are one; of the rest what decides who starts and who is asked when.
fn fold_coarsely(fold: &mut Fold, engine: &Engine, number: u32, unit: &Unit, now: Instant) {
    let live = unit.is_live();
    let settled = matches!(unit.state, State::Stopped | State::Zombie);
    let retired = u64::from(settled && unit.leaving == Leaving::Retired);
    let needed = !engine.graph.dependents(number).is_empty();
    let joint = engine.joints.get(&unit.joint).filter(|joint| joint.members.len() > 1);
    let joint = joint.filter(|_| !matches!(unit.state, State::Removed | State::Zombie));
    let state = if unit.state == State::Aborting { State::Stopping } else { unit.state };
    fold.put(state as u64);
    fold.put(if live { unit.leaving as u64 } else { retired });
    fold.put(if live && needed || settled { unit.met as u64 } else { 3 });
    fold.put(recent(engine, unit, now));
    fold.put(joint.map_or(0, |joint| u64::from(joint.members[0]) + 1));
    fold.flags(&[
        unit.asked && live,
        unit.awaited && joint.is_some(),
        unit.held && unit.state == State::Backoff,
        unit.removed && unit.state.is_alive(),
        unit.gave_up.is_some() && settled,
    ]);
}

/// What is known of a generation that starts or runs, and how long its questions have been open.
fn fold_checks(fold: &mut Fold, engine: &Engine, unit: u32, checks: &Checks, now: Instant) {
    let state = engine.units()[unit as usize].state;
    if !matches!(state, State::Starting | State::Running) {
        return;
    }
    fold.flags(&[checks.told]);
    for asking in [&checks.startup, &checks.readiness, &checks.liveness].into_iter().flatten() {
        let (verdict, last, in_a_row) = asking.gauge.seen(&asking.rules);
        let number = |flag: Option<bool>| flag.map_or(0, |flag| 1 + u64::from(flag));
        let open = asking.open.map(|(_, since)| now.since(since).min(asking.rules.timeout));
        fold.put(number(verdict) << 8 | number(last) << 4 | u64::from(in_a_row));
        fold.put(open.map_or(0, |open| 1 + millis(open)));
        fold.flags(&[asking.over]);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Which timers are set, and the order in which they are due; coarsely, which are due next. What merely tells the
/// operator is none.
fn fold_timers(fold: &mut Fold, world: &World, detail: Detail) {
    let Engine { timers, units, phase, unready, dumping, joints, reload, .. } = &world.engine;
    let counts = |timer: Timer| {
        let now_is = (*phase, *unready, dumping.is_some());
        let tells = matches!(timer, Timer::StillStarting | Timer::StillStopping);
        !tells && matters(timer, units, now_is, reload)
    };
    let set = timers.heap.iter().filter(|entry| counts(entry.0.2));
    let mut due: Vec<(Instant, u64)> =
        set.map(|entry| (entry.0.0.max(world.now), code(entry.0.2, detail))).collect();
    if detail != Detail::Coarse {
        due.extend(joints.values().map(|joint| (joint.due, 1000 + u64::from(joint.members[0]))));
    }
    due.sort_unstable();
    due.dedup();
    if !world.engine.checks.is_empty() {
        // What comes again and again stays in order with itself: how long until then is what differs.
        let mut put =
            |(at, code): (Instant, u64)| fold.put(millis(at.since(world.now)) << 16 | code);
        return due.into_iter().for_each(&mut put);
    }
    let (mut rank, mut last) = (0, world.now);
    for (place, (at, code)) in due.into_iter().enumerate() {
        if at > last {
            if detail == Detail::Coarse && place > 0 {
                break;
            }
            (rank, last) = (rank + 1, at);
        }
        fold.put(rank << 16 | code);
    }
}

fn code(timer: Timer, detail: Detail) -> u64 {
    let of = |kind: u64, unit: u32| kind << 4 | u64::from(unit);
    match timer {
        Timer::Zombie { unit, .. } if detail == Detail::Coarse => of(2, unit),
        Timer::Start { unit, .. } => of(1, unit),
        Timer::Grace { unit, .. } => of(2, unit),
        Timer::Zombie { unit, .. } => of(3, unit),
        Timer::Restart { unit, .. } => of(4, unit),
        Timer::Check { unit, probe, .. } => of(11 + probe as u64, unit),
        Timer::Beat { unit, .. } => of(14, unit),
        Timer::Storm => of(15, 0),
        Timer::Dump => of(5, 0),
        Timer::LameDuck => of(6, 0),
        Timer::Force => of(7, 0),
        Timer::Budget => of(8, 0),
        Timer::Finalizer(_) => of(9, 0),
        Timer::StillStarting | Timer::StillStopping => of(10, 0),
        Timer::Read(_) => of(16, 0),
        Timer::Prepare(_) => of(17, 0),
        Timer::Settle(_) => of(18, 0),
        Timer::Touched => of(19, 0),
        Timer::StartIsLong => of(20, 0),
    }
}

/// Puts numbers into one, each of whose bits depends on all of theirs (murmur3's finalizer).
struct Fold(u64);

impl Fold {
    fn put(&mut self, value: u64) {
        let mut z = self.0.rotate_left(7) ^ value;
        z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.0 = z ^ (z >> 33);
    }

    fn flags(&mut self, flags: &[bool]) {
        self.put(flags.iter().fold(0, |bits, flag| bits << 1 | u64::from(*flag)));
    }
}

/// A set of digests: open addressing, doubled at three quarters.
#[derive(Default)]
pub(super) struct Digests {
    slots: Vec<u64>,
    count: usize,
}

impl Digests {
    /// Whether it was not in yet.
    pub(super) fn insert(&mut self, digest: u64) -> bool {
        if self.count * 4 >= self.slots.len() * 3 {
            let slots = vec![0; (self.slots.len() * 2).max(1024)];
            let old = std::mem::replace(&mut self.slots, slots);
            for digest in old.into_iter().filter(|digest| *digest != 0) {
                self.place(digest);
            }
        }
        let new = self.place(digest.max(1));
        self.count += usize::from(new);
        new
    }

    fn place(&mut self, digest: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(digest).unwrap_or(0) & mask;
        while self.slots[slot] != 0 && self.slots[slot] != digest {
            slot = (slot + 1) & mask;
        }
        std::mem::replace(&mut self.slots[slot], digest) == 0
    }
}
