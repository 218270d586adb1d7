use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::duration::{millis, short};

/// How one generation of a subsystem ended. Prints as one line: `error after 2s: disk full`.
#[derive(Clone)]
pub struct End {
    pub(crate) kind: EndKind,
    pub(crate) error: Option<Arc<dyn Error + Send + Sync + 'static>>,
    pub(crate) ran_for: Duration,
    pub(crate) generation: u32,
}

/// The kinds of end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EndKind {
    /// It returned `Ok` on its own.
    Completed,
    /// It returned after it was asked to stop.
    Requested,
    /// It returned an error, or ended before it was ready.
    Error,
    /// It, or a child that nobody joined, panicked.
    Panic,
    /// It was not ready in time.
    StartTimeout,
    /// It failed its liveness check, and was stopped to be started again.
    Unhealthy,
    /// Something that it requires has failed for good, so it was stopped, or never started again.
    DependencyStopped,
    /// It was aborted when its grace was over, or when the shutdown was forced.
    Aborted,
    /// It did not end after its abort and was left behind.
    Zombie,
}

impl End {
    /// The kind of end.
    #[must_use]
    pub const fn kind(&self) -> EndKind {
        self.kind
    }

    /// Whether it is the subsystem's failure.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.kind.is_failure()
    }

    pub(crate) const fn is_fine(&self) -> bool {
        matches!(self.kind, EndKind::Completed | EndKind::Requested)
    }

    /// The error it returned; a panic's text is one too.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }

    /// The first error of type `E` in the error's chain, inside `io::Error`s too. What went through
    /// `anyhow` without a context has lost its type and is not found.
    #[must_use]
    pub fn find<E: Error + 'static>(&self) -> Option<&E> {
        let mut current: &(dyn Error + 'static) = self.error.as_deref()?;
        loop {
            if let Some(found) = current.downcast_ref() {
                return Some(found);
            }
            let inside = current
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .map(|inner| inner as &(dyn Error + 'static));
            current = inside.or_else(|| current.source())?;
        }
    }

    /// From its start to its end.
    #[must_use]
    pub const fn ran_for(&self) -> Duration {
        self.ran_for
    }

    /// Which start it was.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation as u64
    }
}

impl End {
    /// `end`, `generation`, `ran_for_ms` and `error`; nulls if there is no end.
    pub(crate) fn to_value(this: Option<&Self>) -> serde_json::Value {
        serde_json::json!({
            "end": this.map(|end| end.kind().as_str()),
            "generation": this.map(Self::generation),
            "ran_for_ms": this.map(|end| millis(end.ran_for())),
            "error": this.and_then(Self::error).map(|error| chain(error)),
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{} after {}", self.kind, short(self.ran_for));
        if let Some(error) = &self.error {
            text.push_str(": ");
            text.push_str(&chain(error.as_ref()));
        }
        f.pad(&one_line(&text))
    }
}

impl EndKind {
    /// The name in lower case: `start timeout`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Requested => "requested",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::StartTimeout => "start timeout",
            Self::Unhealthy => "unhealthy",
            Self::DependencyStopped => "dependency stopped",
            Self::Aborted => "aborted",
            Self::Zombie => "zombie",
        }
    }

    /// Whether it is the subsystem's failure.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Panic | Self::StartTimeout | Self::Unhealthy)
    }
}

impl fmt::Display for EndKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("kind", &self.kind)
            .field("error", &self.error.as_ref().map(|error| chain(error.as_ref())))
            .field("ran_for", &self.ran_for)
            .field("generation", &self.generation)
            .finish()
    }
}

/// A text without line breaks: whoever reads line by line is not taken in by a name or an error.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Stands in for the text of an error whose `Display` panics.
const UNPRINTABLE: &str = "an error whose text cannot be printed (its Display panicked)";

/// An error's whole chain in one line; a cause that the text before it already says is left out.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // Both are the user's code.
        let told = proc_daemon_runtime::catch(|| (error.to_string(), error.source()));
        let (link, source) = told.unwrap_or_else(|_| (UNPRINTABLE.to_owned(), None));
        if text.is_empty() {
            text = link;
        } else if !text.contains(&link) {
            text.push_str(": ");
            text.push_str(&link);
        }
        next = source;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(error: impl Into<Box<dyn Error + Send + Sync>>) -> End {
        let error = Some(Arc::from(error.into()));
        End { kind: EndKind::Error, error, ran_for: Duration::ZERO, generation: 1 }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("line broke")]
    struct Broken(#[source] io::Error);

    #[test]
    fn an_error_is_found_along_the_chain_and_inside_io() {
        let end = end(io::Error::other(Broken(io::ErrorKind::TimedOut.into())));
        assert!(end.find::<Broken>().is_some());
        assert!(end.find::<fmt::Error>().is_none());
    }

    #[test]
    fn an_end_prints_on_one_line() {
        let end = End { ran_for: Duration::from_micros(2_001_900), ..end("disk\nfull") };
        assert_eq!(end.to_string(), "error after 2s 1ms: disk full");
        let completed = End { kind: EndKind::Completed, error: None, ..end };
        assert_eq!(completed.to_string(), "completed after 2s 1ms");
    }

    #[test]
    fn the_chain_says_each_cause_once() {
        let error = Broken(io::Error::other("timed out"));
        assert_eq!(chain(&error), "line broke: timed out");
        assert_eq!(chain(&io::Error::other(error)), "line broke: timed out");
    }

    #[test]
    fn a_display_that_panics_has_a_text() {
        #[derive(Debug)]
        struct Bad;
        impl fmt::Display for Bad {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("in Display")
            }
        }
        impl Error for Bad {}
        assert_eq!(chain(&Bad), UNPRINTABLE);
    }
}
