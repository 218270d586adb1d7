//! A worker that gets stuck, and a health check that notices: `cargo run --example health`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proc_daemon::{Config, Context, Daemon, Health, RestartPolicy, Result, Subsystem};

/// Does a piece of work every 100 ms; its first start gets stuck at the fifth.
#[derive(Default)]
struct Worker {
    /// When it last made progress.
    progress: AtomicU64,
}

impl Subsystem for Worker {
    fn name(&self) -> &str {
        "worker"
    }

    fn restart_policy(&self) -> RestartPolicy {
        RestartPolicy::on_failure()
    }

    async fn run(&self, ctx: Context) -> Result {
        println!("start {}", ctx.generation());
        let mut pieces = ctx.interval(Duration::from_millis(100));
        let mut done = 0;
        while pieces.tick().await.is_ok() {
            done += 1;
            self.progress.store(ctx.now().as_nanos(), Ordering::Relaxed);
            println!("piece {done}");
            if done == 5 && ctx.generation() == 1 {
                println!("stuck, waiting for an answer that never comes");
                ctx.run_until_cancelled(std::future::pending::<()>()).await?;
            }
            if done == 5 {
                ctx.shutdown("the work is done");
            }
        }
        Ok(())
    }

    async fn health_check(&self, ctx: Context) -> Result<Health> {
        let last = self.progress.load(Ordering::Relaxed);
        let idle = Duration::from_nanos(ctx.now().as_nanos().saturating_sub(last));
        if idle > Duration::from_millis(300) {
            println!("health: no progress for {} ms", idle.as_millis());
            return Err("no progress".into());
        }
        println!("health: up");
        Ok(Health::Up)
    }
}

fn main() -> ExitCode {
    let config = Config::builder().health_check_interval(Duration::from_millis(200)).build();
    Daemon::builder(config).with_subsystem(Worker::default()).main()
}
