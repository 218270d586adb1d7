//! What this backend has beyond the contract, and how it is built.

use std::io;

use proc_daemon_async_std::{AsyncStd, AsyncStdHandle};
use proc_daemon_runtime::{Ambient, OwnedRuntime, RuntimeOptions};

fn rows() -> [RuntimeOptions; 1] {
    [RuntimeOptions::new().workers(3).thread_name("async-std-laws")]
}

#[test]
fn current_is_the_runtime_that_polls() {
    assert_eq!(AsyncStdHandle::current().unwrap_err().kind(), io::ErrorKind::NotFound);
    let mut owned = AsyncStd::build(&rows()[0]).unwrap();
    owned.block_on(async { AsyncStdHandle::current() }).unwrap();
}

#[test]
fn another_size_or_name_is_refused() {
    let [row] = rows();
    drop(AsyncStd::build(&row).unwrap());
    drop(AsyncStd::build(&row).unwrap());
    for other in [row.clone().workers(2), row.thread_name("other")] {
        let err = AsyncStd::build(&other).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
        assert!(err.to_string().contains("3 workers named \"async-std-laws\""), "{err}");
    }
}
