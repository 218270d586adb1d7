//! A daemon in this process, the folder of its configuration, and what can be seen of it.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_lite::future::{block_on, or};
use parking_lot::{Condvar, Mutex};
use proc_daemon::{
    Config, Context, Daemon, Events, ExitReport, ReloadError, Result, Section, SubsystemEvent, task,
};
use tempfile::TempDir;

use crate::{log, rows};

/// How long any one wait may take: it is reached only by a hang.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The section that is edited. Nobody owns it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) n: u64,
}

/// A configuration with this number.
pub(crate) fn text(n: u64) -> String {
    format!("hot_reload = {}\n[part]\nn = {n}\n", cfg!(feature = "config-watch"))
}

pub(crate) struct World {
    folder: TempDir,
    /// The configuration's file.
    pub(crate) file: PathBuf,
    pub(crate) daemon: Daemon,
    events: Events,
    questions: Arc<Questions>,
    /// What the subsystem saw each time that it was woken.
    followed: Receiver<u64>,
    /// How often the configuration was read and found whole.
    pub(crate) reads: Arc<Count>,
    run: Option<JoinHandle<ExitReport>>,
}

impl World {
    /// Has `lay` lay out the folder, with number 1, and starts a daemon there.
    pub(crate) fn start(row: &'static str, lay: fn(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a writable directory");
        let root = folder.path().canonicalize().expect("it is there");
        lay(&root);
        let file = root.join("daemon.toml");
        let (reads, questions) = (Arc::new(Count::default()), Arc::new(Questions::default()));
        let (count, asked) = (Arc::clone(&reads), Arc::clone(&questions));
        let section = Section::<Part>::new("part").check(move |_| {
            count.add();
            Ok::<_, String>(())
        });
        let (sender, followed) = channel();
        let daemon = Daemon::builder(Config::file(&file))
            .without_signals()
            .with_settings(section)
            .with_task("answers", move |ctx| answers(ctx, Arc::clone(&asked)))
            .with_subsystem(task("follows", move |ctx| follows(ctx, sender.clone())))
            .build()
            .expect("it is well-formed");
        let events = daemon.subscribe_events();
        let runs = daemon.clone();
        let run = std::thread::spawn(move || rows::run_on(row, &runs));
        let run = Some(run);
        let world = Self { folder, file, daemon, events, questions, followed, reads, run };
        assert!(wait("readiness", world.daemon.ready()), "it ends instead");
        assert_eq!(world.followed.recv_timeout(LIMIT), Ok(1));
        world
    }

    pub(crate) fn root(&self) -> &Path {
        self.file.parent().expect("it is in a folder")
    }

    /// Waits until the configuration with this number is in force: the event says so, the status, the subsystem that
    /// waits for a change, and the one that answers.
    #[track_caller]
    pub(crate) fn applied(&mut self, n: u64) {
        loop {
            let SubsystemEvent::Reloaded { generation, .. } = self.event(&format!("number {n}"))
            else {
                continue;
            };
            let status = self.daemon.status();
            if self.number() == n && status.config_generation == generation {
                let last = status.last_reload.expect("there was one").result.expect("it was good");
                assert!(last.generation == generation && last.live == ["part.n"], "{last:?}");
                break;
            }
        }
        while self.followed.recv_timeout(LIMIT).expect("the subsystem is woken") != n {}
        assert_eq!(self.answer(), n);
    }

    /// Waits until a reload is refused for this reason. Nothing has changed, and the status and the log say why.
    #[track_caller]
    pub(crate) fn refused(&mut self, before: &Arc<Config>, says: &str) -> ReloadError {
        let file = self.file.clone();
        self.refused_for(before, &file, says)
    }

