//! More subsystems than the driver starts or stops in one poll.

use proc_daemon::sim::{Life, Sim};
use proc_daemon::{Context, Daemon, Result, task_with};

use crate::expectations::{exits_with, unready};
use crate::kinds::MS;
use crate::obedient::exact;

/// The driver yields after 512 effects and events.
const MANY: u32 = 600;
/// One in so many looks at the readiness.
const LOOKS: u32 = 10;

pub(crate) fn life(sim: Sim) -> Life {
    // In a start of so many, one asks for the end at once, or nobody does.
    let asks = sim.choose(2, "somebody asks") * (1 + sim.choose(MANY, "who asks"));
    let mut daemon = Daemon::new();
    for unit in 0..MANY {
        let state = (unit, unit + 1 == asks);
        daemon = daemon.with_subsystem(task_with(format!("c{unit}"), state, one));
    }
    let life = exact(sim).daemon(daemon).lasting(100 * MS).run();
    if life.verdict().is_clean() {
        exits_with(&life, 0);
    }
    life
}

async fn one(ctx: Context, (unit, asks): (u32, bool)) -> Result {
    if asks {
        ctx.shutdown("asked");
    }
    ctx.cancelled().await;
    if unit % LOOKS == 0 {
        unready(&ctx).await;
    }
    Ok(())
}
