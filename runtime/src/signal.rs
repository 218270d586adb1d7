use std::fmt;
use std::io;

use futures_core::Stream;

/// A notice from the operating system, platform-neutral.
///
/// Signals that cannot be handled (`SIGKILL`, `SIGSTOP`), that report a fault of the program itself
/// (`SIGSEGV`, ..) or that belong to the runtime's process module (`SIGCHLD`) have no variant, so no
/// backend can be asked for them. On Windows, Ctrl-C is [`Interrupt`](Self::Interrupt) and the other
/// console events are [`Terminate`](Self::Terminate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Signal {
    /// `SIGTERM`: end in an orderly way.
    Terminate,
    /// `SIGINT`: Ctrl-C.
    Interrupt,
    /// `SIGQUIT`: Ctrl-\\.
    Quit,
    /// `SIGHUP`: by custom, read the configuration again.
    Hangup,
    /// `SIGUSR1`: by custom, reopen log files.
    User1,
    /// `SIGUSR2`: free for the program.
    User2,
    /// `SIGWINCH`: the terminal changed its size.
    WindowChange,
}

impl Signal {
    /// Every signal, in the order in which several pending ones are delivered.
    pub const ALL: [Self; 7] = [
        Self::Quit,
        Self::Interrupt,
        Self::Terminate,
        Self::Hangup,
        Self::User1,
        Self::User2,
        Self::WindowChange,
    ];

    /// The customary name: `SIGTERM`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Hangup => "SIGHUP",
            Self::User1 => "SIGUSR1",
            Self::User2 => "SIGUSR2",
            Self::WindowChange => "SIGWINCH",
        }
    }

    /// The number of this signal on this platform.
    #[cfg(unix)]
    #[must_use]
    pub const fn number(self) -> i32 {
        use signal_hook::consts::signal as c;
        match self {
            Self::Terminate => c::SIGTERM,
            Self::Interrupt => c::SIGINT,
            Self::Quit => c::SIGQUIT,
            Self::Hangup => c::SIGHUP,
            Self::User1 => c::SIGUSR1,
            Self::User2 => c::SIGUSR2,
            Self::WindowChange => c::SIGWINCH,
        }
    }

    /// The number that POSIX systems agree on, as in the exit status `128 + number`.
    #[cfg(not(unix))]
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Terminate => 15,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Hangup => 1,
            Self::User1 => 10,
            Self::User2 => 12,
            Self::WindowChange => 28,
        }
    }

    /// The signal with this number on this platform, if it has a variant.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.number() == number)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SignalSet(u16);

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);

    /// Every signal that has a variant.
    #[must_use]
    pub fn all() -> Self {
        Signal::ALL.into_iter().collect()
    }

    /// This set and `signal`.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | 1 << signal as u8)
    }

    /// This set without `signal`.
    #[must_use]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !(1 << signal as u8))
    }

    /// Whether `signal` is in the set.
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every signal of this set is in `other`.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The signals of the set, in the order of [`Signal::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.contains(*signal))
    }

    /// Takes the first signal out, in the order of [`Signal::ALL`].
    pub fn pop(&mut self) -> Option<Signal> {
        let first = self.iter().next()?;
        *self = self.without(first);
        Some(first)
    }

    /// Checks that every signal of this set is in `supported` (L14): the same error on every backend.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`], naming the signals that are not.
    pub fn require(self, supported: Self) -> io::Result<()> {
        if self.is_subset(supported) {
            return Ok(());
        }
        let missing = Self(self.0 & !supported.0);
        let text = format!("this platform or runtime does not deliver {missing:?}");
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        signals.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Signal::name)).finish()
    }
}

/// Where operating system signals come from.
///
/// Handlers are process-wide and sticky: dropping a stream stops its items and leaves the handler in
/// place, so the signal's default action does not come back.
pub trait SignalSource: Clone + Send + Sync + 'static {
    /// The signals that arrive. An item means "at least one since the last poll" (L12). Ends only when
    /// the runtime does.
    type Stream: Stream<Item = Signal> + Send + Unpin + 'static;

    /// What [`listen`](Self::listen) accepts.
    fn supported(&self) -> SignalSet;

    /// Listens to `set`. The handlers are in place on `Ok` (L11); every listener sees every signal (L13).
    ///
    /// # Errors
    ///
    /// Unsupported signals (L14), or the operating system's refusal.
    fn listen(&self, set: SignalSet) -> io::Result<Self::Stream>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: SignalSet = [Signal::Hangup, Signal::Terminate].into_iter().collect();
        assert!(set.contains(Signal::Hangup) && !set.contains(Signal::Quit));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::Terminate, Signal::Hangup]);
        assert!(set.without(Signal::Hangup).without(Signal::Terminate).is_empty());
        assert!(set.is_subset(SignalSet::all()));
        let mut left = set;
        assert_eq!(left.pop(), Some(Signal::Terminate));
        assert_eq!((left.pop(), left.pop(), left), (Some(Signal::Hangup), None, SignalSet::EMPTY));
    }

    #[test]
    fn a_signal_outside_the_supported_set_is_refused_by_name() {
        let err = SignalSet::all().require(SignalSet::all().without(Signal::User2)).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::Unsupported);
        assert!(err.to_string().contains("SIGUSR2"), "{err}");
    }

    #[test]
    fn numbers_and_signals_correspond() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_number(signal.number()), Some(signal));
        }
        assert_eq!(Signal::from_number(9), None, "SIGKILL has no variant");
    }
}
