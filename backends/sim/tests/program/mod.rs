//! Two programs whose lives are compared.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_lite::StreamExt;
use futures_lite::future::{or, yield_now};
use proc_daemon_runtime::{
    AnyRuntime, Instant, OwnedRuntime, Runtime, Signal, SignalSet, SignalSource, Task, Timer,
};
use proc_daemon_sim::{SimHandle, Simulator, Tape};

const MILLI: Duration = Duration::from_millis(1);

/// Where `talk` chooses, apart from asking for a seed.
pub(crate) const SITE: &str = "program";

/// A queue without a bound, for any number of receivers.
#[derive(Clone, Default)]
struct Channel(Arc<Mutex<(VecDeque<u64>, Vec<Waker>)>>);

impl Channel {
    fn send(&self, item: u64) {
        let wakers = {
            let mut inner = self.0.lock().unwrap();
            inner.0.push_back(item);
            std::mem::take(&mut inner.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    async fn receive(&self) -> u64 {
        poll_fn(|cx| {
            let mut inner = self.0.lock().unwrap();
            match inner.0.pop_front() {
                Some(item) => Poll::Ready(item),
                None => {
                    inner.1.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Runs `program` as the main future. Gives the hash of the trace and the choices.
pub(crate) fn live<F: Future<Output = ()>>(
    mut sim: Simulator,
    program: impl Fn(SimHandle) -> F,
) -> (u64, Tape) {
    live_watched(&mut sim, program, |_| ())
}

/// The same; `watch` looks at the world before and after.
pub(crate) fn live_watched<F: Future<Output = ()>>(
    sim: &mut Simulator,
    program: impl Fn(SimHandle) -> F,
    watch: impl Fn(&Simulator),
) -> (u64, Tape) {
    watch(sim);
    let main = program(sim.handle());
    sim.try_block_on("program".into(), main).unwrap_or_else(|verdict| panic!("{verdict}"));
    watch(sim);
    (sim.trace_hash(), sim.tape())
}

/// Waits as long as the seed wants.
async fn pause(handle: &SimHandle) {
    handle.timer().sleep(handle.duration(Duration::ZERO, MILLI * 50, SITE)).await;
}

/// About twenty tasks.
pub(crate) async fn talk(handle: SimHandle) {
    let (first, second) = (Channel::default(), Channel::default());
    let mut ends = Vec::new();
    for n in 0..6 {
        let future = produces(handle.clone(), first.clone(), n);
        ends.push(Task::spawn(&handle, "sends".into(), future));
    }
    let relays = [0, 1, 2, 3, 4].map(|n| {
        let future = relays_on(handle.clone(), first.clone(), second.clone(), n);
        Task::<()>::spawn(&handle, "relays".into(), future)
    });
    for _ in 0..5 {
        let future = consumes(handle.clone(), second.clone());
        ends.push(Task::spawn(&handle, "receives".into(), future));
    }
    handle.spawn("listens".into(), listens(handle.clone()));
    handle.spawn("panics".into(), async { resume_unwind(Box::new("on purpose")) });
    let work = {
        let (handle, first) = (handle.clone(), first.clone());
        move || (0..3).for_each(|n| first.send(handle.seed() % 1000 + n))
    };
    drop(Task::spawn_blocking_on(&AnyRuntime::from(handle.clone()), "work".into(), work));
    for signal in [Signal::Hangup, Signal::User1] {
        handle.raise_at(Instant::from_epoch(MILLI * 20), signal);
    }
    handle.jump_at(Instant::from_epoch(MILLI * 30), -5_000_000);
    for end in ends {
        end.await.unwrap();
    }
    relays.iter().for_each(Task::abort);
    for relay in relays {
        relay.await.unwrap_err();
    }
}

async fn produces(handle: SimHandle, to: Channel, number: u64) {
    for n in 0..5 {
        pause(&handle).await;
        to.send(number * 10 + n);
    }
}

async fn relays_on(handle: SimHandle, from: Channel, to: Channel, number: u64) {
    loop {
        let item = from.receive().await;
        handle.note(number, item);
        if item % 3 == 0 {
            yield_now().await;
        }
        to.send(item);
    }
}

async fn consumes(handle: SimHandle, from: Channel) {
    for _ in 0..8 {
        let timeout = async {
            handle.timer().sleep(MILLI * 15).await;
            u64::MAX
        };
        let item = or(from.receive(), timeout).await;
        handle.note(item, handle.timer().now().as_nanos());
        if item % 5 == 0 {
            pause(&handle).await;
        }
    }
}

async fn listens(handle: SimHandle) {
    let mut stream = handle.signals().listen(SignalSet::all()).unwrap();
    while let Some(signal) = stream.next().await {
        handle.note(signal as u64, 0);
    }
}

/// A few tasks, and no choice of its own.
pub(crate) async fn small(handle: SimHandle) {
    let channel = Channel::default();
    for n in 0..3 {
        let (handle, channel) = (handle.clone(), channel.clone());
        handle.clone().spawn("sends".into(), async move {
            for round in 0..3 {
                handle.timer().sleep(MILLI * 10).await;
                channel.send(n * 10 + round);
            }
        });
    }
    let (worker, answers) = (handle.clone(), channel.clone());
    handle.spawn_blocking("work".into(), move || {
        worker.spend(MILLI);
        answers.send(100);
    });
    for _ in 0..10 {
        let item = channel.receive().await;
        handle.note(item, 0);
    }
}
