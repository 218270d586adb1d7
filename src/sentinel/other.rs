use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use proc_daemon_runtime::SignalSet;

use super::View;
use super::clock::Clock;
use super::watch::Watch;

/// The thread, on a platform without Unix signals: the deadman alone. The runtime's source delivers the
/// console events.
pub(super) struct Thread {
    watch: Arc<Mutex<Watch>>,
    bell: Sender<()>,
    stays: Arc<AtomicBool>,
    clock: Clock,
}

impl Thread {
    pub(super) fn start(watch: Watch, _: SignalSet, view: Arc<View>) -> io::Result<Self> {
        let (bell, heard) = channel();
        let clock = Clock::start();
        let watch = Arc::new(Mutex::new(watch));
        let inside = Arc::clone(&watch);
        let stays = Arc::new(AtomicBool::new(false));
        let stay = Arc::clone(&stays);
        std::thread::Builder::new()
            .name("sentinel".into())
            .spawn(move || while round(&heard, &inside, clock, &view, &stay) {})?;
        Ok(Self { watch, bell, stays, clock })
    }

    /// Changes what the thread watches for, and has it look again.
    pub(super) fn with(&self, change: impl FnOnce(&mut Watch)) {
        change(&mut self.watch.lock());
        let _ = self.bell.send(());
    }

    /// Ends the posting: there is none here.
    pub(super) fn hand_over(&self) {
        self.with(|watch| {
            watch.hand_over();
            watch.handed_over();
        });
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

/// Waits once and does what is due. False when the thread is to end.
fn round(
    heard: &Receiver<()>,
    watch: &Mutex<Watch>,
    clock: Clock,
    view: &View,
    stay: &AtomicBool,
) -> bool {
    let deadline = watch.lock().deadline();
    let gone = match deadline {
        None => heard.recv().is_err(),
        Some(at) => {
            let wait: Duration = at.since(clock.now());
            heard.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected)
        }
    };
    if gone && !stay.load(Ordering::Relaxed) {
        return false;
    }
    if gone {
        // Nobody can ring any more: the deadline alone is left.
        #[expect(clippy::disallowed_methods, reason = "outside every runtime")]
        std::thread::sleep(deadline.map_or(Duration::MAX, |at| at.since(clock.now())));
    }
    let due = watch.lock().tick(clock.now());
    if let Some(act) = due {
        view.perform(act);
    }
    true
}
