//! A subsystem's own check.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proc_daemon::{Check, Config, Context, Daemon, DaemonBuilder, Health, Result, Spec, Subsystem};

use super::{SECOND, again, health, scripted};
use crate::exact::{exactly, go_after, telling};
use crate::{Diary, OnDrop, idle};

/// Notes by its number when it is asked.
struct Own {
    diary: Diary,
    number: u64,
}

impl Subsystem for Own {
    fn name(&self) -> &str {
        "own"
    }

    fn restart_policy(&self) -> proc_daemon::RestartPolicy {
        again()
    }

    async fn run(&self, ctx: Context) -> Result {
        idle(ctx).await
    }

    async fn health_check(&self, ctx: Context) -> Result<Health> {
        self.diary.at(&ctx, &format!("own {}", self.number));
        if self.number == 2 { Ok(Health::Up) } else { Err("not the second".into()) }
    }
}

fn often() -> Config {
    Config::builder().health_check_interval(SECOND).build().unwrap()
}

/// Lives for 5.9 s.
#[track_caller]
fn lived(daemon: impl Fn(&Diary) -> DaemonBuilder + Sync, lines: &[&str]) {
    exactly(
        |sim| {
            let diary = Diary::default();
            let life = sim.daemon(daemon(&diary)).script(go_after(5900 * super::MS));
            telling(life, &diary, lines)
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

#[test]
fn it_is_the_liveness_check() {
    let lines = ["1s own 1", "2s own 1", "3s own 1", "4.1s own 1", "5.1s own 1"];
    let own = |diary: &Diary| Own { diary: diary.clone(), number: 1 };
    lived(|diary| Daemon::builder(often()).with_subsystem(own(diary)), &lines);
    lived(|diary| Daemon::builder(often()).with_subsystem(Arc::new(own(diary))), &lines);
    let twice = |diary: &Diary| Arc::new(Arc::new(own(diary))).into_spec();
    lived(|diary| Daemon::builder(often()).with_subsystem(twice(diary)), &lines);
}

#[test]
fn a_check_that_is_set_beats_it() {
    let lines = ["1s +", "2s +", "3s +", "4s +", "5s +"];
    let own = |diary: &Diary| Own { diary: diary.clone(), number: 1 }.into_spec();
    let set = |diary: &Diary| own(diary).liveness(scripted(diary, "+"));
    lived(|diary| Daemon::builder(often()).with_subsystem(set(diary)), &lines);
}

/// Of a factory, the value of the start that is alive is asked, and it does not outlive that.
#[test]
fn a_factory_s_value_is_asked() {
    let lines = ["1s own 1", "2s own 1", "3s own 1", "4.1s own 2", "5.1s own 2"];
    let factory = |diary: &Diary| {
        let (diary, made) = (diary.clone(), AtomicU64::new(0));
        let make = move || {
            let number = 1 + made.fetch_add(1, Ordering::SeqCst);
            Ok(Own { diary: diary.clone(), number })
        };
        Spec::factory("own", make).restart_policy(again())
    };
    lived(|diary| Daemon::builder(often()).with_subsystem(factory(diary)), &lines);
}

/// Notes when it is dropped.
struct Held(
    #[expect(dead_code, reason = "its destructor notes")] OnDrop<Box<dyn FnMut() + Send + Sync>>,
);

impl Subsystem for Held {
    fn name(&self) -> &str {
        "held"
    }

    async fn run(&self, ctx: Context) -> Result {
        idle(ctx).await
    }

    /// In the middle of it when the stop comes.
    async fn health_check(&self, ctx: Context) -> Result<Health> {
        ctx.runtime().sleep(SECOND).await;
        Ok(Health::Up)
    }
}

#[test]
fn a_factory_s_value_is_dropped_with_its_start_although_it_is_being_asked() {
    exactly(
        |sim| {
            let diary = Diary::default();
            let note = diary.clone();
            let factory = Spec::factory("held", move || {
                let note = note.clone();
                Ok(Held(OnDrop(Box::new(move || note.note("dropped")))))
            });
            let daemon = Daemon::builder(often()).with_subsystem(factory);
            let life = sim.daemon(daemon).script(go_after(1500 * super::MS));
            telling(life, &diary, &["dropped"])
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}

/// One without a check is not watched at all.
struct Plain;

impl Subsystem for Plain {
    fn name(&self) -> &str {
        "plain"
    }

    async fn run(&self, ctx: Context) -> Result {
        idle(ctx).await
    }
}

#[test]
fn one_that_provides_none_is_not_watched_and_nothing_wakes_for_it() {
    let polls = |daemon: &dyn Fn() -> DaemonBuilder, hours: u32| {
        let sim = proc_daemon::sim::Sim::new(3).time_limit(hours * 7200 * SECOND);
        let life = sim.daemon(daemon()).script(move |s| async move {
            s.until_ready().await;
            assert_eq!(health(&s, "plain"), None);
            s.advance(hours * 3600 * SECOND).await;
        });
        let polls = life.polls();
        life.expect_clean();
        polls
    };
    let plain = || Daemon::builder(often()).with_subsystem(Plain);
    let shared = || Daemon::builder(often()).with_subsystem(Arc::new(Plain));
    let made = || Daemon::builder(often()).with_subsystem(Spec::factory("plain", || Ok(Plain)));
    for daemon in [&plain as &dyn Fn() -> DaemonBuilder, &shared, &made] {
        assert_eq!(polls(daemon, 1), polls(daemon, 100));
    }
}

/// A check of one's own may be asked by one that is set: that is how its period is another.
#[test]
fn a_check_may_call_the_subsystem_s_own() {
    let lines = ["2s own 2", "4s own 2", "6s own 2"];
    let set = |diary: &Diary| {
        let own = Arc::new(Own { diary: diary.clone(), number: 2 });
        let asked = Arc::clone(&own);
        let check = Check::new(move |ctx| {
            let asked = Arc::clone(&asked);
            async move { asked.health_check(ctx).await }
        });
        own.into_spec().liveness(check.every(2 * SECOND))
    };
    let life = |diary: &Diary| Daemon::new().with_subsystem(set(diary));
    exactly(
        |sim| {
            let diary = Diary::default();
            let life = sim.daemon(life(&diary)).script(go_after(7 * SECOND));
            telling(life, &diary, &lines)
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
