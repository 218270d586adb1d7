//! What scripts do to a world: acts and signals at a moment, jumps of the wall clock, time that passes in a
//! poll, blocking work that never returns, choices.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_lite::StreamExt;
use futures_lite::future::poll_once;
use proc_daemon_runtime::{Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Timer};
use proc_daemon_sim::{Kind, Record, SimOptions, SimTimer, Simulator, Tape, Verdict};

const SECOND: Duration = Duration::from_secs(1);

fn dull() -> Simulator {
    Simulator::seeded(0, &SimOptions::dull())
}

fn timer(sim: &Simulator) -> SimTimer {
    sim.handle().timer().clone()
}

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(SECOND * u32::try_from(seconds).unwrap())
}

/// What was done, and when.
type Log = Arc<Mutex<Vec<(&'static str, Instant)>>>;

fn call(sim: &Simulator, log: &Log, moment: Instant, name: &'static str) {
    let (log, timer) = (Arc::clone(log), timer(sim));
    sim.handle().call_at(moment, move || log.lock().unwrap().push((name, timer.now())));
}

#[test]
fn acts_come_at_their_moment_and_of_one_moment_in_the_order_of_their_scripting() {
    let (mut sim, log) = (dull(), Log::default());
    for (seconds, name) in [(9, "late"), (5, "one"), (1, "early"), (5, "two"), (5, "three")] {
        call(&sim, &log, at(seconds), name);
    }
    sim.block_on(timer(&sim).sleep_until(at(20)));
    let wanted = [(1, "early"), (5, "one"), (5, "two"), (5, "three"), (9, "late")];
    assert_eq!(*log.lock().unwrap(), wanted.map(|(seconds, name)| (name, at(seconds))));
}

#[test]
fn an_act_may_script_the_next() {
    let (mut sim, log) = (dull(), Log::default());
    let (handle, inner) = (sim.handle(), Arc::clone(&log));
    sim.handle().call_at(at(1), move || {
        let timer = handle.timer().clone();
        handle.call_at(at(3), move || inner.lock().unwrap().push(("next", timer.now())));
        handle.spawn("spawned".into(), handle.timer().sleep_until(at(2)));
    });
    sim.block_on(timer(&sim).sleep_until(at(5)));
    assert_eq!(*log.lock().unwrap(), [("next", at(3))]);
    assert!(sim.tasks().is_empty());
}

#[test]
fn an_act_in_the_past_comes_at_the_next_rest() {
    let (mut sim, log) = (dull(), Log::default());
    sim.block_on(timer(&sim).sleep_until(at(5)));
    call(&sim, &log, at(1), "past");
    sim.block_on(timer(&sim).sleep_until(at(6)));
    assert_eq!(*log.lock().unwrap(), [("past", at(5))]);
}

#[test]
fn an_act_at_never_is_not_waited_for() {
    let (mut sim, log) = (dull(), Log::default());
    call(&sim, &log, Instant::MAX, "never");
    let verdict = sim.try_block_on("waits".into(), pending::<()>());
    assert!(matches!(verdict, Err(Verdict::Deadlock(_))), "{verdict:?}");
    assert!(log.lock().unwrap().is_empty());
    assert_eq!(timer(&sim).now(), Instant::ZERO);
}

#[test]
fn scripted_signals_arrive_in_order_between_polls() {
    let mut sim = dull();
    let mut stream = sim.handle().signals().listen(SignalSet::all()).unwrap();
    for (seconds, signal) in [(3, Signal::Quit), (1, Signal::User2), (2, Signal::Hangup)] {
        sim.handle().raise_at(at(seconds), signal);
    }
    let timer = timer(&sim);
    let seen = sim.block_on(async {
        let mut seen = Vec::new();
        while seen.len() < 3 {
            seen.push((stream.next().await.unwrap(), timer.now()));
        }
        seen
    });
    let wanted = [(Signal::User2, at(1)), (Signal::Hangup, at(2)), (Signal::Quit, at(3))];
    assert_eq!(seen, wanted);
}

#[test]
fn what_happens_between_polls_is_nobodys_in_the_trace() {
    let mut sim = dull();
    for end in ["ends", "panics", "waits"] {
        let (handle, act) = (sim.handle(), sim.handle());
        let start = handle.timer().now();
        // The last poll before the act is of this task.
        sim.handle().spawn(end.into(), async move {
            handle.timer().sleep_until(start.after(SECOND)).await;
            handle.note(2, 0);
            match end {
                "ends" => (),
                "panics" => resume_unwind(Box::new("on purpose")),
                _ => pending().await,
            }
        });
        act.clone().call_at(start.after(SECOND * 2), move || act.note(1, 0));
        sim.block_on(timer(&sim).sleep(SECOND * 3));
        sim.handle().note(1, 0);
    }
    let trace = sim.take_trace();
    let notes = trace.records().iter().filter(|record| record.kind == Kind::Note);
    let (nobodys, tasks) = notes.partition::<Vec<&Record>, _>(|record| record.a == 1);
    assert_eq!((nobodys.len(), tasks.len()), (6, 3));
    assert!(nobodys.iter().all(|record| record.task == Record::NOBODY));
    assert!(tasks.iter().all(|record| record.task != Record::NOBODY));
}

#[test]
fn the_wall_clock_starts_at_a_fixed_moment_and_runs_with_time() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let mut sim = dull();
    let timer = timer(&sim);
    assert_eq!(timer.wall_clock(), start);
    sim.block_on(timer.sleep(SECOND));
    assert_eq!(timer.wall_clock(), start + SECOND);
}

