//! A dependency that flaps while its dependents sit in backoff, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::sim::{Faults, Sim, Tape, any, check};
use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, Instant, RestartPolicy, Signal, Spec, SubsystemState,
    task_with,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// When each start was.
type Starts = Arc<Mutex<Vec<Duration>>>;

/// Notes each start; fails after `lasts`, until the start `last`, and is started again after `delay`.
fn flaps(name: &'static str, lasts: Duration, delay: Duration, last: u64) -> (Spec, Starts) {
    let starts = Starts::default();
    let spec =
        task_with(name, Arc::clone(&starts), move |ctx: Context, starts: Starts| async move {
            starts.lock().push(ctx.now().since(Instant::ZERO));
            if ctx.generation() < last {
                ctx.sleep(lasts).await?;
                return Err("it flaps".into());
            }
            ctx.cancelled().await;
            Ok(())
        });
    let backoff = Backoff::constant(delay).jitter(0.0);
    (spec.restart_policy(RestartPolicy::on_failure().backoff(backoff).unlimited()), starts)
}

/// `db` runs 1 s and is away for 10 s; `needs` fails every 500 ms and would be back after 1 s.
fn daemon() -> (DaemonBuilder, Starts, Starts) {
    let (db, db_starts) = flaps("db", SECOND, 10 * SECOND, 4);
    let (needs, needs_starts) = flaps("needs", 500 * MS, SECOND, 5);
    (Daemon::new().with_subsystem(db).with_subsystem(needs.requires("db")), db_starts, needs_starts)
}

#[test]
fn a_dependent_whose_backoff_is_over_waits_for_its_dependency() {
    let (daemon, db, needs) = daemon();
    let life = Sim::from_tape(&Tape::dull()).daemon(daemon).script(|s| async move {
        s.until("db", SubsystemState::Backoff).await;
        assert_eq!(
            (s.state("needs"), s.now()),
            (SubsystemState::Backoff, Instant::from_epoch(SECOND))
        );
        s.advance(500 * MS).await;
        assert_eq!(
            s.state("needs"),
            SubsystemState::Waiting,
            "its time has come, and `db` is away"
        );
        s.advance(60 * SECOND).await;
        assert_eq!((s.restarts("db"), s.restarts("needs")), (3, 4));
        assert!(s.daemon().status().ready);
    });
    assert_eq!(life.expect_clean().code, 0);
    let seconds =
        |starts: &Starts| starts.lock().iter().map(Duration::as_secs_f64).collect::<Vec<_>>();
    assert_eq!(seconds(&db), [0.0, 11.0, 22.0, 33.0]);
    // At 11 s and 22 s it was let in together with `db`; the last time it came back by itself.
    assert_eq!(seconds(&needs), [0.0, 11.0, 22.0, 33.0, 34.5]);
}

/// In every order, with slow stops, panics and a signal somewhere: every law holds.
#[test]
fn it_flaps_in_every_order() {
    check(0..500, |sim| {
        let (daemon, ..) = daemon();
        let faults = Faults::swarm().error(any(), 0.2).slow_stop(any(), ..5 * SECOND).signal(
            Signal::Terminate,
            1..400,
            60 * SECOND,
        );
        sim.daemon(daemon).faults(faults).lasting(60 * SECOND).run()
    });
}
