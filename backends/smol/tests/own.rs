//! What this backend has beyond the contract, and how it is built.

use std::sync::Arc;

use futures_lite::future::block_on;
use proc_daemon_runtime::{Ambient, JoinError, OwnedRuntime, RuntimeOptions, Task};
use proc_daemon_smol::{Smol, SmolHandle};

fn rows() -> [RuntimeOptions; 3] {
    [
        RuntimeOptions::new().workers(3).thread_name("smol-laws"),
        RuntimeOptions::new().workers(1),
        RuntimeOptions::new().current_thread(),
    ]
}

#[test]
fn current_is_the_runtime_that_polls_else_the_global_one() {
    for options in rows() {
        let mut owned = Smol::build(&options).unwrap();
        let current = owned.block_on(async { SmolHandle::current() }).unwrap();
        let task = Task::spawn(&current, "law".into(), async { SmolHandle::current() });
        let inner = owned.block_on(task).unwrap().unwrap();
        drop(owned);
        for handle in [current, inner] {
            let late: Task<()> = Task::spawn(&handle, "late".into(), async {});
            assert!(matches!(block_on(late), Err(JoinError::RuntimeGone)));
        }
    }
    let global = SmolHandle::current().unwrap();
    block_on(Task::spawn(&global, "law".into(), async {})).unwrap();
}

#[test]
fn an_adopted_executor_is_not_kept() {
    let executor = Arc::new(smol::Executor::new());
    let handle = SmolHandle::adopt(&executor);
    let inner = handle.clone();
    let task = Task::spawn(&handle, "law".into(), async move {
        let _keeps_a_handle = inner;
        7
    });
    assert_eq!(smol::block_on(executor.run(task)).unwrap(), 7);
    let inner = handle.clone();
    let leaked = Task::spawn(&handle, "law".into(), async move {
        let _keeps_a_handle = inner;
        std::future::pending::<()>().await;
    });
    drop(executor);
    assert!(matches!(block_on(leaked), Err(JoinError::RuntimeGone)));
}