    /// As [`refused`](Self::refused), for what is at `path`.
    #[track_caller]
    pub(crate) fn refused_for(
        &mut self,
        before: &Arc<Config>,
        path: &Path,
        says: &str,
    ) -> ReloadError {
        let error = loop {
            match self.event(&format!("a refusal with {says:?}")) {
                SubsystemEvent::ReloadFailed { error, .. } if error.to_string().contains(says) => {
                    break error;
                }
                SubsystemEvent::Reloaded { .. } => panic!("it was applied"),
                _ => {}
            }
        };
        self.unchanged(before);
        let last = self.daemon.status().last_reload.expect("there was one");
        let last = last.result.expect_err("it was bad").to_string();
        assert!(last.contains(says), "{last}");
        let path = path.display().to_string();
        assert!(log::has(&["ERROR reload: ", &path, says]), "{says:?} is not in the log");
        error
    }

    /// The configuration in force is `before`, and who works goes on.
    #[track_caller]
    pub(crate) fn unchanged(&self, before: &Arc<Config>) {
        assert!(Arc::ptr_eq(before, &self.daemon.config_snapshot()), "another one is in force");
        assert_eq!(self.answer(), self.number());
        assert!(self.daemon.status().ready);
    }

    /// The number in force.
    pub(crate) fn number(&self) -> u64 {
        self.daemon.settings::<Part>().expect("it is registered").n
    }

    /// Asks the subsystem, which reads its settings.
    #[track_caller]
    pub(crate) fn answer(&self) -> u64 {
        self.questions.ask().recv_timeout(LIMIT).expect("the subsystem answers")
    }

    #[track_caller]
    fn event(&mut self, what: &str) -> SubsystemEvent {
        wait(what, self.events.next_event()).expect("the daemon runs")
    }

    /// Ends it: nobody had to be started again, and nothing was left behind.
    pub(crate) fn end(mut self) {
        self.daemon.shutdown();
        let run = self.run.take().expect("it is ended once");
        let report = run.join().expect("the run does not panic");
        assert!(report.is_clean(), "{report}");
        assert!(self.daemon.status().subsystems.iter().all(|known| known.restarts == 0));
        self.folder.close().expect("nobody uses it");
    }
}

/// Waits for `future`, not for ever.
#[track_caller]
pub(crate) fn wait<T>(what: &str, future: impl Future<Output = T>) -> T {
    let limit = async {
        async_io::Timer::after(LIMIT).await;
        None
    };
    let found = block_on(or(async { Some(future.await) }, limit));
    found.unwrap_or_else(|| panic!("{what} did not come within {LIMIT:?}"))
}

/// How often something has happened.
#[derive(Default)]
pub(crate) struct Count(Mutex<usize>, Condvar);

impl Count {
    pub(crate) fn add(&self) {
        *self.0.lock() += 1;
        self.1.notify_all();
    }

    pub(crate) fn now(&self) -> usize {
        *self.0.lock()
    }

    /// Waits until it has happened that often.
    #[track_caller]
    pub(crate) fn reaches(&self, count: usize) {
        let mut now = self.0.lock();
        self.1.wait_while_for(&mut now, |now| *now < count, LIMIT);
        assert!(*now >= count, "{now} of {count}");
    }
}

/// Questions that are put from outside.
#[derive(Default)]
struct Questions(Mutex<(VecDeque<Sender<u64>>, Option<Waker>)>);

impl Questions {
    fn ask(&self) -> Receiver<u64> {
        let (sender, answer) = channel();
        let waker = {
            let mut asked = self.0.lock();
            asked.0.push_back(sender);
            asked.1.take()
        };
        waker.inspect(Waker::wake_by_ref);
        answer
    }

    async fn next(&self) -> Sender<u64> {
        poll_fn(|cx| {
            let mut asked = self.0.lock();
            asked.1 = Some(cx.waker().clone());
            asked.0.pop_front().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

async fn answers(ctx: Context, questions: Arc<Questions>) -> Result {
    loop {
        let question = ctx.run_until_cancelled(questions.next()).await?;
        let _ = question.send(ctx.settings::<Part>().n);
    }
}

async fn follows(ctx: Context, seen: Sender<u64>) -> Result {
    loop {
        let _ = seen.send(ctx.settings::<Part>().n);
        ctx.config_changed().await?;
    }
}
