//! Lives that try to hide what went wrong in them.

use std::time::Duration;

use proc_daemon::sim::{self, Faults, Sim, Verdict, audit, exhaust_points};
use proc_daemon::{Config, Context, Daemon, DaemonBuilder, Result, Signal, task};

use crate::told;

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

fn burst() {
    std::panic::resume_unwind(Box::new("burst"));
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        burst();
    }
}

fn panics(which: usize) -> DaemonBuilder {
    Daemon::new().with_task("s", move |ctx: Context| async move {
        match which {
            0 => burst(),
            1 => ctx.spawn(async { burst() }).detach(),
            2 => ctx.spawn_blocking(burst).detach(),
            3 => drop(Bomb),
            4 => ctx.runtime().spawn("raw".into(), Box::pin(async { burst() })),
            _ => {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            }
        }
        idle(ctx).await
    })
}

#[test]
fn a_panic_anywhere_is_a_verdict_unless_panics_are_allowed() {
    for which in 0..6 {
        let life = Sim::new(which as u64).daemon(panics(which)).run();
        assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{which}: {}", life.verdict());
        let life = Sim::new(which as u64).allow_panics().daemon(panics(which)).run();
        assert!(life.verdict().is_clean(), "{which}: {}", life.verdict());
    }
}

#[test]
fn a_panic_of_a_raw_task_is_told_and_not_that_somebody_waits_for_it() {
    let daemon = panics(4);
    let life = Sim::new(0).daemon(daemon).script(|_| std::future::pending());
    assert!(matches!(life.verdict(), Verdict::Panic { .. }), "{}", life.verdict());
}

#[test]
fn a_guard_of_the_script_that_panics_does_not_hide_why_the_life_was_ended() {
    let faults = Faults::none().signal(Signal::User2, 1..=1, Duration::ZERO);
    let daemon = Daemon::new().with_task("idle", idle);
    let life = Sim::new(0).daemon(daemon).faults(faults).script(|_| async {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
    });
    assert!(matches!(life.verdict(), Verdict::Killed(Signal::User2)), "{}", life.verdict());
}

/// With a sentinel of its own, this process would end.
#[test]
fn exit_when_stuck_has_no_meaning_here() {
    let daemon = Daemon::new().exit_when_stuck(true).with_task("idle", idle);
    let faults = Faults::none().signal(Signal::Quit, 1..=1, Duration::ZERO);
    let life = Sim::new(1).blocking_delay(Duration::ZERO).daemon(daemon).faults(faults).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
    assert!(life.reached().contains(&"state dump"), "the dump is not the sentinel's");
}

#[test]
fn what_cannot_live_is_neither_audited_nor_exhausted() {
    let reads = |sim: Sim| {
        sim.daemon(Daemon::builder(Config::file("x.toml")).with_task("idle", idle)).run()
    };
    let text = told(|| audit(0..1, reads));
    assert!(text.contains("refused") && text.contains("x.toml"), "{text}");
    let text = told(|| {
        exhaust_points(0, Signal::Terminate, reads);
    });
    assert!(text.contains("refused") && text.contains("x.toml"), "{text}");
}

#[test]
fn a_life_that_ticks_without_end_is_given_up() {
    let daemon = Daemon::new().with_task("ticks", |ctx: Context| async move {
        while ctx.sleep(Duration::from_nanos(1)).await.is_ok() {}
        Ok(())
    });
    let life = Sim::from_tape(&sim::Tape::dull()).poll_limit(50_000).daemon(daemon).run();
    assert!(matches!(life.verdict(), Verdict::PollLimit(..)), "{}", life.verdict());
    assert!(life.verdict().to_string().contains("`ticks`"), "{}", life.verdict());
}

/// More than the driver starts in one poll: the start of each counts from when it was decided.
#[test]
fn a_crowd_that_starts_slowly_breaks_no_law() {
    let late = task("late", idle).explicit_ready().start_timeout(Duration::from_secs(1));
    let daemon = Daemon::new()
        .with_subsystems((0..700).map(|n| task(format!("s{n}"), idle)))
        .with_subsystem(late);
    let life = Sim::new(0).poll_cost(Duration::from_millis(1)).daemon(daemon).run();
    assert!(life.verdict().is_clean(), "{}", life.verdict());
}
