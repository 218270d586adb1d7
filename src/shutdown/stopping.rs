use std::error::Error;
use std::fmt;
use std::io;

/// The subsystem has been asked to stop. Returning it with `?` ends the subsystem as requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopping;

/// The time given to `ctx.timeout` is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed;

impl Stopping {
    const TEXT: &'static str = "asked to stop";
}

impl fmt::Display for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TEXT)
    }
}

impl Error for Stopping {}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time is over")
    }
}

impl Error for Elapsed {}

/// Whether `error`'s chain ends in [`Stopping`].
///
/// `anyhow` hides the type of what it converted when it becomes a boxed error, so the text of the root
/// cause counts as well. Callers ask only about a subsystem that has been asked to stop.
pub(crate) fn is_stopping(error: &(dyn Error + 'static)) -> bool {
    let mut current = error;
    loop {
        if current.is::<Stopping>() {
            return true;
        }
        // `io::Error::other(e)` is not the source of its own `e`.
        let inside = current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        match inside.or_else(|| current.source()) {
            Some(next) => current = next,
            None => return text_is_stopping(current),
        }
    }
}

/// A user's `Display` may panic; then the text is not ours.
fn text_is_stopping(error: &dyn Error) -> bool {
    proc_daemon_runtime::catch(|| error.to_string() == Stopping::TEXT).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    type BoxError = Box<dyn Error + Send + Sync>;

    #[test]
    fn it_is_found_bare_wrapped_inside_io_and_through_anyhow() {
        let bare: BoxError = Stopping.into();
        let io: BoxError = io::Error::other(Stopping).into();
        let nested: BoxError = io::Error::other(io::Error::other(Stopping)).into();
        let any: BoxError = anyhow::Error::from(Stopping).into();
        let context: BoxError = anyhow::Error::from(Stopping).context("while reading").into();
        for error in [bare, io, nested, any, context] {
            assert!(is_stopping(error.as_ref()), "{error:?}");
        }
    }

    #[test]
    fn other_errors_are_not_it() {
        let other: BoxError = "disk full".into();
        assert!(!is_stopping(other.as_ref()));
        assert!(!is_stopping(&Elapsed));
        assert!(!is_stopping(&io::Error::from(io::ErrorKind::NotFound)));
    }
}
