use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    /// Two futures; the first of them wins a tie. Dropping it drops both: what the loser would have done
    /// is lost if it is not cancel-safe.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Race<A, B> {
        #[pin]
        first: A,
        #[pin]
        second: B,
    }
}

impl<A, B> Race<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Future, B: Future> Future for Race<A, B> {
    type Output = Result<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(first) = this.first.poll(cx) {
            return Poll::Ready(Ok(first));
        }
        this.second.poll(cx).map(Err)
    }
}
