//! The daemon in simulation: whole lives, by the thousand, from seeds.

/// What a panic said.
pub(crate) fn told(work: impl FnOnce()) -> String {
    let payload =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => {
            payload.downcast::<&str>().map(|text| (*text).to_owned()).unwrap_or_default()
        }
    }
}

mod events;
mod exhaust;
mod failing;
mod faults;
mod flapping;
mod options;
mod quiet;
mod reload;
mod render;
mod restart;
mod same;
mod shape;
mod stuck;
mod sweep;
mod ugly;
