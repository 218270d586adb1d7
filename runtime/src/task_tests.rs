use std::future::{pending, ready};
use std::sync::mpsc;

use futures_lite::future::{block_on, poll_once};

use super::*;

fn runner<F>(future: F) -> (Task<F::Output>, Pin<Box<Runner<F>>>)
where
    F: Future<Output: Send + 'static>,
{
    let (task, runner) = Task::prepare(future);
    (task, Box::pin(runner))
}

fn step<F: Future>(runner: &mut Pin<Box<Runner<F>>>) -> Poll<()> {
    runner.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Tells when it is dropped.
struct Tell(mpsc::Sender<()>);
impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn joining_gives_the_value() {
    let (task, mut runner) = runner(ready(7));
    assert!(!task.is_finished());
    assert!(step(&mut runner).is_ready());
    assert!(task.is_finished());
    assert_eq!(block_on(task).unwrap(), 7);
}

#[test]
fn joining_a_panicked_task_gives_its_payload() {
    let (task, mut runner) = runner(async { panic!("on purpose") });
    assert!(step(&mut runner).is_ready());
    let err = block_on(task).unwrap_err();
    assert!(matches!(&err, JoinError::Panicked(p) if p.message().as_deref() == Some("on purpose")));
}

#[test]
fn destructors_have_run_before_an_aborted_join_resolves() {
    let (tell, told) = mpsc::channel();
    let tell = Tell(tell);
    let (mut task, mut runner) = runner(async move {
        let _tell = tell;
        pending::<()>().await;
    });
    assert!(step(&mut runner).is_pending());
    task.abort();
    task.abort();
    assert!(block_on(poll_once(&mut task)).is_none(), "the runner has not been polled yet");
    assert!(step(&mut runner).is_ready());
    told.try_recv().expect("dropped by the poll that saw the abort");
    assert!(matches!(block_on(task), Err(JoinError::Aborted)));
}

#[test]
fn an_abort_before_the_first_poll_never_polls_the_future() {
    let (task, mut runner) = runner(async { panic!("polled") });
    task.abort_handle().abort();
    assert!(step(&mut runner).is_ready());
    assert!(matches!(block_on(task), Err::<(), _>(JoinError::Aborted)));
}

#[test]
fn a_runner_that_the_runtime_drops_resolves_the_join() {
    let (task, runner) = runner(pending::<()>());
    drop(runner);
    assert!(matches!(block_on(task), Err(JoinError::RuntimeGone)));
}

#[test]
fn blocking_work_that_the_runtime_drops_resolves_the_join() {
    let shared = Arc::new(Shared::<()>::new());
    let task = Task { shared: Arc::clone(&shared) };
    drop(BlockingRun(Some(shared)));
    assert!(matches!(block_on(task), Err(JoinError::RuntimeGone)));
}

#[test]
fn it_shows_whether_it_has_ended() {
    let (task, mut runner) = runner(ready(7));
    assert_eq!(
        format!("{task:?} {:?}", task.abort_handle()),
        "Task { finished: false } AbortHandle"
    );
    assert!(step(&mut runner).is_ready());
    assert_eq!(format!("{task:?}"), "Task { finished: true }");
}

#[test]
fn a_destructor_that_panics_on_abort_is_reported() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let bomb = Bomb;
    let (task, mut runner) = runner(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    assert!(step(&mut runner).is_pending());
    task.abort();
    assert!(step(&mut runner).is_ready());
    assert!(matches!(block_on(task), Err(JoinError::Panicked(_))));
}

#[test]
fn abort_wakes_the_newest_waker_of_the_runner() {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let (task, mut runner) = runner(pending::<()>());
    for count in [&old, &new] {
        let waker = Waker::from(Arc::clone(count));
        assert!(runner.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    task.abort();
    assert_eq!((old.0.load(Ordering::Relaxed), new.0.load(Ordering::Relaxed)), (0, 1));
}
