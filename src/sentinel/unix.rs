use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use proc_daemon_runtime::{Signal, SignalSet};
use signal_hook::iterator::backend::{Handle, SignalDelivery};
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::View;
use super::clock::Clock;
use super::watch::Watch;

/// The thread: waits on a socket that both the signal handlers and [`Thread::with`] write to.
pub(super) struct Thread {
    shared: Arc<Shared>,
    bell: UnixStream,
    clock: Clock,
    delivery: Handle,
    stays: AtomicBool,
}

/// What the thread and its handle share.
struct Shared {
    watch: Mutex<Watch>,
    handed_over: Condvar,
}

impl Thread {
    pub(super) fn start(watch: Watch, set: SignalSet, view: Arc<View>) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let bell = write.try_clone()?;
        bell.set_nonblocking(true)?;
        let signals = set.iter().map(Signal::number);
        let mut delivery = SignalDelivery::with_pipe(read, write, SignalOnly, signals)?;
        let (handle, clock) = (delivery.handle(), Clock::start());
        let shared = Arc::new(Shared { watch: Mutex::new(watch), handed_over: Condvar::new() });
        let inside = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("sentinel".into())
            .spawn(move || while round(&mut delivery, &inside, clock, &view) {})?;
        Ok(Self { shared, bell, clock, delivery: handle, stays: AtomicBool::new(false) })
    }

    /// Changes what the thread watches for, and has it look again.
    pub(super) fn with(&self, change: impl FnOnce(&mut Watch)) {
        change(&mut self.shared.watch.lock());
        // A full socket means that the thread is about to look anyway.
        let _ = (&self.bell).write(&[0]);
    }

    /// Ends the posting, once every signal that has arrived is posted.
    pub(super) fn hand_over(&self) {
        self.with(Watch::hand_over);
        let mut watch = self.shared.watch.lock();
        if watch.is_handing_over() {
            self.shared.handed_over.wait_for(&mut watch, HAND_OVER_CAP);
        }
    }

    /// Has the thread outlive this.
    pub(super) fn stay(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }

    /// Ends the process when the budget is over, counted from now.
    pub(super) fn arm(&self) {
        let now = self.clock.now();
        self.with(|watch| watch.arm(now));
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if !self.stays.load(Ordering::Relaxed) {
            self.delivery.close();
        }
    }
}

/// Waits once and does what is due. False when the thread is to end.
fn round(
    delivery: &mut SignalDelivery<UnixStream, SignalOnly>,
    shared: &Shared,
    clock: Clock,
    view: &View,
) -> bool {
    let wait = shared.watch.lock().deadline().map(|at| patience(at.since(clock.now())));
    let mut heard = |socket: &mut UnixStream| {
        socket.set_read_timeout(wait)?;
        match socket.read(&mut [0; 64]) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    };
    match delivery.poll_pending(&mut heard) {
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return false,
    }
    take_in(delivery, shared, clock, view);
    let due = shared.watch.lock().tick(clock.now());
    if let Some(act) = due {
        view.perform(act);
    }
    true
}

/// How long a hand-over may take: the thread has only to be scheduled.
const HAND_OVER_CAP: Duration = Duration::from_millis(100);

/// How long to wait with `left` to the deadline.
///
/// Linux rounds a socket's timeout up by as much as an eighth (its timer wheel): 2 s became 2.25 s. Waiting
/// for seven eighths of what is left comes close in a few rounds and is never late.
fn patience(left: Duration) -> Duration {
    (left * 7 / 8).max(Duration::from_millis(1))
}

/// Takes in every signal that has arrived, and ends a hand-over that was asked for before.
///
/// A signal may be in the pipe from before the runtime's source listened: that source has not seen it. So
/// the request is read first and the pipe second; a request that comes in between is for another look.
fn take_in(
    delivery: &mut SignalDelivery<UnixStream, SignalOnly>,
    shared: &Shared,
    clock: Clock,
    view: &View,
) {
    loop {
        let handing_over = shared.watch.lock().is_handing_over();
        for signal in delivery.pending().filter_map(Signal::from_number) {
            let acts = shared.watch.lock().signal(signal, clock.now());
            acts.into_iter().for_each(|act| view.perform(act));
        }
        if handing_over {
            shared.watch.lock().handed_over();
            shared.handed_over.notify_all();
        }
        if !shared.watch.lock().is_handing_over() {
            return;
        }
    }
}
