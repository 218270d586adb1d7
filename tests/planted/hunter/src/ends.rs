//! Small daemons with one mishap each, whose end is known to the instant.

use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proc_daemon::sim::{Faults, Life, Moment, Sim, Stage};
use proc_daemon::{
    Config, Context, Daemon, DaemonBuilder, EndKind, Instant, RestartPolicy, Result,
    ShutdownReason, Signal, Spec, task, task_with,
};

use crate::expectations::{because, ended, exits_with, expect, first, stops_in};
use crate::kinds::{Alive, Guard, MS};
use crate::obedient::exact;

const GRACE: Duration = Duration::from_secs(1);
/// How long after its abort a subsystem is left behind.
const LEFT_AFTER: Duration = Duration::from_millis(250);

pub(crate) fn life(sim: Sim) -> Life {
    let kind = sim.choose(7, "mishap");
    let sim = exact(sim);
    match kind {
        0 => late(sim),
        1 => stuck(sim),
        2 => deaf(sim),
        3 => quits(sim),
        4 => accident(sim),
        5 => presses(sim),
        _ => family(sim),
    }
}

/// A daemon of `store` and what requires it.
fn daemon(config: Config, mishap: Spec) -> DaemonBuilder {
    let store = task("store", idle);
    Daemon::builder(config).with_subsystem(store).with_subsystem(mishap.requires("store"))
}

fn graceful() -> Config {
    Config::builder().shutdown_timeout(GRACE).build().expect("a grace alone is fine")
}

/// Waits until everything is ready, then a signal arrives.
async fn signalled(stage: Stage, signal: Signal) {
    stage.until_ready().await;
    stage.advance(50 * MS).await;
    stage.raise(signal);
    stage.finish().await;
}

fn clean(life: Life, look: impl FnOnce(&Life)) -> Life {
    if life.verdict().is_clean() {
        look(&life);
    }
    life
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

async fn endless(_: Context) -> Result {
    std::future::pending().await
}

/// It never says that it is ready: the start is given up in time.
fn late(sim: Sim) -> Life {
    let mut spec = task("late", endless).explicit_ready().restart_policy(RestartPolicy::never());
    let mut limit = Duration::from_secs(30);
    if sim.choose(2, "own start timeout") == 1 {
        limit = 70 * MS;
        spec = spec.start_timeout(limit);
    }
    let life = sim.daemon(daemon(graceful(), spec)).lasting(Duration::from_secs(60)).run();
    clean(life, |life| {
        let began = first(life, |moment| moment == Moment::Shutdown);
        let due = Instant::ZERO + limit;
        expect(began == Some(due), "late start given up", || format!("{began:?}, not {due:?}"));
        because(life, &ShutdownReason::StartFailed("late".into()));
        ended(life, "late", EndKind::StartTimeout);
        ended(life, "store", EndKind::Requested);
        exits_with(life, 75);
    })
}

/// Its blocking work never returns: it is left behind, 250 ms after its abort or when the budget is over.
fn stuck(sim: Sim) -> Life {
    let spec = task("stuck", |ctx: Context| async move {
        ctx.spawn_blocking(|| ()).await?;
        Ok(())
    });
    let tight = sim.choose(2, "tight budget") == 1;
    let (force, kill) = (GRACE + 50 * MS, GRACE + 100 * MS);
    let config = match tight {
        false => graceful(),
        true => Config::builder()
            .shutdown_timeout(GRACE)
            .force_shutdown_timeout(force)
            .kill_timeout(kill)
            .build()
            .expect("these go together"),
    };
    let faults = Faults::none().stuck_blocking(1.0);
    let sim = sim.daemon(daemon(config, spec)).faults(faults);
    let life = sim.script(|stage| signalled(stage, Signal::Terminate));
    clean(life, |life| {
        ended(life, "stuck", EndKind::Zombie);
        // With a tight budget the daemon's moment of abort comes before the store's turn.
        ended(life, "store", if tight { EndKind::Aborted } else { EndKind::Requested });
        stops_in(life, if tight { kill } else { GRACE + LEFT_AFTER });
        exits_with(life, 124);
    })
}

/// It does not listen: it is aborted when its grace is over, and ends at once.
fn deaf(sim: Sim) -> Life {
    let own = 300 * MS;
    let spec = task("deaf", endless).grace(own);
    let sim = sim.daemon(daemon(graceful(), spec));
    let life = sim.script(|stage| signalled(stage, Signal::Terminate));
    clean(life, |life| {
        ended(life, "deaf", EndKind::Aborted);
        ended(life, "store", EndKind::Requested);
        stops_in(life, own);
        exits_with(life, 124);
    })
}

/// `SIGQUIT` ends it at once, or after a second if the state dump cannot be written; also if `SIGTERM` has
/// ended everything meanwhile.
fn quits(sim: Sim) -> Life {
    let (stuck, both) = (sim.choose(2, "the dump is stuck") == 1, sim.choose(2, "both") == 1);
    let faults = Faults::none().stuck_blocking(if stuck { 1.0 } else { 0.0 });
    let spec = if both { task("idle", idle) } else { task("endless", endless) };
    let sim = sim.daemon(daemon(graceful(), spec)).faults(faults);
    let life = sim.script(async move |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::Quit);
        if both {
            stage.raise(Signal::Terminate);
        }
        stage.finish().await;
    });
    clean(life, |life| {
        let raised = first(life, |moment| moment == Moment::Raised(Signal::Quit));
        let over = first(life, |moment| moment == Moment::Exit);
        let wait = if stuck { Duration::from_secs(1) } else { Duration::ZERO };
        let due = raised.map(|raised| raised + wait);
        expect(over == due, "forced in time", || format!("{over:?}, not {due:?}"));
        if !both {
            because(life, &ShutdownReason::Signal(Signal::Quit));
            ended(life, "store", EndKind::Aborted);
        }
        exits_with(life, 131);
    })
}

