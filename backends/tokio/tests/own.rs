//! What this backend has beyond the contract, and how it is built.

use std::io;
use std::time::Duration;

use proc_daemon_runtime::{Ambient, OwnedRuntime, Runtime, RuntimeOptions, Timer};
use proc_daemon_tokio::{Tokio, TokioHandle};
use tokio::runtime::Builder;

fn rows() -> [RuntimeOptions; 3] {
    [
        RuntimeOptions::new().workers(3).thread_name("tokio-laws"),
        RuntimeOptions::new().workers(1),
        RuntimeOptions::new().current_thread(),
    ]
}

#[test]
fn current_is_the_runtime_that_polls() {
    assert_eq!(TokioHandle::current().unwrap_err().kind(), io::ErrorKind::NotFound);
    for options in rows() {
        let mut owned = Tokio::build(&options).unwrap();
        let current = owned.block_on(async { TokioHandle::current() }).unwrap();
        drop(owned);
        let task: proc_daemon_runtime::Task<()> =
            proc_daemon_runtime::Task::spawn(&current, "late".into(), async {});
        let joined = futures_lite::future::block_on(task);
        assert!(matches!(joined, Err(proc_daemon_runtime::JoinError::RuntimeGone)));
    }
}

#[test]
fn adopting_half_a_runtime_is_an_error_with_the_remedy() {
    let bare = Builder::new_current_thread().build().unwrap();
    let without_io = Builder::new_current_thread().enable_time().build().unwrap();
    let without_time = Builder::new_current_thread().enable_io().build().unwrap();
    for (runtime, what) in [(bare, "timers"), (without_io, "I/O"), (without_time, "timers")] {
        let err = TokioHandle::adopt(runtime.handle()).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
        let text = err.to_string();
        assert!(text.contains(what) && text.contains("enable_all()"), "{text}");
        let err = runtime.block_on(async { TokioHandle::current() }).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
    }
}

#[test]
fn a_paused_clock_is_followed() {
    let paused = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let real = std::time::Instant::now();
    let handle = TokioHandle::adopt(paused.handle()).unwrap();
    let timer = handle.timer();
    let before = timer.now();
    paused.block_on(timer.sleep(Duration::from_secs(3600)));
    assert!(timer.now().since(before) >= Duration::from_secs(3600));
    assert!(real.elapsed() < Duration::from_secs(600));
}

#[test]
fn a_sleep_of_an_adopted_runtime_that_is_gone_stays_pending() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = TokioHandle::adopt(runtime.handle()).unwrap();
    runtime.shutdown_background();
    let mut sleep = Box::pin(handle.timer().sleep(Duration::from_secs(60)));
    for _ in 0..2 {
        let polled = futures_lite::future::poll_once(sleep.as_mut());
        assert!(futures_lite::future::block_on(polled).is_none());
    }
}
