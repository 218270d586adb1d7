//! What takes a real thread or a real file: not for the simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::{Core, core};
use crate::world::World;
use futures_lite::future::poll_once;
use proc_daemon::Daemon;

pub(super) fn lives<W: World>() -> Vec<Core<W>> {
    vec![
        core!(
            "REAL-01",
            work_that_blocks_its_thread_is_waited_for,
            "Blocking work in flight is waited for when its subsystem drains.",
            "It blocks until it is let go."
        )
        .threads(),
        core!(
            "REAL-02",
            a_path_replaces_the_configuration_and_is_read_by_the_run,
            "The configuration is read from its path by the run.",
            "A file, and none."
        )
        .threads(),
    ]
}

fn work_that_blocks_its_thread_is_waited_for<W: World>(world: &W) {
    let report = world.run(Daemon::new().with_task("parent", |ctx| async move {
        let (go, gone) = mpsc::channel();
        let (started, has_started) = mpsc::channel();
        let done = Arc::new(AtomicBool::new(false));
        let (inside, busy) = (Arc::clone(&done), ctx.in_flight());
        ctx.spawn_blocking(move || {
            let _busy = busy;
            started.send(()).unwrap();
            gone.recv().unwrap();
            inside.store(true, Ordering::SeqCst);
        })
        .detach();
        let waited = ctx.spawn_blocking(move || has_started.recv());
        waited.await??;
        assert!(poll_once(ctx.drained()).await.is_none(), "its thread is blocked");
        go.send(())?;
        ctx.drained().await;
        assert!(done.load(Ordering::SeqCst));
        Ok(())
    }));
    assert!(report.is_clean(), "{report}");
}

fn a_path_replaces_the_configuration_and_is_read_by_the_run<W: World>(world: &W) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.toml");
    let daemon = Daemon::new().with_config_path(&path).with_task("look", |ctx| async move {
        assert_eq!(ctx.daemon().config().name(), "from the file");
        assert_eq!(ctx.daemon().config_snapshot().name(), "from the file");
        assert!(ctx.daemon().settings::<u16>().is_none());
        Ok(())
    });
    std::fs::write(&path, "name = 'from the file'").unwrap();
    let report = world.run(daemon);
    assert!(report.is_clean(), "{report}");
    assert_eq!(world.run(Daemon::new().with_config_path(folder.path().join("none"))).code, 78);
}
