//! Signals, and the codes that a process ends with.

use std::future::pending;
use std::time::Duration;

use proc_daemon::{
    Config, Context, Daemon, RestartPolicy, Signal, SignalConfig, SubsystemState, task,
};

use super::{Core, Diary, core, idle, noting, until, with_a_backoff_of_an_hour};
use crate::told::Told;
use crate::world::{Plan, Stage, World};

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    let lives = vec![
        core!(
            "SIG-01",
            sigterm_stops_in_order,
            "SIGTERM stops the daemon in reverse order, cleanly.",
            "A server on a store.",
        ),
        core!(
            "SIG-02",
            sigterm_during_a_start_starts_nothing_more,
            "SIGTERM while something starts stops it, and starts nothing more.",
            "A store that never becomes ready, and a server on it.",
        ),
        core!(
            "SIG-03",
            sigterm_during_a_backoff_ends_it,
            "SIGTERM while a restart is waited for ends the daemon.",
            "A backoff of an hour.",
        ),
        core!(
            "SIG-04",
            a_second_sigterm_changes_nothing,
            "Repeated SIGTERM does not cut a stop short.",
            "What stops takes until it has seen two more.",
        )
        .open(),
        core!(
            "SIG-05",
            a_handler_is_called_and_stops_nothing,
            "A signal with a handler of the program's own calls it.",
            "SIGUSR2, then SIGTERM.",
        )
        .open(),
        core!(
            "SIG-06",
            a_slow_handler_delays_no_signal,
            "A handler that is not done holds up no signal.",
            "SIGUSR2 whose handler waits for the stop, then SIGTERM.",
        )
        .open(),
    ];
    let mut lives: Vec<Core<W>> = lives.into_iter().map(Core::alone).collect();
    lives.extend(codes());
    lives
}

/// In a process that they end.
fn codes<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "CODE-01",
            a_stop_by_sigterm_is_0,
            "A process that SIGTERM has stopped ends with 0.",
            "`main` with SIGTERM when it is ready.",
        )
        .exits(0),
        core!("CODE-02", a_failure_is_1, "A failure ends the process with 1.", "An error.")
            .exits(1),
        core!("CODE-03", a_panic_is_70, "A panic ends the process with 70.", "A panic.").exits(70),
        core!(
            "CODE-04",
            a_bad_configuration_is_78,
            "A configuration that cannot be used ends the process with 78.",
            "A key that nobody knows.",
        )
        .exits(78),
        core!(
            "CODE-05",
            an_abort_is_124,
            "A process that had to abort a subsystem ends with 124.",
            "One that ignores its stop, with a grace of 50 ms; the budget of the shutdown is 5 s.",
        )
        .exits(124),
        core!(
            "CODE-06",
            a_code_of_its_own_is_kept,
            "A subsystem can say what the process ends with.",
            "It asks for 7.",
        )
        .exits(7),
    ]
}

fn sigterm_stops_in_order<W: World>(world: &W) {
    let diary = Diary::default();
    let daemon = Daemon::new()
        .with_subsystem(noting("store", &diary))
        .with_subsystem(noting("http", &diary).requires("store"));
    let report = world.live(Plan::new(daemon).with_signals(), async |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::Terminate);
        stage.daemon.stopped().await;
    });
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(proc_daemon::ShutdownReason::Signal(Signal::Terminate)));
    assert_eq!(diary.lines().last().map(String::as_str), Some("-store"));
}

fn sigterm_during_a_start_starts_nothing_more<W: World>(world: &W) {
    let diary = Diary::default();
    let opening = Told::default();
    let open = opening.clone();
    let store = task("store", move |ctx: Context| {
        open.tell();
        idle(ctx)
    });
    let daemon = Daemon::new()
        .with_subsystem(store.explicit_ready())
        .with_subsystem(noting("http", &diary).requires("store"));
    let report = world.live(Plan::new(daemon).with_signals(), async move |stage: Stage| {
        opening.once().await;
        stage.raise(Signal::Terminate);
        stage.daemon.stopped().await;
    });
    assert!(report.is_clean(), "{report}");
    assert!(diary.lines().is_empty(), "{:?}", diary.lines());
}

