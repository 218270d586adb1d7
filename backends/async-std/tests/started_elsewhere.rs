//! A process of its own: the executor runs before the first build.

use std::io;

use proc_daemon_async_std::{AsyncStd, AsyncStdHandle};
use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, Task};

#[test]
fn an_executor_that_other_code_started_is_refused_but_can_be_used() {
    async_std::task::block_on(async {});
    let err = AsyncStd::build(&RuntimeOptions::new()).unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::Unsupported);
    assert!(err.to_string().contains("AsyncStdHandle::global()"), "{err}");
    let global = AsyncStdHandle::global();
    let task = Task::spawn(&global, "law".into(), async { 7 });
    assert_eq!(async_std::task::block_on(task).unwrap(), 7);
}
