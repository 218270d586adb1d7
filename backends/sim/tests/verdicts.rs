//! How a life that will not end is ended: which verdict, and what it tells of the tasks.

use std::future::{Future, pending};
use std::panic::Location;
use std::time::Duration;

use futures_lite::StreamExt;
use futures_lite::future::yield_now;
use proc_daemon_runtime::{
    AnyRuntime, Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, TaskName, Timer,
};
use proc_daemon_sim::{Policy, SimOptions, Simulator, TaskDump, Verdict, reached};

const SECOND: Duration = Duration::from_secs(1);

fn world(change: impl Fn(&mut SimOptions)) -> Simulator {
    let mut options = SimOptions::dull();
    change(&mut options);
    Simulator::seeded(0, &options)
}

/// Spawns as the core does, through the erased runtime, and gives the line of the caller.
#[track_caller]
fn spawn(
    sim: &Simulator,
    name: &'static str,
    future: impl Future<Output = ()> + Send + 'static,
) -> u32 {
    AnyRuntime::from(sim.handle()).spawn(name.into(), Box::pin(future));
    Location::caller().line()
}

fn run(sim: &mut Simulator, main: impl Future<Output = ()>) -> Verdict {
    sim.try_block_on("main".into(), main).unwrap_err()
}

fn names(tasks: &[TaskDump]) -> Vec<&str> {
    tasks.iter().map(|task| task.name.as_str()).collect()
}

/// A task that is always ready.
async fn spin() {
    loop {
        yield_now().await;
    }
}

#[test]
fn a_deadlock_tells_every_task_with_its_name_and_its_site() {
    let mut sim = world(|_| ());
    let line = spawn(&sim, "waits", async {
        yield_now().await;
        pending::<()>().await;
    });
    spawn(&sim, "ends", async {});
    sim.handle().spawn("bare".into(), pending());
    let verdict = run(&mut sim, pending());
    let Verdict::Deadlock(tasks) = &verdict else { panic!("{verdict}") };
    assert_eq!(names(tasks), ["waits", "bare"]);
    let site = tasks[0].site.expect("the erased runtime says where");
    assert_eq!((site.file(), site.line()), (file!(), line));
    assert!(tasks[1].site.is_none(), "nobody said where");
    assert_eq!((tasks[0].polls, tasks[0].polled), (2, Some(Instant::ZERO)));
    assert!(!tasks[0].ready && !tasks[0].blocking);
    let text = verdict.to_string();
    assert!(text.starts_with("deadlock"), "{text}");
    assert!(text.contains("`waits`") && text.contains(&format!("{}:{line}", file!())), "{text}");
    assert_eq!(verdict.kind(), "deadlock");
}

#[test]
fn a_dump_is_in_the_order_of_spawning() {
    let mut sim = world(|_| ());
    for (name, ends) in [("one", true), ("two", false), ("three", true), ("four", false)] {
        spawn(&sim, name, async move {
            if !ends {
                pending::<()>().await;
            }
        });
    }
    sim.block_on(yield_now());
    // These take the places of those that ended.
    for name in ["five", "six"] {
        spawn(&sim, name, pending());
    }
    assert_eq!(names(&sim.tasks()), ["two", "four", "five", "six"]);
}

#[test]
fn a_site_that_a_name_carries_is_kept() {
    let mut sim = world(|_| ());
    let here = Location::caller();
    AnyRuntime::from(sim.handle()).spawn(TaskName::literal("named").at(here), Box::pin(pending()));
    let Verdict::Deadlock(tasks) = run(&mut sim, pending()) else { panic!() };
    assert_eq!(tasks[0].site, Some(here));
}

#[test]
fn tasks_that_go_on_without_a_rest_are_a_livelock() {
    for policy in Policy::ALL {
        let mut sim = world(|options| {
            (options.policy, options.restless_polls) = (Some(policy), 1000);
        });
        spawn(&sim, "spins", spin());
        spawn(&sim, "waits", pending());
        let verdict = run(&mut sim, pending());
        let Verdict::Livelock { tasks, .. } = &verdict else { panic!("{policy}: {verdict}") };
        assert_eq!(names(tasks), ["spins", "waits"]);
        assert!(tasks[0].ready && (900..=1000).contains(&tasks[0].polls), "{}", tasks[0]);
        assert_eq!(verdict.kind(), "livelock");
    }
}

#[test]
fn a_livelock_says_who_was_polled_lately_and_how_often() {
    let mut sim = world(|options| options.restless_polls = 1000);
    let line = spawn(&sim, "spins", spin());
    let handle = sim.handle();
    spawn(&sim, "spawns", async move {
        // Two polls of its own for one of a task that is over by the time that anybody looks.
        loop {
            handle.spawn("short".into(), async {});
            yield_now().await;
            yield_now().await;
        }
    });
    spawn(&sim, "waits", pending());
    let verdict = run(&mut sim, pending());
    let Verdict::Livelock { lately, .. } = &verdict else { panic!("{verdict}") };
    let lately: Vec<_> = lately.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(lately.iter().map(|(_, count)| count).sum::<u64>(), 32);
    assert_eq!(lately.iter().map(|(name, _)| *name).collect::<Vec<_>>()[2], "short");
    let of =
        |wanted| lately.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, count)| *count);
    assert!((12..=14).contains(&of("spins")) && (12..=14).contains(&of("spawns")), "{lately:?}");
    let text = verdict.to_string();
    let told = format!("{} were of `spins`, spawned at {}:{line}", of("spins"), file!());
    assert!(text.contains("of the last 32 polls") && text.contains(&told), "{text}");
}

