//! The contract's own types, from outside: what they say of themselves, and that erasing a runtime loses nothing.

mod erased;
mod panics;
mod values;
