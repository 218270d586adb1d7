use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_lite::future::zip;
use proc_daemon::{Context, Daemon, Spec, task};
use signal_hook::consts::SIGTERM;

use super::start_stop::nanos;
use crate::bare::Bare;
use crate::floors::Delivery;
use crate::gate::FIRST;
use crate::job::Job;
use crate::sampler::{Lines, rounds};

/// When the first subsystem heard of the stop.
type Heard = Arc<OnceLock<Instant>>;

pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) {
    let one = |variant: &str| match variant {
        "bare" => bare.block_on(bare.signal(false, raise)),
        "bare-main" => bare.block_on(bare.signal(true, raise)),
        "daemon" => bare.block_on(daemon(bare, false, single)),
        "sentinel" => bare.block_on(daemon(bare, true, single)),
        "service" => bare.block_on(daemon(bare, true, service)),
        other => Err(io::Error::other(format!("there is no variant `{other}`"))),
    };
    let _ = one("bare");
    rounds(job, |variant| match one(variant) {
        Ok(Delivery { cancelled, stopped }) => {
            out.sample(variant, "cancelled", nanos(cancelled));
            out.sample(variant, "stopped", nanos(stopped));
        }
        Err(error) => out.failed(variant, error),
    });
}

/// To this thread: its handler has run when this returns.
fn raise() {
    let _ = signal_hook::low_level::raise(SIGTERM);
}

fn wait(name: &'static str, heard: &Heard) -> Spec {
    let heard = Arc::clone(heard);
    task(name, move |ctx: Context| {
        let heard = Arc::clone(&heard);
        async move {
            FIRST.arrive();
            ctx.cancelled().await;
            let _ = heard.set(Instant::now());
            Ok(())
        }
    })
}

fn single(heard: &Heard) -> Vec<Spec> {
    vec![wait("one", heard)]
}

/// The shape of `examples/service`: three stop one after the other.
fn service(heard: &Heard) -> Vec<Spec> {
    vec![
        wait("store", heard),
        wait("http", heard).requires("store"),
        wait("ticker", heard),
        wait("janitor", heard).after("http"),
    ]
}

/// `sentinel`: with the thread that `main` starts, which sees every signal as well.
async fn daemon<B: Bare>(
    bare: &B,
    sentinel: bool,
    specs: impl FnOnce(&Heard) -> Vec<Spec>,
) -> io::Result<Delivery> {
    let heard = Heard::default();
    let specs = specs(&heard);
    FIRST.expect(specs.len());
    let builder = Daemon::new().with_subsystems(specs).exit_when_stuck(sentinel);
    let mut raised = Instant::now();
    let controlled = async {
        FIRST.all().await;
        raised = Instant::now();
        raise();
    };
    let ((), outcome) = zip(controlled, builder.run_on(bare.handle())).await;
    let stopped = Instant::now();
    outcome.map_err(io::Error::other)?;
    Ok(Delivery::new(raised, heard.get().copied().unwrap_or(stopped), stopped))
}
