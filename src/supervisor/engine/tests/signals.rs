use super::*;
use crate::signal::Action;

fn press(world: &mut World, signal: Signal, at: Instant) {
    world.advance_to(at);
    world.step(Event::Signal(signal));
}

fn with(signals: &SignalConfig) -> World {
    let settings = Settings { actions: signals.table(), ..settings() };
    World::new(&[Rules::PLAIN], &[], settings).up()
}

#[test]
fn sigterm_stops_in_order_and_repeats_do_not_force() {
    let mut world = with(&SignalConfig::unix());
    for at in [0, 1, 400, 9000] {
        press(&mut world, Signal::Terminate, ms(at));
    }
    assert_eq!(
        world.seen[1..],
        [Seen::Initiated(Cause::Signal(Signal::Terminate)), Seen::Asked(0, ms(20_000))]
    );
    assert_eq!(world.notes.iter().filter(|n| **n == Note::Repeated(Signal::Terminate)).count(), 3);
}

#[test]
fn a_second_sigint_forces_after_300_ms_and_not_before() {
    let mut world = with(&SignalConfig::unix());
    press(&mut world, Signal::Interrupt, ms(0));
    press(&mut world, Signal::Interrupt, ms(299));
    assert_eq!(world.state(0), State::Stopping);
    press(&mut world, Signal::Interrupt, ms(300));
    assert_eq!(world.state(0), State::Aborting);
    world.end(0, How::Aborted);
    assert!(world.exited);
    assert_eq!(world.engine.exit_code(), 130);
}

#[test]
fn a_first_sigint_after_sigterm_does_not_force() {
    let mut world = with(&SignalConfig::unix());
    press(&mut world, Signal::Terminate, ms(0));
    press(&mut world, Signal::Interrupt, ms(5000));
    assert_eq!(world.state(0), State::Stopping);
    press(&mut world, Signal::Interrupt, ms(5300));
    assert_eq!(world.state(0), State::Aborting);
}

#[test]
fn sigquit_dumps_and_forces_from_any_phase() {
    for before in [None, Some(Signal::Terminate)] {
        let mut world = with(&SignalConfig::unix());
        if let Some(signal) = before {
            press(&mut world, signal, ms(0));
        }
        press(&mut world, Signal::Quit, ms(10));
        assert!(world.seen.contains(&Seen::Dump));
        assert_eq!(world.state(0), State::Aborting);
        world.end(0, How::Aborted);
        assert_eq!((world.exited, world.engine.exit_code()), (true, 131));
    }
}

#[test]
fn forcing_waits_for_the_dump_for_a_second() {
    let mut world = with(&SignalConfig::unix());
    world.dumps = false;
    press(&mut world, Signal::Quit, ms(0));
    assert_eq!(world.state(0), State::Running, "the dump is to show what the signal has found");
    let (mut slow, mut ended) = (world.clone(), world.clone());
    world.step(Event::Dumped);
    assert_eq!(world.state(0), State::Aborting);
    slow.advance_to(ms(999));
    assert_eq!(slow.state(0), State::Running);
    slow.advance_to(ms(1000));
    assert_eq!(slow.state(0), State::Aborting);

    // Everything ends by itself meanwhile: the end waits as well.
    ended.shutdown();
    ended.end(0, How::Completed);
    assert!(!ended.exited);
    ended.step(Event::Dumped);
    assert_eq!((ended.exited, ended.engine.exit_code()), (true, 131));
}

#[test]
fn a_signal_before_the_start_starts_nothing() {
    let mut world = World::plain(3, &[(1, 0)]);
    world.step(Event::Signal(Signal::Terminate));
    world.step(Event::Start);
    assert!(world.spawned().is_empty() && world.exited);
    assert_eq!(world.engine.exit_code(), 0);
}

#[test]
fn sighup_and_sigusr1_never_end_a_daemon() {
    let mut world = with(&SignalConfig::unix());
    for n in 0..100 {
        press(&mut world, Signal::Hangup, ms(n));
        press(&mut world, Signal::User1, ms(n));
    }
    assert_eq!(world.state(0), State::Running);
    assert_eq!(world.notes.len(), 1 + 200);
}

#[test]
fn every_action_is_obeyed_on_every_signal() {
    for signal in Signal::ALL {
        let on = |action| {
            let mut world = with(&SignalConfig::empty().on(signal, action));
            press(&mut world, signal, ms(0));
            world
        };
        assert_eq!(on(Action::Shutdown).state(0), State::Stopping);
        assert_eq!(on(Action::Force).state(0), State::Aborting);
        assert_eq!(on(Action::Ignore).state(0), State::Running);
        assert!(on(Action::Dump).seen.contains(&Seen::Dump));
        assert!(on(Action::Reload).notes.contains(&Note::NothingToReload(signal)));
        assert!(on(Action::ReopenLogs).notes.contains(&Note::NoLogFiles(signal)));
        let handler = SignalConfig::empty().with_custom_handler(signal, |_, _| async { Ok(()) });
        let mut world = with(&handler);
        press(&mut world, signal, ms(0));
        assert_eq!(world.seen.last(), Some(&Seen::Handle(signal)));
        assert_eq!(world.state(0), State::Running);
    }
}
