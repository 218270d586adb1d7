//! The laws of sleeps, and of finding oneself in a simulated world.

mod support;

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_lite::future::{poll_once, yield_now};
use proc_daemon_runtime::{Ambient, Instant, OwnedRuntime, Runtime, Sleep, Task, Timer};
use proc_daemon_sim::{SimHandle, SimOptions, SimTimer, Simulator, Verdict};
use support::each_world;

const HOUR: Duration = Duration::from_secs(3600);
/// Longer than any choice of a seed delays a task here.
const LONG: Duration = Duration::from_secs(60);

fn step<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn timer(sim: &Simulator) -> SimTimer {
    sim.handle().timer().clone()
}

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_sleep_is_never_early() {
    each_world(|mut sim| {
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let timer = timer(&sim);
                Task::spawn(&sim.handle(), "sleeps".into(), async move {
                    for micros in [1, 37, 1000, 12_345] {
                        let at = timer.now().after(Duration::from_micros(micros * n));
                        timer.sleep_until(at).await;
                        assert!(timer.now() >= at, "early");
                    }
                })
            })
            .collect();
        sim.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_due_sleep_is_ready_at_once_and_again() {
    each_world(|mut sim| {
        let timer = timer(&sim);
        sim.block_on(timer.sleep(LONG));
        for at in [Instant::ZERO, timer.now(), timer.now().after(Duration::ZERO)] {
            let mut sleep = pin!(timer.sleep_until(at));
            assert!(step(sleep.as_mut()).is_ready());
            assert!(step(sleep.as_mut()).is_ready(), "until it is reset");
        }
    });
}

#[test]
fn never_does_not_fire() {
    each_world(|mut sim| {
        let timer = timer(&sim);
        sim.block_on(async {
            for at in [Instant::MAX, timer.now().after(Duration::MAX)] {
                let mut sleep = pin!(timer.sleep_until(at));
                assert!(poll_once(sleep.as_mut()).await.is_none());
                timer.sleep(HOUR * 24 * 365).await;
                assert!(poll_once(sleep.as_mut()).await.is_none());
                sleep.as_mut().reset(Instant::ZERO);
                sleep.as_mut().await;
                sleep.as_mut().reset(Instant::MAX);
                assert!(poll_once(sleep).await.is_none());
            }
        });
        // Nothing else to wait for: time does not run off to its end.
        let before = timer.now();
        let verdict = sim.try_block_on("never".into(), timer.sleep_until(Instant::MAX));
        assert!(matches!(verdict, Err(Verdict::Deadlock(_))), "{verdict:?}");
        assert!(timer.now().since(before) < LONG);
    });
}

#[test]
fn a_reset_works_before_and_after_firing() {
    each_world(|mut sim| {
        let timer = timer(&sim);
        sim.block_on(async {
            let mut sleep = pin!(timer.sleep(HOUR));
            // Before the first poll, then after one, shorter both times.
            sleep.as_mut().reset(timer.now().after(HOUR * 2));
            assert!(poll_once(sleep.as_mut()).await.is_none());
            for millis in [400, 100, 800] {
                let at = timer.now().after(Duration::from_millis(millis));
                sleep.as_mut().reset(at);
                sleep.as_mut().await;
                assert!(timer.now() >= at && timer.now().since(at) < LONG);
            }
            // Registered, then later: the first deadline does not fire it.
            let early = timer.now().after(LONG);
            sleep.as_mut().reset(early);
            assert!(poll_once(sleep.as_mut()).await.is_none());
            let at = early.after(HOUR);
            sleep.as_mut().reset(at);
            sleep.as_mut().await;
            assert!(timer.now() >= at);
        });
    });
}

#[test]
fn a_sleep_wakes_the_newest_waker() {
    each_world(|mut sim| {
        let timer = timer(&sim);
        let mut sleep = pin!(timer.sleep(LONG));
        let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
        for count in [&old, &new, &new] {
            let waker = Waker::from(Arc::clone(count));
            assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        sim.block_on(timer.sleep(LONG * 2));
        assert_eq!((old.get(), new.get()), (0, 1));
        // The same through tasks: polled in one, awaited in another.
        let mut sleep = Box::pin(timer.sleep(LONG));
        let first = Task::spawn(&sim.handle(), "first".into(), async move {
            assert!(poll_once(sleep.as_mut()).await.is_none());
            Some(sleep)
        });
        let sleep = sim.block_on(first).unwrap().unwrap();
        let second = Task::spawn(&sim.handle(), "second".into(), sleep);
        sim.block_on(second).unwrap();
    });
}

#[test]
fn a_sleep_may_be_made_polled_and_dropped_outside() {
    each_world(|mut sim| {
        let handle = sim.handle();
        let elsewhere = thread::spawn(move || {
            let timer = handle.timer();
            let mut dropped = Box::pin(timer.sleep(LONG));
            assert!(step(dropped.as_mut()).is_pending());
            drop(dropped);
            let mut kept = Box::pin(timer.sleep(HOUR));
            assert!(step(kept.as_mut()).is_pending());
            kept
        });
        let here = timer(&sim).sleep(LONG);
        let kept = elsewhere.join().unwrap();
        sim.block_on(here);
        sim.block_on(kept);
        assert!(timer(&sim).now() >= Instant::from_epoch(HOUR));
    });
}

#[test]
fn a_dropped_sleep_is_forgotten() {
    each_world(|mut sim| {
        let timer = timer(&sim);
        let verdict = sim.try_block_on("waits".into(), async {
            let mut sleep = Box::pin(timer.sleep(HOUR));
            assert!(poll_once(sleep.as_mut()).await.is_none());
            drop(sleep);
            let mut moved = pin!(timer.sleep(HOUR));
            assert!(poll_once(moved.as_mut()).await.is_none());
            moved.as_mut().reset(Instant::MAX);
            pending::<()>().await;
        });
        assert!(matches!(verdict, Err(Verdict::Deadlock(_))), "{verdict:?}");
        assert!(timer.now() < Instant::from_epoch(LONG), "{:?}", timer.now());
    });
}

#[test]
fn now_never_goes_back() {
    each_world(|mut sim| {
        let (tell, told) = mpsc::channel();
        for n in 0..10 {
            let (tell, timer, handle) = (tell.clone(), timer(&sim), sim.handle());
            sim.handle().spawn("looks".into(), async move {
                for _ in 0..10 {
                    tell.send(timer.now()).unwrap();
                    timer.sleep(Duration::from_micros(n * 700)).await;
                    tell.send(timer.now()).unwrap();
                    handle.spend(Duration::from_nanos(n));
                    yield_now().await;
                }
            });
        }
        sim.block_on(timer(&sim).sleep(HOUR));
        let seen: Vec<Instant> = told.try_iter().collect();
        assert_eq!(seen.len(), 200);
        assert!(seen.is_sorted());
    });
}

/// Looks at the clock when it is woken and when it is dropped.
struct Looks(SimTimer, Arc<Count>);

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        assert!(!self.0.now().is_never());
        Arc::clone(&self.1).wake();
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        assert!(!self.0.now().is_never());
        Arc::clone(&self.1).wake();
    }
}

