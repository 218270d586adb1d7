//! The stream of events: its order, its end, and that what is not read is counted.

use std::future::pending;
use std::time::Duration;

use futures_lite::StreamExt;
use futures_lite::future::{block_on, or, poll_once, yield_now, zip};
use proc_daemon::runtime::AnyRuntime;
use proc_daemon::{
    Backoff, Context, Daemon, EndKind, Events, Instant, RestartPolicy, Result, ShutdownReason,
    Spec, SubsystemEvent, task,
};

use super::idle;
use super::{Core, core};
use crate::world::World;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "EVENT-01",
            a_life_is_told_from_its_first_event_to_its_last,
            "The stream has every event of a life, in order, and ends.",
            "A life with a restart, event by event."
        ),
        core!(
            "EVENT-02",
            what_nobody_has_read_is_there_after_the_end,
            "Events can be read when the daemon has ended.",
            "Read afterwards."
        ),
        core!(
            "EVENT-03",
            a_subscription_made_in_the_middle_tells_what_the_status_does_not_show,
            "Status and later events have no gap between them.",
            "Subscribed in the middle."
        )
        .open(),
        core!(
            "EVENT-04",
            a_run_that_is_dropped_tells_its_end,
            "A run that is dropped tells its end.",
            "The future of the run is dropped."
        ),
        core!(
            "EVENT-05",
            where_nothing_will_happen_there_is_nothing_to_wait_for,
            "A subscription after the end ends at once.",
            "Subscribed afterwards."
        ),
        core!(
            "EVENT-06",
            a_subsystem_can_follow_its_daemon,
            "A subsystem reads the events of its own daemon.",
            "It waits for another to end."
        ),
        core!(
            "EVENT-07",
            eight_threads_read_or_count_every_event,
            "A reader has read or counted as missed every event, whatever its size.",
            "Eight readers on threads of their own, 24 subsystems that restart 40 times."
        )
        .threads(),
    ]
}

/// What `event` tells that is the same on every runtime.
pub(crate) fn told(event: &SubsystemEvent) -> String {
    match event {
        SubsystemEvent::Ended { name, end, .. } => {
            format!("`{name}`: end {} {}", end.generation(), end.kind())
        }
        event => event.to_string(),
    }
}

/// What is queued, to be read without waiting.
pub(crate) fn rest(events: &mut Events) -> Vec<SubsystemEvent> {
    std::iter::from_fn(|| events.try_next_event()).collect()
}

/// Fails at each start but those from `last` on.
fn fails_before(last: u64) -> Spec {
    let backoff = Backoff::constant(Duration::from_millis(1)).jitter(0.0);
    let policy = RestartPolicy::on_failure().backoff(backoff).unlimited();
    let job = move |ctx: Context| async move {
        if ctx.generation() < last {
            yield_now().await;
            return Err("disk full".into());
        }
        idle(ctx).await
    };
    task("job", job).restart_policy(policy)
}

fn a_life_is_told_from_its_first_event_to_its_last<W: World>(world: &W) {
    let daemon = world.daemon(Daemon::new().with_subsystem(fails_before(2)));
    let mut events = daemon.subscribe_events();
    let lines = world.block_on(async |runtime: AnyRuntime| {
        let read = async {
            let (mut lines, mut readies, mut last) = (Vec::new(), 0, Instant::ZERO);
            while let Some(event) = events.next_event().await {
                assert!(event.at() >= last, "{event} before what was told before");
                assert_eq!(event.id().is_some(), event.name() == Some("job"));
                last = event.at();
                lines.push(told(&event));
                readies +=
                    u32::from(matches!(event, SubsystemEvent::ReadyChanged { ready: true, .. }));
                match event {
                    // The status agrees, or shows something later.
                    SubsystemEvent::StateChanged { generation, at, .. } => {
                        let shown = &daemon.status().subsystems[0];
                        assert!(shown.generation >= generation && shown.since >= at);
                    }
                    SubsystemEvent::ReadyChanged { ready: true, .. } if readies == 2 => {
                        assert!(daemon.status().ready);
                        daemon.shutdown_with("enough");
                    }
                    SubsystemEvent::Stopped { code, .. } => {
                        assert!(!daemon.is_running());
                        let report = poll_once(daemon.stopped()).await.expect("it is there");
                        assert_eq!(report.code, code);
                    }
                    _ => {}
                }
            }
            assert!(events.next_event().await.is_none(), "the end stays the end");
            lines
        };
        let run = daemon.clone().run_on(runtime);
        zip(run, read).await.1
    });
    let expected = [
        "`job` is starting (start 1)",
        "`job` is running (start 1)",
        "ready",
        "`job`: end 1 error",
        "`job` is backoff (start 1)",
        "`job` starts again in 1ms",
        "not ready",
        "`job` is starting (start 2)",
        "`job` is running (start 2)",
        "ready",
        "shutting down: requested: enough",
        "not ready",
        "`job` is stopping (start 2)",
        "`job`: end 2 requested",
        "`job` is stopped (start 2)",
        "stopped with code 0",
    ];
    assert_eq!(lines, expected);
    assert_eq!(events.missed(), 0);
}

