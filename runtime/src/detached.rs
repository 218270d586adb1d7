use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::{Census, Counted, catch};

pin_project_lite::pin_project! {
    /// A detached future whose panic ends it alone (L2), for executors that would pass the panic on to
    /// a worker thread or to whoever joins.
    #[must_use]
    #[derive(Debug)]
    pub struct Detached<F> {
        #[pin]
        future: Option<F>,
        counted: Counted,
    }

    impl<F> PinnedDrop for Detached<F> {
        fn drop(this: Pin<&mut Self>) {
            // An executor that drops its tasks must not meet a destructor's panic: some abort then.
            let mut this = this.project();
            let _ = catch(|| this.future.set(None));
        }
    }
}

impl<F: Future<Output = ()>> Detached<F> {
    /// Wraps `future` and counts it in `census` until it is dropped.
    pub fn new(census: &Census, future: F) -> Self {
        Self { future: Some(future), counted: census.enter() }
    }
}

impl<F: Future<Output = ()>> Future for Detached<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        match catch(|| future.poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            // The hook has printed the panic. A destructor that panics as well is treated alike.
            Ok(Poll::Ready(())) | Err(_) => {
                let _ = catch(|| this.future.set(None));
                Poll::Ready(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_to_its_end_and_is_counted_until_it_is_dropped() {
        let census = Census::default();
        let mut polls = 0;
        let mut detached = Box::pin(Detached::new(
            &census,
            std::future::poll_fn(|_| {
                polls += 1;
                if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
            }),
        ));
        let mut poll =
            || detached.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert_eq!([poll(), poll(), poll()], [Poll::Pending, Poll::Ready(()), Poll::Ready(())]);
        drop(detached);
        assert_eq!((polls, census.count()), (2, 0));
    }

    #[test]
    fn a_destructor_that_panics_ends_nobody_else() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in drop");
            }
        }
        let census = Census::default();
        let bomb = Bomb;
        let detached = Detached::new(&census, async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        });
        assert_eq!(census.count(), 1);
        drop(detached);
        assert_eq!(census.count(), 0);
    }
}
