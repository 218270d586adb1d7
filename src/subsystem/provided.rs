//! The hooks of a subsystem that it need not provide: whether it does is known when the program is compiled.
//!
//! 1. One that provides none costs nothing: no timer is armed for it, and nobody asks it.
//! 2. What a provided method gives differs from every future of the user's in size and alignment.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::boxed::Result;
use crate::health::Health;
use crate::reload::Prepared;

/// What the provided method of a hook gives.
#[repr(align(512))]
pub(super) struct Provided<T>(PhantomData<fn() -> T>);

impl<T> Provided<T> {
    pub(super) const NEW: Self = Self(PhantomData);
}

/// An answer that a hook may give.
pub(super) trait Answer {
    /// The one of a subsystem without the hook.
    const NONE: Self;
}

impl Answer for Health {
    const NONE: Self = Self::Unmonitored;
}

impl Answer for Prepared {
    const NONE: Self = Self::NOTHING;
}

impl<T: Answer> Future for Provided<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<T>> {
        Poll::Ready(Ok(T::NONE))
    }
}

/// Whether `S` has a method of its own for the hook. `'a` is any one lifetime: what is measured does not depend on it.
pub(super) const fn is_own<'a, S: 'a, A, Fut>(_: &impl FnOnce(&'a S, A) -> Fut) -> bool {
    size_of::<Fut>() != 0 || align_of::<Fut>() != align_of::<Provided<()>>()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Subsystem;
    use super::*;
    use crate::reload::Change;

    const fn has_check<S: Subsystem>() -> bool {
        is_own::<S, _, _>(&S::health_check)
    }

    const fn has_hook<S: Subsystem>() -> bool {
        is_own::<S, _, _>(&S::prepare_reload)
    }

    struct Without;
    impl Subsystem for Without {
        fn name(&self) -> &str {
            "without"
        }
        async fn run(&self, _: crate::Context) -> Result<()> {
            Ok(())
        }
    }

    struct With;
    impl Subsystem for With {
        fn name(&self) -> &str {
            "with"
        }
        async fn run(&self, _: crate::Context) -> Result<()> {
            Ok(())
        }
        async fn health_check(&self, _: crate::Context) -> Result<Health> {
            Ok(Health::Up)
        }
        async fn prepare_reload(&self, _: Change) -> Result<Prepared> {
            Ok(Prepared::live())
        }
    }

    /// Its futures have no size.
    struct Hangs;
    impl Subsystem for Hangs {
        fn name(&self) -> &str {
            "hangs"
        }
        async fn run(&self, _: crate::Context) -> Result<()> {
            Ok(())
        }
        fn health_check(&self, _: crate::Context) -> impl Future<Output = Result<Health>> + Send {
            std::future::pending()
        }
        fn prepare_reload(&self, _: Change) -> impl Future<Output = Result<Prepared>> + Send {
            std::future::pending()
        }
    }

    #[test]
    fn a_method_of_ones_own_is_seen_and_through_an_arc() {
        assert!(!has_check::<Without>() && !has_check::<Arc<Arc<Without>>>());
        assert!(!has_hook::<Without>() && !has_hook::<Arc<Arc<Without>>>());
        assert!(has_check::<With>() && has_check::<Arc<Arc<With>>>());
        assert!(has_hook::<With>() && has_hook::<Arc<Arc<With>>>());
        assert!(has_check::<Hangs>() && has_hook::<Hangs>());
    }
}
