use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use proc_daemon_runtime::TaskName;

use super::status::SubsystemStatus;
use crate::config::nearest;
use crate::control::{ControlError, Target};
use crate::end::End;
use crate::id::SubsystemId;
use crate::subsystem::{Ask, Board, Call, Context, Done, IntoSpec, Report};
use crate::sync::{Mailbox, Receiver, reply};

/// Control of the subsystems at run time: add, remove, start, stop, restart. A clone is the same.
///
/// A call is in when the method returns, in the order of the calls; the [`Control`] that it gives only waits. Calls
/// made before the daemon runs are done when it has begun. From [`Context::subsystems`] it knows its subsystem, and
/// refuses what would stop that one ([`ControlError::OwnStop`]).
#[derive(Clone)]
pub struct SubsystemManager {
    mailbox: Arc<Mailbox<Report>>,
    board: Arc<Board>,
    caller: Option<u32>,
}

impl SubsystemManager {
    pub(crate) fn new(
        mailbox: Arc<Mailbox<Report>>,
        board: Arc<Board>,
        caller: Option<u32>,
    ) -> Self {
        Self { mailbox, board, caller }
    }

    fn call<T>(
        &self,
        ask: Ask,
        name: Option<TaskName>,
        given: fn(Done) -> Option<T>,
    ) -> Control<T> {
        let (sender, receiver) = reply();
        let call = Call { ask, name, caller: self.caller, reply: sender };
        self.mailbox.post(Report::Call(Box::new(call)));
        Control { state: State::Waiting(receiver), given }
    }

    fn about<T>(
        &self,
        target: Target<'_>,
        ask: fn(u32) -> Ask,
        given: fn(Done) -> Option<T>,
    ) -> Control<T> {
        match self.find(target) {
            Some(unit) => {
                let name = self.board.get(unit).map(|row| row.name.clone());
                self.call(ask(unit), name, given)
            }
            None => {
                let names = match target {
                    Target::Name(_) => self.board.names(),
                    Target::Id(_) => Vec::new(),
                };
                let refused = unknown(target.to_string(), &names);
                Control { state: State::Refused(refused), given }
            }
        }
    }

    fn find(&self, target: Target<'_>) -> Option<u32> {
        match target {
            Target::Name(name) => self.board.find(name),
            Target::Id(id) => {
                u32::try_from(id.as_u64()).ok().filter(|unit| self.board.get(*unit).is_some())
            }
        }
    }
}

/// There is none of this name; of those that are `known`, one was probably meant.
pub(super) fn unknown(name: String, known: &[TaskName]) -> ControlError {
    let near = nearest(&name, known.iter().map(TaskName::as_str)).map(str::to_owned);
    ControlError::Unknown { name, near }
}

/// # Control
impl SubsystemManager {
    /// Adds a subsystem and starts it once what it depends on is ready. Resolves with its number as soon as it is
    /// entered.
    ///
    /// # Errors
    ///
    /// [`Duplicate`](ControlError::Duplicate), [`StillStopping`](ControlError::StillStopping) if one of this name is
    /// being removed and has not ended, [`Unknown`](ControlError::Unknown) dependency,
    /// [`Cycle`](ControlError::Cycle), [`Invalid`](ControlError::Invalid) policy, group or section,
    /// [`ShuttingDown`](ControlError::ShuttingDown).
    #[track_caller]
    pub fn add(&self, subsystem: impl IntoSpec) -> Control<SubsystemId> {
        self.call(Ask::Add(Box::new(subsystem.__into_spec())), None, Done::added)
    }