fn sigterm_during_a_backoff_ends_it<W: World>(world: &W) {
    let report =
        world.live(Plan::new(with_a_backoff_of_an_hour()).with_signals(), async |stage: Stage| {
            until(&stage.daemon, "job", SubsystemState::Backoff).await;
            stage.raise(Signal::Terminate);
            stage.daemon.stopped().await;
        });
    assert!(report.stopped_in() < world.bound(), "{report}");
    assert_eq!(report.reason, Some(proc_daemon::ShutdownReason::Signal(Signal::Terminate)));
}

fn a_second_sigterm_changes_nothing<W: World>(world: &W) {
    let (asked, end) = (Told::default(), Told::default());
    let (open, until) = (asked.clone(), end.clone());
    let slow = task("slow", move |ctx: Context| {
        let (open, until) = (open.clone(), until.clone());
        async move {
            ctx.cancelled().await;
            open.tell();
            until.once().await;
            Ok(())
        }
    });
    let plan = Plan::new(Daemon::new().with_subsystem(slow)).with_signals();
    let report = world.live(plan, async move |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::Terminate);
        asked.once().await;
        for _ in 0..2 {
            stage.raise(Signal::Terminate);
            stage.runtime.sleep(Duration::from_millis(20)).await;
        }
        end.tell();
        stage.daemon.stopped().await;
    });
    assert!(report.is_clean(), "{report}");
}

/// Raises SIGUSR2 to its handler, then SIGTERM.
fn handled<W: World>(world: &W, hangs: bool) {
    let called = Told::default();
    let open = called.clone();
    let signals = SignalConfig::new().with_custom_handler(Signal::User2, move |signal, ctx| {
        assert_eq!(signal, Signal::User2);
        open.tell();
        async move { if hangs { idle(ctx).await } else { Ok(()) } }
    });
    let daemon = Daemon::new().with_signal_config(signals).with_task("idle", idle);
    let report = world.live(Plan::new(daemon).with_signals(), async move |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::User2);
        called.once().await;
        assert!(stage.daemon.is_running());
        stage.raise(Signal::Terminate);
        stage.daemon.stopped().await;
    });
    assert_eq!(report.reason, Some(proc_daemon::ShutdownReason::Signal(Signal::Terminate)));
    assert!(report.is_clean(), "{report}");
}

fn a_handler_is_called_and_stops_nothing<W: World>(world: &W) {
    handled(world, false);
}

fn a_slow_handler_delays_no_signal<W: World>(world: &W) {
    handled(world, true);
}

fn a_stop_by_sigterm_is_0<W: World>(world: &W) {
    let plan = Plan::new(Daemon::new().with_task("idle", idle)).with_signals();
    world.main(plan, 0, async |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::Terminate);
    });
}

/// As `main`, without anybody acting.
fn alone<W: World>(world: &W, plan: Plan, code: u8) {
    world.main(plan, code, async |stage: Stage| drop(stage.daemon.stopped().await));
}

fn a_failure_is_1<W: World>(world: &W) {
    let job = task("job", |_| async { Err::<(), _>("on purpose".into()) });
    let job = job.restart_policy(RestartPolicy::never());
    alone(world, Plan::new(Daemon::new().with_subsystem(job)), 1);
}

fn a_panic_is_70<W: World>(world: &W) {
    let job = task("job", |_| async { crate::lab::panic_on_purpose("on purpose") });
    let job = job.restart_policy(RestartPolicy::never());
    alone(world, Plan::new(Daemon::new().with_subsystem(job)).with_panics(), 70);
}

fn a_bad_configuration_is_78<W: World>(world: &W) {
    let plan = Plan::new(Daemon::new().with_task("idle", idle)).with_config("nonsense = 1\n");
    alone(world, plan, 78);
}

fn an_abort_is_124<W: World>(world: &W) {
    let config = Config::builder()
        .shutdown_timeout(Duration::from_secs(4))
        .force_shutdown_timeout(Duration::from_secs(5))
        .build()
        .expect("it is sound");
    let deaf = task("deaf", |ctx: Context| async move {
        ctx.daemon().shutdown();
        pending().await
    });
    let daemon = Daemon::builder(config).with_subsystem(deaf.grace(Duration::from_millis(50)));
    alone(world, Plan::new(daemon), 124);
}

fn a_code_of_its_own_is_kept<W: World>(world: &W) {
    let job =
        task("job", |ctx: Context| async move { ctx.end(proc_daemon::Exit::ShutdownDaemon(7)) });
    alone(world, Plan::new(Daemon::new().with_subsystem(job)), 7);
}
