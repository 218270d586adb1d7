//! What a planted bug is.

#[derive(Clone, Copy)]
/// A mistake that somebody could make in the product.
pub struct Bug {
    pub id: &'static str,
    /// What goes wrong, in a few words.
    pub what: &'static str,
    pub edits: &'static [Edit],
}

#[derive(Clone, Copy)]
/// One place of it. `from` must be in the file once; in `to`, `PLANTED` stands for "this bug is on".
pub struct Edit {
    pub file: &'static str,
    pub from: &'static str,
    pub to: &'static str,
}

/// A bug: its identifier, what it is, then for each place the file, what is there, and what comes there.
#[macro_export]
macro_rules! bug {
    ($id:literal, $what:literal, $($file:expr, $from:literal => $to:literal),+ $(,)?) => {
        $crate::bug::Bug {
            id: $id,
            what: $what,
            edits: &[$($crate::bug::Edit { file: $file, from: $from, to: $to }),+],
        }
    };
}

pub use bug;
