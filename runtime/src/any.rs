//! A runtime behind a pointer, so that user code carries no runtime parameter.
//!
//! The price is one box for a spawn, a sleep or a listener, and one indirect call; a sleep that is kept
//! and reset costs no further box.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_core::Stream;

use crate::{
    Capabilities, Instant, Runtime, Signal, SignalSet, SignalSource, Sleep, TaskName, Timer,
};

/// A boxed, resettable sleep.
pub type AnySleep = Pin<Box<dyn Sleep>>;

/// A boxed stream of signals.
pub type AnyStream = Pin<Box<dyn Stream<Item = Signal> + Send>>;

/// Any [`Runtime`], erased. A clone is one count.
#[derive(Clone)]
pub struct AnyRuntime(Arc<dyn Erased>);

impl AnyRuntime {
    /// [`Runtime::NAME`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// [`Runtime::capabilities`].
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    /// [`Timer::now`].
    #[must_use]
    pub fn now(&self) -> Instant {
        self.0.now()
    }

    /// [`Timer::sleep_until`], boxed.
    #[must_use]
    pub fn sleep_until(&self, at: Instant) -> AnySleep {
        self.0.sleep_until(at)
    }

    /// [`Timer::sleep`], boxed.
    #[must_use]
    pub fn sleep(&self, duration: Duration) -> AnySleep {
        self.0.sleep_until(self.0.now().after(duration))
    }

    /// [`Timer::wall_clock`].
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.0.wall_clock()
    }

    /// [`SignalSource::supported`].
    #[must_use]
    pub fn supported_signals(&self) -> SignalSet {
        self.0.supported_signals()
    }

    /// [`SignalSource::listen`], boxed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn listen(&self, set: SignalSet) -> io::Result<AnyStream> {
        self.0.listen(set)
    }

    /// [`Runtime::seed`].
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed()
    }

    /// [`Runtime::spawn`] of a boxed future. A name without a site gets the caller's.
    #[track_caller]
    pub fn spawn(&self, name: TaskName, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.0.spawn(sited(name), future);
    }

    /// [`Runtime::spawn_blocking`] of a boxed closure. A name without a site gets the caller's.
    #[track_caller]
    pub fn spawn_blocking(&self, name: TaskName, work: Box<dyn FnOnce() + Send>) {
        self.0.spawn_blocking(sited(name), work);
    }
}

#[track_caller]
fn sited(name: TaskName) -> TaskName {
    match name.site() {
        Some(_) => name,
        None => name.at(Location::caller()),
    }
}

impl<R: Runtime> From<R> for AnyRuntime {
    fn from(runtime: R) -> Self {
        Self(Arc::new(runtime))
    }
}

impl fmt::Debug for AnyRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyRuntime").field(&self.name()).finish()
    }
}

trait Erased: Send + Sync {
    fn name(&self) -> &'static str;
    fn capabilities(&self) -> Capabilities;
    fn now(&self) -> Instant;
    fn sleep_until(&self, at: Instant) -> AnySleep;
    fn wall_clock(&self) -> SystemTime;
    fn supported_signals(&self) -> SignalSet;
    fn listen(&self, set: SignalSet) -> io::Result<AnyStream>;
    fn seed(&self) -> u64;
    fn spawn(&self, name: TaskName, future: Pin<Box<dyn Future<Output = ()> + Send>>);
    fn spawn_blocking(&self, name: TaskName, work: Box<dyn FnOnce() + Send>);
}

impl<R: Runtime> Erased for R {
    fn name(&self) -> &'static str {
        R::NAME
    }
    fn capabilities(&self) -> Capabilities {
        Runtime::capabilities(self)
    }
    fn now(&self) -> Instant {
        self.timer().now()
    }
    fn sleep_until(&self, at: Instant) -> AnySleep {
        Box::pin(self.timer().sleep_until(at))
    }
    fn wall_clock(&self) -> SystemTime {
        self.timer().wall_clock()
    }
    fn supported_signals(&self) -> SignalSet {
        self.signals().supported()
    }
    fn listen(&self, set: SignalSet) -> io::Result<AnyStream> {
        Ok(Box::pin(self.signals().listen(set)?))
    }
    fn seed(&self) -> u64 {
        Runtime::seed(self)
    }
    fn spawn(&self, name: TaskName, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        Runtime::spawn(self, name, future);
    }
    fn spawn_blocking(&self, name: TaskName, work: Box<dyn FnOnce() + Send>) {
        Runtime::spawn_blocking(self, name, work);
    }
}