#[test]
fn jumps_of_the_wall_clock_move_nothing_that_is_scheduled() {
    /// When five sleeps ended, and the wall clock then.
    fn life(jumps: &[(u64, i64)]) -> (Vec<Instant>, SystemTime) {
        let mut sim = dull();
        for &(seconds, nanos) in jumps {
            sim.handle().jump_at(at(seconds), nanos);
        }
        let timer = timer(&sim);
        let ends = sim.block_on(async {
            let mut ends = Vec::new();
            for _ in 0..5 {
                timer.sleep(SECOND * 2).await;
                ends.push(timer.now());
            }
            ends
        });
        (ends, timer.wall_clock())
    }
    let (ends, clock) = life(&[]);
    let hour: i64 = 3600 * 1_000_000_000;
    let jumps = [(1, 5 * hour), (3, -9 * hour), (4, 2 * hour)];
    assert_eq!(life(&jumps), (ends.clone(), clock - SECOND * 2 * 3600));
    // Beyond what a clock can show, the sum stays where it is.
    for most in [i64::MAX, i64::MIN] {
        assert_eq!(life(&[(1, most), (3, most)]).0, ends);
    }
}

#[test]
fn time_that_is_spent_in_a_poll_passes_for_everybody() {
    let (mut sim, log) = (dull(), Log::default());
    call(&sim, &log, at(2), "act");
    let handle = sim.handle();
    let timer = timer(&sim);
    sim.block_on(async {
        let mut sleep = std::pin::pin!(timer.sleep_until(at(3)));
        assert!(poll_once(sleep.as_mut()).await.is_none());
        handle.spend(SECOND * 10);
        assert_eq!(timer.now(), at(10));
        assert!(poll_once(sleep.as_mut()).await.is_some(), "due, in the same poll");
        assert!(log.lock().unwrap().is_empty(), "nobody else was polled meanwhile");
        timer.sleep(SECOND).await;
    });
    assert_eq!(*log.lock().unwrap(), [("act", at(10))]);
    assert_eq!(timer.now(), at(11));
    handle.spend(Duration::MAX);
    assert_eq!(timer.now(), Instant::MAX, "it does not wrap");
}

#[test]
fn signals_and_jumps_come_at_their_moment_within_a_poll_that_takes_time() {
    let mut sim = dull();
    let mut stream = sim.handle().signals().listen(SignalSet::all()).unwrap();
    let (handle, timer) = (sim.handle(), timer(&sim));
    handle.raise_at(at(3), Signal::Hangup);
    handle.jump_at(at(4), 1_000_000_000);
    handle.raise_at(at(12), Signal::Quit);
    let seen = sim.block_on(async {
        let wall = timer.wall_clock();
        handle.spend(SECOND * 10);
        handle.note(7, 0);
        assert_eq!(timer.wall_clock(), wall + SECOND * 11);
        (stream.next().await, timer.now(), stream.next().await, timer.now())
    });
    assert_eq!(seen, (Some(Signal::Hangup), at(10), Some(Signal::Quit), at(12)));
    let trace = sim.take_trace();
    let found = |wanted| trace.records().iter().filter(move |record| record.kind == wanted);
    let signals: Vec<_> = found(Kind::Signal).map(|record| (record.at(), record.task)).collect();
    assert_eq!(signals, [(at(3), Record::NOBODY), (at(12), Record::NOBODY)]);
    assert!(found(Kind::Jump).all(|record| record.at() == at(4)));
    assert!(found(Kind::Note).all(|note| note.at() == at(10) && note.task != Record::NOBODY));
}

#[test]
fn an_act_is_late_by_one_poll_at_most_while_tasks_are_ready_without_end() {
    let mut options = SimOptions::dull();
    options.poll_cost = Some(SECOND);
    let (mut sim, log) = (Simulator::seeded(0, &options), Log::default());
    for seconds in 0..60 {
        let (log, timer) = (Arc::clone(&log), timer(&sim));
        let moment = at(seconds).after(SECOND / 2);
        let act = move || log.lock().unwrap().push(("act", timer.now()));
        sim.handle().call_at(moment, act);
    }
    sim.block_on(async {
        for _ in 0..60 {
            futures_lite::future::yield_now().await;
        }
    });
    let wanted: Vec<_> = (1..=60).map(|seconds| ("act", at(seconds))).collect();
    assert_eq!(*log.lock().unwrap(), wanted);
}

