//! The timeline of a life, for a terminal, for a program, for a browser.
//!
//! | form | what it is | made in |
//! |---|---|---|
//! | lanes | text: one column a subsystem, time down the side | `lanes`, from the rows of `rows` |
//! | JSON lines | one object a moment | `json` |
//! | Chrome trace events | states, polls and instants, for a browser | `perfetto` |

mod json;
mod lanes;
mod perfetto;
mod rows;
mod time;

pub(super) use json::json_lines;
pub(super) use lanes::lanes;
pub(super) use perfetto::perfetto;
