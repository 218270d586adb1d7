//! The timeline of a life, for a terminal, for a program, for a browser.

mod json;
mod lanes;
mod perfetto;

pub(super) use json::json_lines;
pub(super) use lanes::lanes;
pub(super) use perfetto::perfetto;