#[test]
fn a_waker_may_use_the_world_when_it_is_woken_and_dropped() {
    each_world(|mut sim| {
        let (timer, seen) = (timer(&sim), Arc::new(Count::default()));
        let looks = || Waker::from(Arc::new(Looks(timer.clone(), Arc::clone(&seen))));
        let mut fired = pin!(timer.sleep(LONG));
        let mut dropped = Box::pin(timer.sleep(HOUR));
        let mut reset = pin!(timer.sleep(HOUR));
        for _ in 0..2 {
            // The second time, each replaces the waker of the first.
            assert!(fired.as_mut().poll(&mut Context::from_waker(&looks())).is_pending());
            assert!(dropped.as_mut().poll(&mut Context::from_waker(&looks())).is_pending());
            assert!(reset.as_mut().poll(&mut Context::from_waker(&looks())).is_pending());
        }
        assert_eq!(seen.get(), 3);
        sim.block_on(timer.sleep(LONG * 2));
        assert_eq!(seen.get(), 5, "woken and dropped");
        drop(dropped);
        reset.as_mut().reset(Instant::MAX);
        assert_eq!(seen.get(), 7);
    });
}

#[test]
fn current_is_the_world_that_polls_and_none_outside() {
    let outside = || SimHandle::current().unwrap_err().kind() == io::ErrorKind::NotFound;
    assert!(outside());
    each_world(|mut sim| {
        assert!(outside());
        let work = |tell: mpsc::Sender<bool>| move || tell.send(SimHandle::current().is_ok());
        let (tell, told) = mpsc::channel();
        let in_work = work(tell.clone());
        sim.handle().spawn_blocking("work".into(), move || in_work().unwrap());
        let in_act = work(tell.clone());
        sim.handle().call_at(Instant::from_epoch(LONG), move || in_act().unwrap());
        let in_task = Task::spawn(&sim.handle(), "task".into(), async { SimHandle::current() });
        let in_task = sim.block_on(in_task).unwrap().unwrap();
        let in_main = sim.block_on(async { SimHandle::current() }).unwrap();
        sim.block_on(in_main.timer().sleep(HOUR));
        assert_eq!(in_task.timer().now(), timer(&sim).now());
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [true, true]);
        assert!(outside());
    });
}

#[test]
fn two_worlds_nest_in_one_thread() {
    each_world(|mut outer| {
        let task = Task::spawn(&outer.handle(), "outer".into(), async {
            let before = SimHandle::current().unwrap().timer().now();
            let mut inner = Simulator::seeded(1, &SimOptions::default());
            let sleep = inner.handle().timer().sleep(HOUR);
            let in_inner = inner.block_on(async {
                sleep.await;
                SimHandle::current().unwrap().timer().now()
            });
            assert!(in_inner >= Instant::from_epoch(HOUR));
            assert_eq!(SimHandle::current().unwrap().timer().now(), before);
        });
        outer.block_on(task).unwrap();
        assert!(timer(&outer).now() < Instant::from_epoch(LONG));
    });
}
