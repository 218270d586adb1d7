//! The table of the module's documentation, found by walking at random and compared with the text.

use super::acts::{Act, Detail, Twist};
use super::explore::Found;
use super::mixes::{self, Mix, Watch};
use super::*;

/// Walks one daemon at random.
struct Walk {
    world: World,
    choices: Choices,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut choices = Choices(seed);
        let units = 1 + choices.below(5);
        let mut mix = Mix::any(&mut choices, u32::try_from(units).unwrap_or(1));
        let graces = [None, Some(Duration::ZERO), Some(Duration::from_secs(1))];
        mix.rules.iter_mut().for_each(|rules| rules.grace = graces[choices.below(3)]);
        for unit in 0..u32::try_from(units).unwrap_or(1) {
            if choices.below(4) == 0 {
                mix = mix.watch(unit, Watch::of(choices.below(16)));
            }
        }
        let mut world = mix.world();
        world.cells = Some(Vec::new());
        Self { world, choices }
    }

    /// Anything that may happen; time passes more often than that, and the end comes less often.
    fn take(&mut self) {
        let acts = self.world.acts(Detail::All);
        let any = |choices: &mut Choices| acts[choices.below(acts.len())];
        let mut act = any(&mut self.choices);
        for _ in 0..3 {
            if matches!(act, Act::Shutdown | Act::Signal(_)) {
                act = any(&mut self.choices);
            }
        }
        let is_answer = |act: &&Act| matches!(act, Act::Tell(_, UnitEvent::Checked { .. }));
        let answers: Vec<Act> = acts.iter().filter(is_answer).copied().collect();
        match self.choices.below(24) {
            5..9 if !answers.is_empty() => act = answers[self.choices.below(answers.len())],
            0 | 1 => act = Act::Tick,
            2 | 3 => act = Act::Late,
            4 => act = Act::Signal(Signal::Quit),
            _ => {}
        }
        let twists = [
            Twist::Plain,
            Twist::Plain,
            Twist::Busy,
            Twist::Cut,
            Twist::Beats,
            Twist::Says(Say::Final),
            Twist::Says(Say::Shutdown(3)),
        ];
        self.world.take(act, twists[self.choices.below(7)], Detail::All);
    }
}

#[test]
fn the_documented_table_is_what_the_engine_does() {
    // Whose health takes several answers in a row to change is come across too seldom.
    let mut found = Found::default();
    found.explore(&mixes::watched_closely(), Detail::Kinds);
    let mut cells = found.cells;
    for seed in 0..60_000 {
        let mut walk = Walk::new(seed);
        for _ in 0..40 {
            walk.take();
            if walk.world.exited {
                break;
            }
        }
        walk.world.forget(&mut cells);
    }
    cells.are_the_documented_ones();
}

#[test]
fn from_any_state_a_shutdown_leads_to_an_exit_within_the_budget() {
    for seed in 0..5_000 {
        let mut walk = Walk::new(seed);
        for _ in 0..walk.choices.below(20) {
            if !walk.world.exited {
                walk.take();
            }
        }
        walk.world.goes_down();
    }
}
