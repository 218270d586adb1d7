use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::{Duration, Instant as Moment};

use proc_daemon::runtime::{AnyRuntime, Instant, Runtime, Sleep, TaskName, Timer};

use super::start_stop::nanos;
use crate::bare::Bare;
use crate::gate::FIRST;
use crate::job::Job;
use crate::sampler::{Lines, rounds};

const NAME: TaskName = TaskName::literal("bench");
/// Never reached by a run of this harness.
const FAR: Duration = Duration::from_secs(3600);

/// n operations of each kind a round; the value is that of one.
pub(crate) fn run<B: Bare>(bare: &B, job: &Job, out: &Lines) {
    let generic = bare.handle();
    let erased = AnyRuntime::from(bare.handle());
    rounds(job, |variant| {
        let erase = variant == "erased";
        let print = |metric, time: Duration| {
            let each = nanos(time) / f64::from(u32::try_from(job.n).unwrap_or(u32::MAX));
            out.sample(variant, metric, each);
        };
        bare.block_on(async {
            print("spawn", spawn(&generic, &erased, erase, job.n).await);
            print(
                "sleep",
                if erase { sleep_erased(&erased, job.n) } else { sleep(&generic, job.n) },
            );
            print(
                "reset",
                if erase { reset_erased(&erased, job.n) } else { reset(&generic, job.n) },
            );
        });
    });
}

/// To the end of the last task: workers take them while this spawns.
async fn spawn<R: Runtime>(generic: &R, erased: &AnyRuntime, erase: bool, n: usize) -> Duration {
    FIRST.expect(n);
    let since = Moment::now();
    for _ in 0..n {
        if erase {
            erased.spawn(NAME, Box::pin(async { FIRST.arrive() }));
        } else {
            generic.spawn(NAME, async { FIRST.arrive() });
        }
    }
    FIRST.all().await - since
}

fn poll(sleep: Pin<&mut impl Future<Output = ()>>) {
    let _ = black_box(sleep.poll(&mut Context::from_waker(Waker::noop())));
}

fn sleep<R: Runtime>(runtime: &R, n: usize) -> Duration {
    let at = runtime.timer().now() + FAR;
    let since = Moment::now();
    for _ in 0..n {
        poll(pin!(runtime.timer().sleep_until(at)));
    }
    since.elapsed()
}

fn sleep_erased(runtime: &AnyRuntime, n: usize) -> Duration {
    let at = runtime.now() + FAR;
    let since = Moment::now();
    for _ in 0..n {
        poll(pin!(runtime.sleep_until(at)));
    }
    since.elapsed()
}

fn reset<R: Runtime>(runtime: &R, n: usize) -> Duration {
    let at = runtime.timer().now() + FAR;
    let mut kept = pin!(runtime.timer().sleep_until(at));
    each(n, at, |at| {
        kept.as_mut().reset(at);
        poll(kept.as_mut());
    })
}

fn reset_erased(runtime: &AnyRuntime, n: usize) -> Duration {
    let at = runtime.now() + FAR;
    let mut kept = runtime.sleep_until(at);
    each(n, at, |at| {
        kept.as_mut().reset(at);
        poll(pin!(&mut kept));
    })
}

fn each(n: usize, at: Instant, mut one: impl FnMut(Instant)) -> Duration {
    one(at);
    let since = Moment::now();
    for step in 0..n {
        one(at + Duration::from_millis(u64::try_from(step % 1000).unwrap_or(0)));
    }
    since.elapsed()
}
