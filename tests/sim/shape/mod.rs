//! Daemons of random shape: every number in them is a choice of the seed, 0 the dull one, so a failing daemon
//! shrinks to a small one.

mod behaviour;
mod checks;
mod control;
mod foreign;
mod restarts;

use std::time::Duration;

use proc_daemon::config::ConfigBuilder;
use proc_daemon::signal::Action;
use proc_daemon::sim::{Faults, Sim, any};
use proc_daemon::{Config, Context, Daemon, DaemonBuilder, Signal, SignalConfig, Strategy};

pub(crate) use checks::{added, monitoring, paced};
use foreign::Shared;

const MS: Duration = Duration::from_millis(1);
const NO: Duration = Duration::ZERO;

/// Up to 8 subsystems, each with up to two dependencies, signals as they may be wanted.
pub(crate) fn daemon(sim: &Sim) -> DaemonBuilder {
    let signals = signals(sim);
    signalled_as_usual(sim).with_signal_config(signals)
}

/// One that deals with signals as most daemons do.
pub(crate) fn signalled_as_usual(sim: &Sim) -> DaemonBuilder {
    let config = timeouts(sim, Config::builder()).build().expect("these go together");
    let mut daemon = Daemon::builder(config);
    if sim.choose(4, "restarts a second") == 1 {
        daemon = daemon.restarts_per_second(1);
    }
    for name in ["first", "second"] {
        let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
        daemon = daemon.with_group(name, strategies[sim.choose(3, "strategy") as usize]);
    }
    let shared = Shared::default();
    for unit in 0..sim.choose(9, "subsystems") {
        let mut spec = behaviour::any(sim, format!("s{unit}"), &shared);
        for _ in 0..sim.choose(3, "dependencies") {
            if unit > 0 {
                let on = format!("s{}", sim.choose(unit, "dependency"));
                spec = match sim.choose(3, "kind") {
                    0 => spec.requires(on),
                    1 => spec.after(on),
                    _ => spec.binds(on),
                };
            }
        }
        spec = match sim.choose(6, "group") {
            1 => spec.group("first"),
            2 => spec.group("second"),
            _ => spec,
        };
        if sim.choose(6, "background") == 1 {
            spec = spec.background();
        }
        daemon = daemon.with_subsystem(spec);
    }
    daemon
}

fn timeouts(sim: &Sim, config: ConfigBuilder) -> ConfigBuilder {
    match sim.choose(9, "timeouts") {
        1 => config.shutdown_timeout(200 * MS),
        2 => config.shutdown_timeout(500 * MS).lame_duck(300 * MS),
        3 => config.shutdown_timeout(400 * MS).force_shutdown_timeout(450 * MS),
        4 => config.shutdown_timeout(NO),
        5 => config.shutdown_timeout(NO).force_shutdown_timeout(NO).kill_timeout(MS),
        6 => {
            let most = 100 * MS;
            let config = config.shutdown_timeout(NO).lame_duck(most);
            config.force_shutdown_timeout(most).kill_timeout(most)
        }
        7 => config.shutdown_timeout(Duration::from_secs(60)),
        _ => config,
    }
}

fn signals(sim: &Sim) -> SignalConfig {
    let signals = match sim.choose(6, "signals") {
        1 => SignalConfig::nginx(),
        2 => SignalConfig::unix().on(Signal::Terminate, Action::Force),
        3 => SignalConfig::unix().on(Signal::Hangup, Action::Ignore),
        _ => SignalConfig::unix(),
    };
    match sim.choose(6, "handler") {
        1 => signals.with_custom_handler(Signal::User1, |_, ctx: Context| async move {
            ctx.runtime().sleep(50 * MS).await;
            Ok(())
        }),
        2 => signals.with_custom_handler(Signal::User1, |_, ctx: Context| async move {
            ctx.shutdown("a handler");
            Ok(())
        }),
        3 => signals.with_custom_handler(Signal::Terminate, |_, ctx: Context| async move {
            ctx.spawn(async {}).detach();
            ctx.daemon().shutdown();
            Err("a handler".into())
        }),
        4 => signals.with_custom_handler(Signal::Hangup, |_, ctx: Context| async move {
            let work = ctx.in_flight();
            ctx.cancelled().await;
            ctx.runtime().sleep(20 * MS).await;
            drop(work);
            Ok(())
        }),
        _ => signals,
    }
}

/// Everything that can go wrong.
pub(crate) fn faults() -> Faults {
    Faults::swarm()
        .panic(any(), 0.1)
        .error(any(), 0.1)
        .slow_start(any(), Duration::ZERO..100 * MS)
        .slow_stop(any(), Duration::ZERO..1000 * MS)
        .deaf(any(), 0.05)
        .silence(any(), 0.05)
        .stall(any(), 0.1, 2000 * MS)
        .spurious(any(), 0.3)
        .signal(Signal::Terminate, 1..4, 20 * MS)
        .signal(Signal::Interrupt, 1..4, 400 * MS)
        .signal(Signal::Hangup, 1..6, 20 * MS)
        .signal(Signal::Quit, 1..2, 20 * MS)
        .signal(Signal::User1, 1..3, 20 * MS)
        .stuck_blocking(0.02)
        .wall_clock_jumps(2)
}
