use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parking_lot::Mutex;

/// What a panic carried. `Sync`, so that an error that holds it converts into a boxed one with `?`. A panic of the
/// payload's own destructor is caught.
pub struct PanicPayload(Mutex<Option<Box<dyn Any + Send>>>);

impl PanicPayload {
    /// Wraps what `catch_unwind` returned.
    #[must_use]
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        Self(Mutex::new(Some(payload)))
    }

    /// The panic's text, if it was raised with one (`panic!("..")`, `unwrap`, an index out of bounds).
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let payload = self.0.lock();
        let payload = payload.as_deref()?;
        payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
    }

    /// The payload, for `std::panic::resume_unwind`.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        self.0.lock().take().unwrap_or_else(|| Box::new(()))
    }
}

impl Drop for PanicPayload {
    fn drop(&mut self) {
        discard(self.0.get_mut().take());
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PanicPayload").field(&self.message()).finish()
    }
}

impl fmt::Display for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(text) => f.write_str(&text),
            None => f.write_str("a value that is not text"),
        }
    }
}

/// Runs `work` and turns a panic into a value.
///
/// Callers own what `work` touches and drop or replace it after a panic; that is why unwind safety is
/// asserted here.
///
/// # Errors
///
/// What the panic carried. Under `panic = "abort"` the process ends instead.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, PanicPayload> {
    catch_unwind(AssertUnwindSafe(work)).map_err(PanicPayload::new)
}

/// Drops a value of the user's. A panic of its destructor is caught, and what that carried is dropped likewise; if
/// that panics as well, what it carried is leaked.
pub fn discard<T>(value: T) {
    let dropped = |work: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(work));
    let mut value = Some(value);
    let Err(payload) = dropped(&mut || drop(value.take())) else { return };
    let mut payload = Some(payload);
    if let Err(payload) = dropped(&mut || drop(payload.take())) {
        let _: &mut (dyn Any + Send) = Box::leak(payload);
    }
}
