use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    /// The future of a call that is made at the first poll.
    ///
    /// An `async` block would keep the place of what it captured beside the future that it awaits, for as long as that
    /// lives; many live at once (bench: `memory`).
    #[project = Stage]
    pub(crate) enum Called<C, F> {
        Waiting { call: Option<C> },
        Running {
            #[pin]
            future: F,
        },
    }
}

impl<C: FnOnce() -> F, F> Called<C, F> {
    pub(crate) fn new(call: C) -> Self {
        Self::Waiting { call: Some(call) }
    }
}

impl<C: FnOnce() -> F, F: Future> Future for Called<C, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let Stage::Waiting { call } = self.as_mut().project() {
            // A call that panics is not made again: whoever catches that drops this.
            let Some(call) = call.take() else { return Poll::Pending };
            let future = call();
            self.set(Self::Running { future });
        }
        match self.project() {
            Stage::Running { future } => future.poll(cx),
            Stage::Waiting { .. } => Poll::Pending,
        }
    }
}