    /// Starts one that is over, with nothing held against it; one in backoff starts at once. Resolves with its
    /// generation when it is ready.
    ///
    /// # Errors
    ///
    /// [`Unknown`](ControlError::Unknown), [`AlreadyRunning`](ControlError::AlreadyRunning),
    /// [`StillStopping`](ControlError::StillStopping), [`Failed`](ControlError::Failed) for good before it was
    /// ready, [`NotRunning`](ControlError::NotRunning) if it was stopped before that,
    /// [`Invalid`](ControlError::Invalid) if something that it requires is over, or it can be started once,
    /// [`ShuttingDown`](ControlError::ShuttingDown).
    pub fn start<'a>(&self, which: impl Into<Target<'a>>) -> Control<u64> {
        self.about(which.into(), Ask::Start, Done::ready)
    }

    /// Stops it, after whatever requires it, each within its grace; they stay stopped until they are started by
    /// name. Resolves when it is joined, with how it ended. The daemon ends once nothing is left that keeps it
    /// alive.
    ///
    /// # Errors
    ///
    /// [`Unknown`](ControlError::Unknown), [`NotRunning`](ControlError::NotRunning),
    /// [`OwnStop`](ControlError::OwnStop), [`StillStopping`](ControlError::StillStopping) if it is left behind,
    /// [`ShuttingDown`](ControlError::ShuttingDown).
    pub fn stop<'a>(&self, which: impl Into<Target<'a>>) -> Control<End> {
        self.about(which.into(), Ask::Stop, Done::over)
    }

    /// Stops it and starts it again, together with what lives of its group and of those that are bound to it. That is no
    /// failure: the intensity does not count it, and it waits for no backoff, but for those that are stopped with it
    /// and for what they wait. Resolves with its new generation when that is ready, its readiness check included,
    /// however long that takes: `ctx.timeout` bounds the wait. One that is over or in backoff is started alone.
    ///
    /// A subsystem restarts itself by dropping the returned value and returning when it is asked to stop.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and [`OwnStop`](ControlError::OwnStop).
    pub fn restart<'a>(&self, which: impl Into<Target<'a>>) -> Control<u64> {
        self.about(which.into(), Ask::Restart, Done::ready)
    }

    /// Stops it if it runs, and takes it out once it has ended: its name may be used again then, its number is not.
    /// Resolves with how it ended. Until then every other call about it is refused with
    /// [`StillStopping`](ControlError::StillStopping), and so is another one of its name, also when it was left
    /// behind: it is taken out if it ends after all.
    ///
    /// The past of one that was taken out counts no more: it is in no report, and in no exit code.
    ///
    /// # Errors
    ///
    /// As [`stop`](Self::stop), and [`Invalid`](ControlError::Invalid) while another one depends on it.
    pub fn remove<'a>(&self, which: impl Into<Target<'a>>) -> Control<End> {
        self.about(which.into(), Ask::Remove, Done::over)
    }
}

/// # Looking
impl SubsystemManager {
    /// The state of one; none if there is none.
    #[must_use]
    pub fn status<'a>(&self, which: impl Into<Target<'a>>) -> Option<SubsystemStatus> {
        let unit = self.find(which.into())?;
        SubsystemStatus::read(&self.board, unit)
    }

    /// The states of all, in the order of registration.
    #[must_use]
    pub fn all(&self) -> Vec<SubsystemStatus> {
        SubsystemStatus::all(&self.board)
    }
}

/// # Control
impl Context {
    /// The subsystems of the daemon.
    #[must_use]
    pub fn subsystems(&self) -> SubsystemManager {
        let run = self.run();
        let (mailbox, board) = (Arc::clone(&run.shared.mailbox), Arc::clone(&run.shared.board));
        SubsystemManager::new(mailbox, board, Some(run.unit))
    }
}

impl fmt::Debug for SubsystemManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubsystemManager").field("subsystems", &self.all().len()).finish()
    }
}

/// The answer to a call, which is in already. Cancel-safe; dropping it takes nothing back.
///
/// Resolves with [`ControlError::ShuttingDown`] if the daemon ends before it answers. Awaited before the daemon
/// runs, it waits for that. Once it has resolved it is pending for ever: it never resolves twice, and never panics.
#[must_use = "the call is made; await this to learn what became of it"]
pub struct Control<T> {
    state: State,
    given: fn(Done) -> Option<T>,
}

enum State {
    Refused(ControlError),
    Waiting(Receiver<Result<Done, ControlError>>),
    Resolved,
}

impl<T> Future for Control<T> {
    type Output = Result<T, ControlError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.state {
            State::Waiting(receiver) => std::task::ready!(receiver.poll_receive(cx)),
            _ => None,
        };
        Poll::Ready(match std::mem::replace(&mut self.state, State::Resolved) {
            State::Refused(error) => Err(error),
            State::Waiting(_) => answer
                .unwrap_or(Err(ControlError::ShuttingDown))
                .and_then(|done| (self.given)(done).ok_or(ControlError::ShuttingDown)),
            State::Resolved => return Poll::Pending,
        })
    }
}

impl<T> fmt::Debug for Control<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}
