//! What a planted bug is.

#[derive(Clone, Copy)]
/// A mistake that somebody could make in the product.
pub(crate) struct Bug {
    pub(crate) id: &'static str,
    /// What goes wrong, in a few words.
    pub(crate) what: &'static str,
    pub(crate) edits: &'static [Edit],
}

#[derive(Clone, Copy)]
/// One place of it. `from` must be in the file once; in `to`, `PLANTED` stands for "this bug is on".
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

/// A bug: its identifier, what it is, then for each place the file, what is there, and what comes there.
macro_rules! bug {
    ($id:literal, $what:literal, $($file:expr, $from:literal => $to:literal),+ $(,)?) => {
        $crate::bug::Bug {
            id: $id,
            what: $what,
            edits: &[$($crate::bug::Edit { file: $file, from: $from, to: $to }),+],
        }
    };
}

pub(crate) use bug;
