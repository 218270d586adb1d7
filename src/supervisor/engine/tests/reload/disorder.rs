//! Courses in disorder.

use super::*;

/// Whatever happens in whatever order: every call is answered, nothing is published that was refused, and what is
/// published and not taken back is what was proposed last.
#[test]
fn every_course_in_disorder_comes_to_an_end() {
    for seed in 0..3000 {
        let mut choices = Choices(seed);
        let count = 2 + choices.below(4);
        let rules = units(count);
        let edges = choices.edges(u32::try_from(count).unwrap_or(0));
        let mut world = world(&rules, &edges);
        let mut tickets = Vec::new();
        for _ in 0..60 {
            disturb(&mut world, &mut choices, &mut tickets);
        }
        if choices.below(3) == 0 {
            world.shutdown();
        }
        for _ in 0..400 {
            finish(&mut world, seed);
            world.advance_to(world.now + Duration::from_secs(1));
        }
        for ticket in tickets {
            assert!(world.reloads.contains_key(&ticket), "seed {seed}: {ticket:?} has no answer");
        }
    }
}

fn disturb(world: &mut World, choices: &mut Choices, tickets: &mut Vec<Ticket>) {
    let unit = u32::try_from(choices.below(world.live.len().max(1))).unwrap_or(0);
    let live = world.live.keys().nth(unit as usize).copied();
    let reading = world.seen.iter().rev().find_map(|seen| match seen {
        Seen::Read(number) => Some(Some(*number)),
        Seen::Reloaded(_) | Seen::Publish => Some(None),
        _ => None,
    });
    match (choices.below(12), live) {
        (0, _) => tickets.push(world.reload()),
        (1, _) => world.step(Event::Touched),
        (2 | 3, _) if reading.flatten().is_some() => {
            let duties = [Duty::Look, Duty::Take, Duty::Restart];
            let concerned: Vec<_> = (0..world.engine.count())
                .filter_map(|unit| Some((unit, *duties.get(choices.below(4))?)))
                .collect();
            match choices.below(6) {
                0 => world.found(Found::Bad { same: false }),
                1 => world.found(Found::Unchanged),
                _ => world.changed(&concerned),
            }
        }
        (4..=6, Some(unit)) => {
            let said = [Said::Nothing, Said::Live, Said::Commit, Said::Restart, Said::Refuse];
            let number = world.engine.reload.number();
            let said =
                said[choices.below(20).min(4).saturating_sub(usize::from(choices.below(4) > 0))];
            world.tell(unit, UnitEvent::Prepared { number, said });
        }
        (7, Some(unit)) => world.tell(unit, UnitEvent::Ready),
        (8, Some(unit)) => {
            let ends = [How::Completed, How::Failed { stopping: false }, How::Panicked];
            let asked = world.engine.units()[unit as usize].asked;
            world.end(unit, if asked { How::Completed } else { ends[1 + choices.below(2)] });
        }
        (9, Some(unit)) => {
            let op = [Op::Restart, Op::Stop, Op::Start][choices.below(3)];
            let _ = world.call(op, unit);
        }
        _ => {
            let time = Duration::from_millis([1, 300, 2500, 11_000][choices.below(4)]);
            world.advance_to(world.now + time);
        }
    }
}

/// Everybody answers, ends when asked, and is ready.
fn finish(world: &mut World, seed: u64) {
    for _ in 0..100 {
        let number = world.engine.reload.number();
        let live: Vec<u32> = world.live.keys().copied().collect();
        let mut quiet = true;
        for unit in live {
            let this = &world.engine.units()[unit as usize];
            let ends = this.asked || this.state == State::Aborting;
            if ends && world.live.contains_key(&unit) {
                let aborts = this.state == State::Aborting;
                world.end(unit, if aborts { How::Aborted } else { How::Completed });
                quiet = false;
            } else if world.state(unit) == State::Starting {
                world.tell(unit, UnitEvent::Ready);
                quiet = false;
            } else if world.live.contains_key(&unit) {
                world.tell(unit, UnitEvent::Prepared { number, said: Said::Live });
            }
        }
        if quiet {
            world.step(Event::Read { number, found: Found::Unchanged });
            return;
        }
    }
    panic!("seed {seed}: it goes on and on");
}
