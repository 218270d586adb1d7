use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use proc_daemon_runtime::{JoinError, PanicPayload, Task, TaskName, catch, discard};

use super::children::Place;
use super::run::{Run, Told};

/// A task of a subsystem. None outlives its subsystem.
///
/// Awaiting gives its result and is cancel-safe. Dropping the handle leaves the child running until its
/// subsystem ends. A panic of the child goes to whoever joins it; if the handle is dropped, before or
/// after the panic and while the subsystem lives, it fails the subsystem.
#[must_use = "a child runs on without its handle; `detach` says so"]
pub struct Child<T> {
    task: Task<Option<T>>,
    cell: Arc<Cell>,
}

/// Who learns of a panic: the handle or, once that is gone, the subsystem.
struct Cell {
    run: Arc<Run>,
    name: Option<TaskName>,
    fate: Mutex<Fate>,
}

#[derive(Default)]
struct Fate {
    handle_gone: bool,
    panic: Option<PanicPayload>,
}

impl<T: Send + 'static> Child<T> {
    #[track_caller]
    pub(crate) fn spawn<F>(run: &Arc<Run>, name: Option<TaskName>, future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let task_name = name.clone().unwrap_or_else(|| subsystem_name(run)).at(Location::caller());
        let (cell, member) = enrol(run, name);
        let body = ChildBody { future: Some(future), cell: Arc::clone(&cell), member };
        let place = body.member.place;
        let task = Task::spawn_on(&run.shared.runtime, task_name, body);
        run.rare().children.admit(place, task.abort_handle());
        run.close_if_over();
        Self { task, cell }
    }

    #[track_caller]
    pub(crate) fn spawn_blocking<F>(run: &Arc<Run>, work: F) -> Self
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let (cell, member) = enrol(run, None);
        let place = member.place;
        let name = subsystem_name(run).at(Location::caller());
        let mut begins = Unbegun { work: Some(work), cell: Arc::clone(&cell), member };
        let task = Task::spawn_blocking_on(&run.shared.runtime, name, move || {
            let work = begins.work.take()?;
            let done = catch(work);
            begins.cell.settle(done, &mut begins.member)
        });
        run.rare().children.admit(place, task.abort_handle());
        run.close_if_over();
        Self { task, cell }
    }

    /// Asks for the child's end at its next await point. Idempotent; blocking work that has started goes
    /// on.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Whether its result is there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Drops the handle, in a word that says what that means: the child runs on.
    pub fn detach(self) {}
}

impl<T> Future for Child<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let joined = std::task::ready!(Pin::new(&mut self.task).poll(cx));
        Poll::Ready(match joined {
            Ok(Some(value)) => Ok(value),
            Ok(None) => match self.cell.fate.lock().panic.take() {
                Some(payload) => Err(JoinError::Panicked(payload)),
                None => Err(JoinError::Aborted),
            },
            Err(error) => Err(error),
        })
    }
}

impl<T> Drop for Child<T> {
    fn drop(&mut self) {
        let panic = {
            let mut fate = self.cell.fate.lock();
            fate.handle_gone = true;
            fate.panic.take()
        };
        if let Some(payload) = panic {
            self.cell.run.note_childs_panic(self.cell.name.clone(), payload);
            self.cell.run.wake_body();
        }
    }
}

impl<T> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Child").field(&self.task).finish()
    }
}

impl Cell {
    /// Hands a panic to whoever is to learn of it. The user's code is dropped.
    ///
    /// `member` leaves after the panic can be found and before anybody is told to look: so the subsystem that a
    /// panic fails never waits for the child that panicked.
    fn settle<T>(&self, result: Result<T, PanicPayload>, member: &mut Member) -> Option<T> {
        let payload = match result {
            Ok(value) => return Some(value),
            Err(payload) => payload,
        };
        let (orphan, last) = {
            let mut fate = self.fate.lock();
            if fate.handle_gone {
                (Some(payload), false)
            } else {
                fate.panic = Some(payload);
                (None, member.leave())
            }
        };
        let failed = orphan.is_some();
        if let Some(payload) = orphan {
            self.run.note_childs_panic(self.name.clone(), payload);
            member.leave();
        }
        if failed || last {
            self.run.wake_body();
        }
        None
    }
}

fn subsystem_name(run: &Run) -> TaskName {
    run.row().name.clone()
}

fn enrol(run: &Arc<Run>, name: Option<TaskName>) -> (Arc<Cell>, Member) {
    let cell = Arc::new(Cell { run: Arc::clone(run), name, fate: Mutex::default() });
    let member = Member { place: run.rare().children.reserve(), left: false, run: Arc::clone(run) };
    (cell, member)
}

/// A place among the children, given back when the child's future is gone.
struct Member {
    place: Place,
    left: bool,
    run: Arc<Run>,
}

impl Member {
    /// Gives the place back, once. True if somebody waits for that.
    fn leave(&mut self) -> bool {
        !std::mem::replace(&mut self.left, true)
            && self.run.rare().children.leave(self.place)
            && self.run.has_told(Told::Returned)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.leave() {
            self.run.wake_body();
        }
    }
}

/// Blocking work until it begins. Aborted before that: a destructor that panics is a panic of the child.
///
/// `member` is the last field: it is dropped after the user's work.
struct Unbegun<F> {
    work: Option<F>,
    cell: Arc<Cell>,
    member: Member,
}

impl<F> Drop for Unbegun<F> {
    fn drop(&mut self) {
        let work = self.work.take();
        let dropped = catch(|| drop(work));
        self.cell.settle(dropped, &mut self.member);
    }
}

pin_project_lite::pin_project! {
    // `member` is the last field: it is dropped after the user's future.
    struct ChildBody<F> {
        #[pin]
        future: Option<F>,
        cell: Arc<Cell>,
        member: Member,
    }

    impl<F> PinnedDrop for ChildBody<F> {
        fn drop(this: Pin<&mut Self>) {
            // Aborted: a destructor that panics is a panic of the child.
            let mut this = this.project();
            let dropped = catch(|| this.future.set(None));
            this.cell.settle(dropped, this.member);
        }
    }
}

impl<F: Future> Future for ChildBody<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        match catch(|| future.poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
            Err(payload) => {
                // The first panic is told: it may be why there is another.
                if let Err(second) = catch(|| this.future.set(None)) {
                    discard(second);
                }
                Poll::Ready(this.cell.settle(Err(payload), this.member))
            }
        }
    }
}
