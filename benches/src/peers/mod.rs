//! Other frameworks, doing the same work.

pub(crate) mod seed;