#[test]
fn no_blocking_work_gets_stuck_whose_thread_comes_after_the_last_moment() {
    let mut options = SimOptions::dull();
    (options.stuck_blocking, options.stuck_until) = (1.0, SECOND * 5);
    let mut sim = Simulator::seeded(0, &options);
    for (seconds, name) in [(4, "before"), (5, "then"), (6, "after")] {
        let handle = sim.handle();
        let spawn = move || handle.spawn_blocking(name.into(), || ());
        sim.handle().call_at(at(seconds), spawn);
    }
    sim.block_on(timer(&sim).sleep(SECOND * 60));
    let left: Vec<_> = sim.tasks().iter().map(|task| task.name.to_string()).collect();
    assert_eq!(left, ["before", "then"]);

    // Spawned before, and its thread comes after.
    (options.blocking_delay, options.stuck_until) = (Some(SECOND), Duration::from_nanos(1));
    for seed in 0..20 {
        let mut sim = Simulator::seeded(seed, &options);
        sim.handle().spawn_blocking("work".into(), || ());
        sim.block_on(timer(&sim).sleep(SECOND * 60));
        let waited = sim.tape().choices().iter().any(|choice| choice.site == "blocking");
        assert_eq!(sim.tasks().is_empty(), waited, "seed {seed}");
    }
}

#[test]
fn stuck_blocking_work_never_returns_and_is_left_over() {
    for seed in 0..20 {
        let mut options = SimOptions::default();
        options.stuck_blocking = 1.0;
        let mut sim = Simulator::seeded(seed, &options);
        sim.handle().spawn_blocking("stuck".into(), || panic!("it ran"));
        sim.block_on(timer(&sim).sleep(SECOND * 3600));
        let left = sim.tasks();
        assert_eq!(left.len(), 1);
        assert!(left[0].blocking && left[0].name.as_str() == "stuck");
        let verdict = sim.try_block_on("waits".into(), pending::<()>());
        assert!(matches!(&verdict, Err(Verdict::Deadlock(left)) if left.len() == 1), "{verdict:?}");
        assert_eq!(sim.shutdown(SECOND).blocked_threads, 1);
    }
}

#[test]
fn a_chance_of_stuck_work_sticks_some_and_a_tape_knows_which() {
    let life = |mut sim: Simulator| {
        for _ in 0..40 {
            sim.handle().spawn_blocking("work".into(), || ());
        }
        sim.block_on(timer(&sim).sleep(SECOND * 3600));
        (sim.tasks().iter().map(|task| task.id).collect::<Vec<_>>(), sim.tape())
    };
    let mut options = SimOptions::default();
    options.stuck_blocking = 0.5;
    let (stuck, tape) = life(Simulator::seeded(3, &options));
    assert!((5..35).contains(&stuck.len()), "{stuck:?}");
    assert_eq!(life(Simulator::taped(&tape, &options)), (stuck, tape));
    assert_eq!(life(Simulator::taped(&Tape::dull(), &options)).0, []);
}

#[test]
fn chances_and_durations_keep_to_their_bounds() {
    let handle = Simulator::seeded(5, &SimOptions::default()).handle();
    let mut hits = 0;
    for _ in 0..1000 {
        assert!(handle.chance(1.0, "always") && !handle.chance(0.0, "never"));
        hits += u32::from(handle.chance(0.25, "sometimes"));
        assert!(handle.choose(7, "of seven") < 7);
        let drawn = handle.duration(SECOND, SECOND * 3, "between");
        assert!((SECOND..=SECOND * 3).contains(&drawn), "{drawn:?}");
        assert_eq!(handle.duration(SECOND, SECOND, "one"), SECOND);
        assert_eq!(handle.duration(SECOND * 2, SECOND, "turned round"), SECOND * 2);
    }
    assert!((150..350).contains(&hits), "{hits}");
    for most in [Duration::from_nanos(1), Duration::from_nanos(3), Duration::MAX] {
        let drawn: Vec<_> =
            (0..10_000).map(|_| handle.duration(Duration::ZERO, most, "x")).collect();
        assert!(drawn.contains(&Duration::ZERO) && drawn.contains(&most), "{most:?}");
    }
    let handle = Simulator::taped(&Tape::dull(), &SimOptions::default()).handle();
    assert_eq!(handle.duration(SECOND, SECOND * 3, "between"), SECOND);
    assert!(!handle.chance(1.0, "always"), "a tape without a choice has the dull answer");
}
