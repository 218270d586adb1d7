//! Daemons whose subsystems do what they are asked, under signals that come at any moment: everything must
//! end well, with nobody aborted and nothing overlooked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proc_daemon::sim::{Faults, Life, Moment, Sim, any};
use proc_daemon::{
    Config, Daemon, DaemonBuilder, EndKind, Instant, ShutdownReason, Signal, SignalConfig,
};

use crate::expectations::{exits_with, expect, first, heeded};
use crate::kinds::{self, MS};

/// What was chosen for a life.
struct Chosen {
    lame_duck: Duration,
    /// Those that do not keep the daemon alive.
    background: Vec<String>,
    /// How often the handler of `SIGUSR2` was called.
    handled: Arc<AtomicU32>,
}

/// Time passes in sleeps alone, so that moments can be compared.
pub(crate) fn exact(sim: Sim) -> Sim {
    sim.poll_cost(Duration::ZERO).lateness(Duration::ZERO).blocking_delay(Duration::ZERO)
}

pub(crate) fn life(sim: Sim) -> Life {
    let lame_duck = sim.choose(3, "lame duck") * 150 * MS;
    let mut chosen = Chosen { lame_duck, background: Vec::new(), handled: Arc::default() };
    let daemon = daemon(&sim, &mut chosen);
    let mut faults = Faults::none().spurious(any(), 0.2);
    for signal in [Signal::Terminate, Signal::Interrupt] {
        if sim.choose(2, "ended by a signal") == 1 {
            faults = faults.signal(signal, 1..=1, Duration::ZERO);
        }
    }
    faults = faults.signal(Signal::Hangup, 0..3, 50 * MS).signal(Signal::User2, 0..3, 50 * MS);
    let life = exact(sim).daemon(daemon).faults(faults).lasting(3000 * MS).run();
    if life.verdict().is_clean() {
        look(&life, &chosen);
    }
    life
}

fn daemon(sim: &Sim, chosen: &mut Chosen) -> DaemonBuilder {
    let config = Config::builder().shutdown_timeout(2000 * MS).lame_duck(chosen.lame_duck);
    let config = config.build().expect("these go together");
    let handled = Arc::clone(&chosen.handled);
    let signals = SignalConfig::unix().with_custom_handler(Signal::User2, move |_, _| {
        handled.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }
    });
    let mut daemon = Daemon::builder(config).with_signal_config(signals);
    let mut names: Vec<String> = Vec::new();
    for unit in 0..1 + sim.choose(6, "subsystems") {
        let (name, mut spec) = kinds::any(sim, unit);
        for _ in 0..sim.choose(3, "dependencies") {
            if let Some(on) = names.get(sim.choose(unit.max(1), "dependency") as usize) {
                spec = spec.requires(on.clone());
            }
        }
        if sim.choose(4, "background") == 1 {
            spec = spec.background();
            chosen.background.push(name.clone());
        }
        names.push(name);
        daemon = daemon.with_subsystem(spec);
    }
    daemon
}

fn look(life: &Life, chosen: &Chosen) {
    exits_with(life, 0);
    heeded(life);
    let moments: Vec<(Instant, Moment)> = life.moments().collect();
    let began = first(life, |moment| moment == Moment::Shutdown).unwrap_or(Instant::MAX);
    let aborted = first(life, |moment| matches!(moment, Moment::Aborted { .. }));
    expect(aborted.is_none(), "nobody is aborted", || format!("at {aborted:?}"));
    let ready = first(life, |moment| moment == Moment::Ready(true));
    expect(ready.is_some() || began.since(Instant::ZERO) < 300 * MS, "ready in time", || {
        format!("it is {began:?}")
    });
    for known in life.report().subsystems() {
        let end = known.end.as_ref().map(|end| end.kind());
        let fine = match end {
            None | Some(EndKind::Requested) => true,
            Some(EndKind::Completed) => kinds::completes(&known.name),
            Some(_) => false,
        };
        expect(fine, "ends well", || format!("{known}"));
    }
    for (at, moment) in &moments {
        if let Moment::Asked { unit, .. } = moment {
            let name = &life.subsystems()[*unit as usize];
            let early = *at < began + chosen.lame_duck && !name.starts_with("leaver");
            expect(!early, "lame duck", || {
                format!("`{name}` was asked at {at:?}, after {began:?}")
            });
        }
    }
    let time = life.report().stopped_in();
    expect(time <= chosen.lame_duck + 3000 * MS, "stop is prompt", || format!("it took {time:?}"));
    reason(life, chosen, began);
    let sent = first(life, |moment| moment == Moment::Raised(Signal::User2));
    let handled = chosen.handled.load(Ordering::Relaxed) > 0;
    expect(handled || sent.is_none_or(|sent| sent >= began), "handler called", || {
        format!("SIGUSR2 arrived at {sent:?}")
    });
}

/// The reason is one that there was, and there was none before it.
fn reason(life: &Life, chosen: &Chosen, began: Instant) {
    let keeps = |name: &str| {
        !name.starts_with("signal:") && !chosen.background.iter().any(|known| known == name)
    };
    let mut keeping = life.report().subsystems().iter().filter(|known| keeps(&known.name));
    let completed =
        keeping.all(|known| known.end.as_ref().is_some_and(|end| end.kind() == EndKind::Completed));
    let last = life.moments().filter(|(_, moment)| match moment {
        Moment::Ended { unit, .. } => keeps(&life.subsystems()[*unit as usize]),
        _ => false,
    });
    let idled = completed && last.map(|(at, _)| at).max().is_some_and(|last| last < began);
    let fits = match &life.report().reason {
        Some(ShutdownReason::Signal(signal @ (Signal::Terminate | Signal::Interrupt))) => {
            let raised = |(at, moment)| at == began && moment == Moment::Raised(*signal);
            life.moments().any(raised) && !idled
        }
        Some(ShutdownReason::Requested(words)) => words == "asked",
        Some(ShutdownReason::NothingToRun) => completed,
        _ => false,
    };
    expect(fits, "reason", || format!("{}", life.report()));
}