fn what_nobody_has_read_is_there_after_the_end<W: World>(world: &W) {
    let daemon = world.daemon(Daemon::new().with_task("job", |_| async { Ok(()) }));
    let (all, mut one, mut none) = (
        daemon.subscribe_events(),
        daemon.subscribe_events_with(1),
        daemon.subscribe_events_with(0),
    );
    world.block_on(async |runtime: AnyRuntime| daemon.clone().run_on(runtime).await).unwrap();
    let all = block_on(all.map(|event| told(&event)).collect::<Vec<_>>());
    assert_eq!(all.first().map(String::as_str), Some("`job` is starting (start 1)"));
    assert!(all.contains(&"`job`: end 1 completed".to_owned()), "{all:?}");
    // The newest is kept: the last event reaches everybody.
    for reader in [&mut one, &mut none] {
        assert_eq!(reader.missed(), all.len() as u64 - 1);
        assert!(matches!(rest(reader)[..], [SubsystemEvent::Stopped { code: 0, .. }]));
        assert!(block_on(reader.next_event()).is_none());
    }
}

/// Whoever subscribes and then looks waits for what it did not see.
fn a_subscription_made_in_the_middle_tells_what_the_status_does_not_show<W: World>(world: &W) {
    let daemon = Daemon::new().with_subsystem(fails_before(u64::MAX)).restarts_per_second(0);
    let daemon = world.daemon(daemon);
    world.block_on(async |runtime: AnyRuntime| {
        let watch = async {
            daemon.ready().await;
            for _ in 0..20 {
                let mut events = daemon.subscribe_events();
                let seen = daemon.status().subsystems[0].generation;
                let mut started = seen;
                while started < seen + 2 {
                    match events.next_event().await.expect("it goes on") {
                        SubsystemEvent::StateChanged { generation, .. } => {
                            // What the status showed already may be told as well.
                            assert!(generation <= started + 1, "a start was not told");
                            started = started.max(generation);
                        }
                        SubsystemEvent::Stopped { .. } => panic!("it has ended"),
                        _ => {}
                    }
                }
            }
            daemon.shutdown()
        };
        // Asked to end, it may be about to fail once more.
        let _ = zip(daemon.clone().run_on(runtime), watch).await;
    });
}

fn a_run_that_is_dropped_tells_its_end<W: World>(world: &W) {
    let daemon = world.daemon(Daemon::new().with_task("deaf", |_| pending()));
    let mut events = daemon.subscribe_events();
    world.block_on(async |runtime: AnyRuntime| {
        let run = async {
            let _ = daemon.clone().run_on(runtime).await;
        };
        or(run, async { assert!(daemon.ready().await) }).await;
        daemon.stopped().await
    });
    // Its last state is the one it had: nobody saw it end.
    let lines: Vec<_> = rest(&mut events).iter().map(told).collect();
    let expected = [
        "`deaf` is starting (start 1)",
        "`deaf` is running (start 1)",
        "ready",
        "shutting down: requested: the run was dropped",
        "not ready",
        "stopped with code 124",
    ];
    assert_eq!(lines, expected);
    assert!(block_on(events.next_event()).is_none());
}

