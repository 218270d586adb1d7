use std::io;
use std::sync::Arc;

use proc_daemon_runtime::{OwnedRuntime, RuntimeOptions, Signal};

/// One way to make a runtime: a row has one, or several that must all pass.
pub(crate) struct Variant<B: OwnedRuntime> {
    /// What tells it from the others of its row; empty if it is alone.
    pub(crate) name: String,
    pub(crate) options: RuntimeOptions,
    pub(crate) make: Make<B>,
    pub(crate) raise: Raise<B>,
}

pub(crate) type Make<B> = Arc<dyn Fn(&RuntimeOptions) -> io::Result<B> + Send + Sync>;

/// Makes a signal arrive.
pub(crate) type Raise<B> = Arc<dyn Fn(&<B as OwnedRuntime>::Runtime, Signal) + Send + Sync>;

impl<B: OwnedRuntime> Variant<B> {
    pub(crate) fn new(options: RuntimeOptions, raise: Raise<B>) -> Self
    where
        B: 'static,
    {
        Self { name: String::new(), options, make: Arc::new(B::build), raise }
    }

    pub(crate) fn build(&self) -> io::Result<B> {
        self.build_with(&self.options)
    }

    /// With other options than the row's own.
    pub(crate) fn build_with(&self, options: &RuntimeOptions) -> io::Result<B> {
        (self.make)(options)
    }
}

impl<B: OwnedRuntime> Clone for Variant<B> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            options: self.options.clone(),
            make: Arc::clone(&self.make),
            raise: Arc::clone(&self.raise),
        }
    }
}

/// Sends a signal to this process, as `kill` would.
#[cfg(unix)]
pub(crate) fn kill_self(signal: Signal) {
    use rustix::process::{Signal as Raw, getpid, kill_process};
    let raw = match signal {
        Signal::Terminate => Raw::TERM,
        Signal::Interrupt => Raw::INT,
        Signal::Quit => Raw::QUIT,
        Signal::Hangup => Raw::HUP,
        Signal::User1 => Raw::USR1,
        Signal::User2 => Raw::USR2,
        Signal::WindowChange => Raw::WINCH,
        other => panic!("the kit does not know how to raise {other}"),
    };
    kill_process(getpid(), raw).expect("a process may send itself a signal");
}

#[cfg(not(unix))]
pub(crate) fn kill_self(signal: Signal) {
    panic!("{signal} cannot be sent here: give the suite a way with `raise_with`");
}
