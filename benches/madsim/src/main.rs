//! Lives of the program written by hand on madsim: `madsim-lives SECONDS STRETCHED LIVES` prints the
//! processor time of one in nanoseconds, and its polls.
//!
//! A program of its own because madsim simulates only under `--cfg madsim`, and because it puts itself in the
//! place of the clock and the random numbers of the whole process.

#[cfg(not(madsim))]
compile_error!("build this with RUSTFLAGS=\"--cfg madsim\", as the harness does");

#[path = "../../src/rows/lives/program.rs"]
mod program;

use std::env;
use std::future::Future;
use std::time::Duration;

use madsim::Config;
use madsim::runtime::Runtime;
use rustix::time::{ClockId, clock_gettime};

use program::{World, life, polls};

#[derive(Clone)]
struct Madsim;

impl World for Madsim {
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        madsim::time::sleep(time)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> {
        let task = madsim::task::spawn(future);
        async { task.await.expect("a task of the program ends by itself") }
    }
}

fn lives(seeds: u32, length: Duration, stretched: u32) {
    for seed in 0..seeds {
        let runtime = Runtime::with_seed_and_config(u64::from(seed), Config::default());
        runtime.block_on(life(Madsim, length, stretched));
    }
}

fn main() {
    let mut numbers = env::args().skip(1).map(|arg| arg.parse::<u32>());
    let numbers = [(); 3].map(|()| numbers.next());
    let [Some(Ok(seconds)), Some(Ok(stretched)), Some(Ok(seeds))] = numbers else {
        panic!("madsim-lives SECONDS STRETCHED LIVES");
    };
    let length = Duration::from_secs(seconds.into());
    // The first lives of a process pay for its pages.
    lives(seeds.div_ceil(10), length, stretched);
    polls();
    let since = cpu_time();
    lives(seeds, length, stretched);
    let each = (cpu_time() - since).as_secs_f64() * 1e9 / f64::from(seeds);
    println!("{each} {}", polls() as f64 / f64::from(seeds));
}

/// User and system time of this process so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