/// How an accident comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accident {
    /// It returns an error at once.
    Fails,
    /// It returns before it has said that it is ready.
    Returns,
    /// A child of it panics, and nobody waits for that.
    Child,
}

/// It fails, and maybe the store panics at its stop: the first failure is the cause.
fn accident(sim: Sim) -> Life {
    let accident =
        [Accident::Child, Accident::Fails, Accident::Returns][sim.choose(3, "accident") as usize];
    let worse = sim.choose(2, "the store panics at its stop") == 1;
    let mut spec = task_with("accident", accident, fails).restart_policy(RestartPolicy::never());
    if accident == Accident::Returns {
        spec = spec.explicit_ready();
    }
    let store = task_with("store", worse, |ctx: Context, worse| async move {
        ctx.cancelled().await;
        if worse {
            resume_unwind(Box::new("the store panics"));
        }
        Ok(())
    });
    let daemon = Daemon::builder(graceful());
    let daemon = daemon.with_subsystem(store).with_subsystem(spec.requires("store"));
    let life = sim.daemon(daemon).allow_panics().lasting(Duration::from_secs(5)).run();
    clean(life, |life| {
        let late = accident == Accident::Child;
        let began = first(life, |moment| moment == Moment::Shutdown);
        let due = Instant::ZERO + if late { 20 } else { 0 } * MS;
        expect(began == Some(due), "failure acted upon", || format!("{began:?}, not {due:?}"));
        let reason =
            if late { ShutdownReason::SubsystemFailed } else { ShutdownReason::StartFailed };
        because(life, &reason("accident".into()));
        ended(life, "accident", if late { EndKind::Panic } else { EndKind::Error });
        ended(life, "store", if worse { EndKind::Panic } else { EndKind::Requested });
        exits_with(life, if late { 70 } else { 1 });
    })
}

async fn fails(ctx: Context, accident: Accident) -> Result {
    match accident {
        Accident::Fails => Err("it cannot start".into()),
        Accident::Returns => Ok(()),
        Accident::Child => {
            let runtime = ctx.runtime().clone();
            let child = ctx.spawn(async move {
                runtime.sleep(20 * MS).await;
                resume_unwind(Box::new("a child panics"))
            });
            child.detach();
            endless(ctx).await
        }
    }
}

/// `SIGINT` three times: the first that comes 300 ms or more after the first one forces.
fn presses(sim: Sim) -> Life {
    let pauses = [(); 2].map(|()| 100 * sim.choose(5, "pause between presses") * MS);
    let sim = sim.daemon(daemon(graceful(), task("endless", endless)));
    let life = sim.script(async move |stage: Stage| {
        stage.until_ready().await;
        stage.raise(Signal::Interrupt);
        for pause in pauses {
            stage.advance(pause).await;
            stage.raise(Signal::Interrupt);
        }
        stage.finish().await;
    });
    clean(life, |life| {
        let presses = [pauses[0], pauses[0] + pauses[1]];
        let forces = presses.into_iter().find(|since| *since >= 300 * MS);
        stops_in(life, forces.unwrap_or(GRACE));
        exits_with(life, if forces.is_some() { 130 } else { 124 });
    })
}

/// No child of it lives when what it requires is asked to stop.
fn family(sim: Sim) -> Life {
    let alive = Alive::default();
    let parent = task_with("family", alive.clone(), |ctx: Context, alive| async move {
        let guard = Guard::new(&alive);
        let child = ctx.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        child.detach();
        ctx.cancelled().await;
        Ok(())
    });
    let store = task_with("store", alive, |ctx: Context, alive| async move {
        ctx.cancelled().await;
        let left = alive.load(Ordering::Relaxed);
        expect(left == 0, "no child outlives it", || format!("{left} children are alive"));
        Ok(())
    });
    let daemon = Daemon::builder(graceful());
    let daemon = daemon.with_subsystem(store).with_subsystem(parent.requires("store"));
    let life = sim.daemon(daemon).script(|stage| signalled(stage, Signal::Terminate));
    clean(life, |life| {
        stops_in(life, Duration::ZERO);
        exits_with(life, 0);
    })
}