fn where_nothing_will_happen_there_is_nothing_to_wait_for<W: World>(world: &W) {
    let job = || Daemon::new().with_task("job", |_| async { Ok(()) });
    let never_run = job().without_signals().build().unwrap();
    let mut events = never_run.subscribe_events();
    assert!(block_on(poll_once(events.next_event())).is_none(), "it may yet run");
    drop(never_run);
    assert!(block_on(events.next_event()).is_none());

    let over = world.daemon(job());
    world.block_on(async |runtime: AnyRuntime| over.clone().run_on(runtime).await).unwrap();
    assert!(block_on(over.subscribe_events().next_event()).is_none());

    let misconfigured = world.daemon(job().with_config_path("/does/not/exist.toml"));
    let mut events = misconfigured.subscribe_events();
    world
        .block_on(async |runtime: AnyRuntime| misconfigured.clone().run_on(runtime).await)
        .unwrap_err();
    assert_eq!(rest(&mut events).iter().map(told).collect::<Vec<_>>(), ["stopped with code 78"]);
    assert!(block_on(events.next_event()).is_none());
}

/// A subsystem follows the daemon that it belongs to, until it is asked to stop.
fn a_subsystem_can_follow_its_daemon<W: World>(world: &W) {
    async fn follow(ctx: Context) -> Result {
        let mut events = ctx.daemon().subscribe_events();
        ctx.ready();
        loop {
            let next = ctx.run_until_cancelled(events.next_event()).await?;
            if let Some(SubsystemEvent::Ended { end, .. }) = next {
                assert_eq!(end.kind(), EndKind::Completed);
                ctx.shutdown("seen");
            }
        }
    }
    let report = world.run(
        Daemon::new()
            .with_subsystem(task("follow", follow).explicit_ready())
            .with_subsystem(task("job", |_| async { Ok(()) }).requires("follow")),
    );
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.reason, Some(ShutdownReason::Requested("seen".into())));
}

/// Readers of all sizes on threads of their own, some of them slow, others that come and go.
fn eight_threads_read_or_count_every_event<W: World>(world: &W) {
    const ROUNDS: u64 = 40;
    let mut builder = Daemon::new().without_signals().restarts_per_second(0);
    for number in 0..24 {
        let job = |ctx: Context| async move {
            if ctx.generation() < ROUNDS {
                return Err("again".into());
            }
            Ok(())
        };
        let policy = RestartPolicy::on_failure().backoff(Backoff::none()).unlimited();
        builder = builder.with_subsystem(task(format!("s{number}"), job).restart_policy(policy));
    }
    let daemon = builder.build().unwrap();
    let mut all = daemon.subscribe_events_with(usize::MAX);
    let sizes = [0, 1, 2, 16, 128, 1024, 4096, usize::MAX];
    let readers = sizes.map(|size| daemon.subscribe_events_with(size));
    let read = std::thread::scope(|scope| {
        let readers = readers.map(|mut reader| {
            let daemon = daemon.clone();
            scope.spawn(move || {
                let (mut read, mut last) = (0, Instant::ZERO);
                block_on(async {
                    while let Some(event) = reader.next_event().await {
                        assert!(event.at() >= last);
                        (read, last) = (read + 1, event.at());
                        if read % 64 == 0 {
                            // Now and then somebody comes and goes.
                            rest(&mut daemon.subscribe_events_with(4));
                        }
                    }
                });
                read + reader.missed()
            })
        });
        world.block_on(async |runtime: AnyRuntime| daemon.clone().run_on(runtime).await).unwrap();
        readers.map(|reader| reader.join().unwrap())
    });
    let all = rest(&mut all);
    let ends = all.iter().filter(|event| matches!(event, SubsystemEvent::Ended { .. })).count();
    assert_eq!(ends as u64, 24 * ROUNDS, "one end for each start");
    assert_eq!(read, [all.len() as u64; 8]);
    assert!(matches!(all.last(), Some(SubsystemEvent::Stopped { code: 0, .. })));
}
