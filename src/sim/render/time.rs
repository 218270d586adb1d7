//! Moments of virtual time for a person: `0`, `40ms`, `10.1s`, `1h0m2.5s`.

use proc_daemon_runtime::Instant;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// The time since the life's beginning; from a millisecond on, cut to the microsecond.
pub(super) fn readable(at: Instant) -> String {
    let nanos = at.as_nanos();
    match nanos {
        _ if at.is_never() => "never".to_owned(),
        0 => "0".to_owned(),
        1..MICRO => format!("{nanos}ns"),
        MICRO..MILLI => decimal(nanos, MICRO, "us"),
        MILLI..SECOND => decimal(nanos - nanos % MICRO, MILLI, "ms"),
        _ => clock(nanos - nanos % MICRO),
    }
}

/// Days, hours and minutes from the first that is not zero on, then seconds.
fn clock(nanos: u64) -> String {
    let minutes = nanos / SECOND / 60;
    let parts = [(minutes / 60 / 24, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "m")];
    let parts = parts.into_iter().skip_while(|(count, _)| *count == 0);
    let mut text: String = parts.map(|(count, unit)| format!("{count}{unit}")).collect();
    text.push_str(&decimal(nanos % (60 * SECOND), SECOND, "s"));
    text
}

/// `nanos` in units of `unit` nanoseconds, without zeros at the end.
fn decimal(nanos: u64, unit: u64, name: &str) -> String {
    let (whole, rest) = (nanos / unit, nanos % unit);
    if rest == 0 {
        return format!("{whole}{name}");
    }
    let digits = unit.ilog10() as usize;
    let rest = format!("{rest:0digits$}");
    format!("{whole}.{}{name}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_the_unit_that_fits_it() {
        let cases = [
            (0, "0"),
            (900, "900ns"),
            (1_800, "1.8us"),
            (40 * MILLI, "40ms"),
            (40 * MILLI + 1, "40ms"),
            (40_001_900, "40.001ms"),
            (10 * SECOND, "10s"),
            (10_100 * MILLI, "10.1s"),
            (10 * SECOND + 2 * MICRO, "10.000002s"),
            (60 * SECOND, "1m0s"),
            (90_500 * MILLI, "1m30.5s"),
            (3_602_500 * MILLI, "1h0m2.5s"),
            (90_061 * SECOND, "1d1h1m1s"),
            (u64::MAX, "never"),
        ];
        for (nanos, text) in cases {
            assert_eq!(readable(Instant::from_nanos(nanos)), text);
        }
    }
}
