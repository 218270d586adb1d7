//! Durations as people read them. Layer 0.
//!
//! 1. Whoever shows one to people takes a function of this file: what was set is shown as it was set, what was measured
//!    to the millisecond, or to the microsecond if it is shorter.

use std::time::Duration;

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One that was set, as a configuration file takes it: `1m 30s`.
pub(crate) fn shown(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// One that was measured or computed, to the millisecond: `1s 250ms`; below that, to the microsecond: `500us`.
pub(crate) fn short(duration: Duration) -> String {
    let unit = if millis(duration) > 0 { 1_000_000 } else { 1000 };
    shown(Duration::new(duration.as_secs(), duration.subsec_nanos() / unit * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_told_shortly_and_what_was_set_exactly() {
        for (nanos, measured, set) in [
            (30_000_123_000, "30s", "30s 123us"),
            (1_250_999_999, "1s 250ms", "1s 250ms 999us 999ns"),
            (90_000_000_000, "1m 30s", "1m 30s"),
            (500_999, "500us", "500us 999ns"),
            (999, "0s", "999ns"),
        ] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!((short(duration).as_str(), shown(duration).as_str()), (measured, set));
        }
    }
}
