use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon::Daemon;
use proc_daemon_runtime::{
    Capabilities, Instant, OwnedRuntime, Runtime, RuntimeOptions, ShutdownSummary, Signal, Task,
    TaskName, Timer,
};

use crate::bound::within;
use crate::variant::Variant;

pub(crate) type SleepOf<B> = <<<B as OwnedRuntime>::Runtime as Runtime>::Timer as Timer>::Sleep;

/// What a law is tried with: a runtime of its own, whose tasks are listed.
pub(crate) struct Lab<B: OwnedRuntime> {
    owned: B,
    runtime: B::Runtime,
    variant: Variant<B>,
    roll: Roll,
}

impl<B: OwnedRuntime> Lab<B> {
    pub(crate) fn new(variant: &Variant<B>, roll: &Roll) -> io::Result<Self> {
        let owned = variant.build()?;
        let runtime = owned.handle();
        Ok(Self { owned, runtime, variant: variant.clone(), roll: roll.clone() })
    }

    /// Another runtime of the same kind.
    pub(crate) fn another(&self) -> Self {
        Self::new(&self.variant, &self.roll).expect("a second runtime can be built")
    }

    /// How this row is built, for when this runtime has ended.
    pub(crate) fn end(self) -> Variant<B> {
        self.variant
    }

    pub(crate) const fn runtime(&self) -> &B::Runtime {
        &self.runtime
    }

    pub(crate) const fn options(&self) -> &RuntimeOptions {
        &self.variant.options
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.runtime.capabilities()
    }

    pub(crate) fn timer(&self) -> &<B::Runtime as Runtime>::Timer {
        self.runtime.timer()
    }

    pub(crate) fn now(&self) -> Instant {
        self.timer().now()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> SleepOf<B> {
        self.timer().sleep(duration)
    }

    /// How long a law waits for what must come at once.
    pub(crate) fn bound(&self) -> Duration {
        self.roll.bound()
    }

    /// Time for what must not come to pass: it is over when the scenario has hung, and no sooner than after 20 s.
    pub(crate) fn long(&self) -> Duration {
        self.roll.limit.max(Duration::from_secs(20))
    }

    /// A task that the roll lists.
    #[track_caller]
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        name: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        Task::spawn(&self.runtime, TaskName::literal(name), self.roll.listed(name, future))
    }

    pub(crate) fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let entry = self.roll.enter("block_on");
        let mut future = pin!(future);
        self.owned.block_on(poll_fn(move |cx| {
            entry.polled();
            future.as_mut().poll(cx)
        }))
    }

    /// As [`block_on`](Self::block_on), for what a broken backend never wakes: says what must hold instead of
    /// hanging.
    ///
    /// # Panics
    ///
    /// If `future` is still pending when a third of the time is over in which a scenario must end.
    #[track_caller]
    pub(crate) fn within<F: Future>(&mut self, must_hold: &str, future: F) -> F::Output {
        if !self.capabilities().real_time {
            // There a world in which nobody wakes anybody is seen as such.
            return self.block_on(future);
        }
        let bound = self.bound();
        let Some(output) = self.block_on(within(bound, future)) else {
            panic!("not after {bound:?}, and it must be: {must_hold}{}", self.roll.dump());
        };
        output
    }

    /// A signal arrives.
    pub(crate) fn raiser(&self) -> impl Fn(Signal) + Clone + use<B> {
        let (runtime, raise) = (self.runtime.clone(), Arc::clone(&self.variant.raise));
        move |signal| raise(&runtime, signal)
    }

    pub(crate) fn shutdown(self, grace: Duration) -> ShutdownSummary {
        self.owned.shutdown(grace)
    }
}

/// What the watchdog of a scenario goes by: when it hangs, and its tasks and daemons for the dump. A clone is the same.
#[derive(Clone)]
pub(crate) struct Roll {
    limit: Duration,
    tasks: Arc<Mutex<Vec<Listed>>>,
    daemons: Arc<Mutex<Vec<Daemon>>>,
}

struct Listed {
    name: &'static str,
    polls: u64,
    over: bool,
}

/// One task of a [`Roll`]; dropping it says that it is over.
pub(crate) struct Entry(Roll, usize);

impl Roll {
    /// Of a scenario that hangs if it is not over after `limit`.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, tasks: Arc::default(), daemons: Arc::default() }
    }

    /// How long what must come at once is waited for: a third of the limit.
    pub(crate) fn bound(&self) -> Duration {
        self.limit / 3
    }

    pub(crate) fn enter(&self, name: &'static str) -> Entry {
        let mut listed = self.tasks.lock();
        listed.push(Listed { name, polls: 0, over: false });
        Entry(self.clone(), listed.len() - 1)
    }

    fn listed<T>(
        &self,
        name: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let entry = self.enter(name);
        let mut future = Box::pin(future);
        poll_fn(move |cx| {
            entry.polled();
            future.as_mut().poll(cx)
        })
    }

    /// A daemon that is going to be lived.
    pub(crate) fn daemon(&self, daemon: &Daemon) {
        self.daemons.lock().push(daemon.clone());
    }

    /// One line for each name that tasks which are alive have, and the status of each daemon.
    pub(crate) fn dump(&self) -> String {
        let mut alive = Vec::<(&str, Vec<u64>)>::new();
        for task in self.tasks.lock().iter().filter(|task| !task.over) {
            match alive.iter_mut().find(|(name, _)| *name == task.name) {
                Some((_, polls)) => polls.push(task.polls),
                None => alive.push((task.name, vec![task.polls])),
            }
        }
        let tasks = alive.iter().map(|(name, polls)| line(name, polls));
        let daemons = self.daemons.lock();
        let daemons = daemons.iter().map(|daemon| format!("\n{}", daemon.status()));
        tasks.chain(daemons).collect()
    }
}

/// What the first few tasks of one name have come to.
fn line(name: &str, polls: &[u64]) -> String {
    const FEW: usize = 4;
    if let [once] = polls {
        return format!("\n`{name}` was polled {once} times");
    }
    let few: Vec<String> = polls.iter().take(FEW).map(u64::to_string).collect();
    let more = if polls.len() > FEW { ", .." } else { "" };
    format!("\n{} times `{name}`, polled {}{more} times", polls.len(), few.join(", "))
}

impl Entry {
    fn polled(&self) {
        self.0.tasks.lock()[self.1].polls += 1;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.tasks.lock()[self.1].over = true;
    }
}

/// One poll with a waker that does nothing.
pub(crate) fn step<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Panics without the process's panic hook: a panic that is part of a scenario is nobody's news.
pub(crate) fn panic_on_purpose(text: &'static str) -> ! {
    resume_unwind(Box::new(text))
}

/// What a scenario's panic said.
pub(crate) fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "a panic without a text".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_one_name_are_one_line() {
        let roll = Roll::new(Duration::MAX);
        let alone = roll.enter("alone");
        alone.polled();
        let many: Vec<Entry> = (0..64).map(|_| roll.enter("many")).collect();
        many[1].polled();
        let two = [roll.enter("two"), roll.enter("two")];
        drop(roll.enter("over"));
        let expected = "\n`alone` was polled 1 times\
                        \n64 times `many`, polled 0, 1, 0, 0, .. times\
                        \n2 times `two`, polled 0, 0 times";
        assert_eq!(roll.dump(), expected);
        drop((alone, many, two));
        assert_eq!(roll.dump(), "");
    }
}