/// It is no task, and no dump lists it.
#[test]
fn a_main_future_that_spins_is_told_of_as_well() {
    let mut sim = world(|options| options.restless_polls = 1000);
    let verdict = run(&mut sim, spin());
    assert!(verdict.to_string().contains("32 were of `main`"), "{verdict}");
}

#[test]
fn a_rest_begins_the_count_of_restless_polls_anew() {
    let mut sim = world(|options| options.restless_polls = 1000);
    let timer = sim.handle().timer().clone();
    sim.block_on(async {
        for _ in 0..20 {
            for _ in 0..500 {
                yield_now().await;
            }
            timer.sleep(SECOND).await;
        }
    });
    let before = sim.handle().rests();
    sim.block_on(timer.sleep(SECOND));
    assert_eq!(sim.handle().rests(), before + 1);
}

#[test]
fn time_beyond_the_limit_is_a_verdict() {
    let mut sim = world(|options| options.time_limit = SECOND * 10);
    let timer = sim.handle().timer().clone();
    let ticker = timer.clone();
    let line = spawn(&sim, "ticks", async move {
        loop {
            ticker.sleep(SECOND * 3).await;
        }
    });
    sim.block_on(timer.sleep(SECOND * 10));
    let verdict = run(&mut sim, pending());
    let Verdict::TimeLimit(limit, tasks) = &verdict else { panic!("{verdict}") };
    assert_eq!((*limit, names(tasks)), (SECOND * 10, vec!["ticks"]));
    assert_eq!(tasks[0].polled, Some(Instant::from_epoch(SECOND * 9)));
    let text = verdict.to_string();
    assert!(text.contains("10s") && text.contains(&format!("{}:{line}", file!())), "{text}");
}

#[test]
fn blocking_work_is_told_as_such() {
    let mut sim = world(|options| options.stuck_blocking = 1.0);
    AnyRuntime::from(sim.handle()).spawn_blocking("stuck".into(), Box::new(|| ()));
    let Verdict::Deadlock(tasks) = run(&mut sim, pending()) else { panic!() };
    assert!(tasks[0].blocking && tasks[0].site.is_some());
    assert!(tasks[0].to_string().starts_with("blocking #0 `stuck`"), "{}", tasks[0]);
}

#[test]
fn a_task_that_was_never_polled_is_told_as_such() {
    let sim = world(|_| ());
    spawn(&sim, "new", pending());
    assert!(sim.tasks()[0].ready && sim.tasks()[0].polled.is_none());
    assert!(sim.tasks()[0].to_string().contains("never polled"));
}

#[test]
fn a_halt_ends_the_life_after_its_poll_and_the_first_counts() {
    let mut sim = world(|_| ());
    let handle = sim.handle();
    let law = |law: &'static str| Verdict::Violation { law: law.into(), seen: "x".into() };
    spawn(&sim, "halts", async move {
        handle.halt(law("first"));
        handle.halt(law("second"));
        pending::<()>().await;
    });
    spawn(&sim, "later", async { panic!("polled") });
    assert_eq!(run(&mut sim, pending()).kind(), "first");
    assert_eq!(sim.polls(), 1);
    assert!(sim.panics().is_empty());
}

#[test]
fn block_on_panics_with_the_verdict() {
    let panic = std::panic::catch_unwind(|| {
        let mut sim = world(|_| ());
        spawn(&sim, "waits", pending());
        sim.block_on(pending::<()>());
    });
    let text = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(text.starts_with("deadlock") && text.contains("`waits`"), "{text}");
}

#[test]
fn a_world_goes_on_after_a_deadlock_that_a_signal_resolves() {
    let mut sim = world(|_| ());
    let mut stream = sim.handle().signals().listen(SignalSet::all()).unwrap();
    let verdict = sim.try_block_on("waits".into(), stream.next());
    assert!(matches!(verdict, Err(Verdict::Deadlock(_))), "{verdict:?}");
    sim.handle().raise(Signal::Hangup);
    let item = sim.block_on(stream.next());
    assert_eq!(item, Some(Signal::Hangup));
}

#[test]
fn a_situation_is_noted_once_and_only_inside() {
    reached("outside");
    let mut sim = world(|_| ());
    sim.block_on(async {
        reached("one");
        reached("two");
        reached("one");
    });
    assert_eq!(sim.reached(), ["one", "two"]);
}

#[test]
fn settling_polls_what_is_ready_and_lets_no_time_pass() {
    let mut sim = world(|options| options.restless_polls = 1000);
    let timer = sim.handle().timer().clone();
    spawn(&sim, "sleeps", async move {
        for _ in 0..100 {
            yield_now().await;
        }
        timer.sleep(SECOND).await;
    });
    sim.settle();
    assert_eq!((sim.tasks().len(), sim.tasks()[0].polls), (1, 101));
    assert_eq!(sim.handle().timer().now(), Instant::ZERO);
    // A task that is always ready does not keep it.
    spawn(&sim, "spins", spin());
    sim.settle();
    assert_eq!(sim.polls(), 101 + 1000);
}
