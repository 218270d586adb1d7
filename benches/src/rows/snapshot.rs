use std::hint::{black_box, spin_loop};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_lite::future::zip;
use parking_lot::Mutex;
use proc_daemon::{Config, Context, Daemon, Result, task};

use super::memory::difference;
use super::start_stop::nanos;
use crate::bare::Bare;
use crate::gate::FIRST;
use crate::job::Job;
use crate::meter::Counter;
use crate::sampler::{Lines, rounds};

/// n readings a round by each thread, with a subsystem's own context; the value is that of one reading.
pub(crate) fn run<B: Bare>(
    bare: &B,
    job: &Job,
    counter: Option<Counter>,
    out: &Lines,
) -> io::Result<()> {
    let handed: Arc<Mutex<Option<Context>>> = Arc::default();
    let hand = Arc::clone(&handed);
    let holder = task("holder", move |ctx: Context| hold(ctx, Arc::clone(&hand)));
    FIRST.expect(1);
    let daemon = Daemon::new().without_signals().with_subsystem(holder).build();
    let daemon = daemon.map_err(io::Error::other)?;
    let measured = async {
        FIRST.all().await;
        if let Some(ctx) = handed.lock().take() {
            read(&ctx, job, counter, out);
        }
        daemon.shutdown();
    };
    let ((), ended) = bare.block_on(zip(measured, daemon.clone().run_on(bare.handle())));
    ended.map_err(io::Error::other)
}

async fn hold(ctx: Context, hand: Arc<Mutex<Option<Context>>>) -> Result {
    *hand.lock() = Some(ctx.clone());
    FIRST.arrive();
    ctx.cancelled().await;
    Ok(())
}

fn read(ctx: &Context, job: &Job, counter: Option<Counter>, out: &Lines) {
    let bare = ArcSwap::from_pointee(Config::default());
    rounds(job, |variant| {
        let print = |took: Took| {
            let n = f64::from(u32::try_from(job.n).unwrap_or(u32::MAX));
            match took.made {
                None => out.sample(variant, "read", nanos(took.time) / n),
                Some(made) => out.sample(variant, "allocations", made),
            }
        };
        let of_bare = || _ = black_box(bare.load().shutdown_timeout());
        let borrowed = |ctx: &Context| _ = black_box(ctx.with_config(Config::shutdown_timeout));
        let counted = |ctx: &Context| _ = black_box(ctx.config());
        match variant {
            "arc-swap" => print(threads(1, counter, job.n, || of_bare)),
            "with_config" => print(threads(1, counter, job.n, || of(ctx, borrowed))),
            "config" => print(threads(1, counter, job.n, || of(ctx, counted))),
            "with_config-2" => print(threads(2, counter, job.n, || of(ctx, borrowed))),
            "config-2" => print(threads(2, counter, job.n, || of(ctx, counted))),
            other => out.failed(other, "there is no such variant"),
        }
    });
}

/// Reads with a clone of its own, as every subsystem has one.
fn of(ctx: &Context, one: impl Fn(&Context) + Send) -> impl FnMut() + Send {
    let ctx = ctx.clone();
    move || one(&ctx)
}

struct Took {
    time: Duration,
    /// Allocations, where they are counted.
    made: Option<f64>,
}

/// Calls what `make` gives n times in each of so many threads at once; the time is that of the slowest.
fn threads<F: FnMut() + Send>(
    threads: usize,
    counter: Option<Counter>,
    n: usize,
    make: impl Fn() -> F,
) -> Took {
    let (barrier, here) = (Barrier::new(threads + 1), AtomicUsize::new(0));
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| {
                let (barrier, here, mut one) = (&barrier, &here, make());
                scope.spawn(move || {
                    // What a thread sets up at its first reading is no part of a reading.
                    one();
                    barrier.wait();
                    barrier.wait();
                    // Each has a core when the first reading begins: woken one after the other, they would take turns.
                    here.fetch_add(1, Ordering::SeqCst);
                    while here.load(Ordering::SeqCst) < threads {
                        spin_loop();
                    }
                    let since = Instant::now();
                    for _ in 0..n {
                        one();
                    }
                    let time = since.elapsed();
                    barrier.wait();
                    time
                })
            })
            .collect();
        barrier.wait();
        let before = counter.map(|heap| heap().made);
        barrier.wait();
        barrier.wait();
        let after = counter.map(|heap| heap().made);
        let made = before.zip(after).map(|(before, after)| difference(after, before));
        let times = started.into_iter().filter_map(|thread| thread.join().ok());
        Took { time: times.max().unwrap_or_default(), made }
    })
}
