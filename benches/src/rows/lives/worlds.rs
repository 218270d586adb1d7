//! The runtimes that the program written by hand runs on in this process.

use std::future::Future;
use std::io;
use std::time::Duration;

use proc_daemon::runtime::{OwnedRuntime, Runtime, Task, TaskName, Timer};
use proc_daemon_sim::{SimHandle, SimOptions, Simulator};

use super::program::{World, life};

/// The simulator without a daemon. What is open is chosen by the seed, as in a daemon's life.
pub(super) fn bare(seed: u64, length: Duration, stretched: u32) -> Result<(), String> {
    let mut simulator = Simulator::seeded(seed, &SimOptions::default());
    let world = simulator.handle();
    let lived = simulator.try_block_on(TaskName::literal("main"), life(world, length, stretched));
    lived.map_err(|verdict| format!("seed {seed}: {verdict}"))
}

impl World for SimHandle {
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.timer().sleep(time)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> {
        let task = Task::spawn(self, TaskName::literal("ticks"), future);
        async { task.await.expect("a task of the program ends by itself") }
    }
}

/// tokio as `#[tokio::test(start_paused = true)]` has it. It chooses nothing: a seed means nothing to it.
pub(super) fn paused(length: Duration, stretched: u32) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(life(Paused, length, stretched));
    Ok(())
}

#[derive(Clone)]
struct Paused;

impl World for Paused {
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> {
        let task = tokio::spawn(future);
        async { task.await.expect("a task of the program ends by itself") }
    }
}
