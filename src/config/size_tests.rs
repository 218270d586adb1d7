use serde::Deserialize;

use super::*;
use crate::config::ConfigSource;

#[test]
fn a_number_and_a_unit_are_so_many_bytes() {
    for (text, bytes) in [
        ("0", 0),
        ("1000", 1000),
        ("7B", 7),
        ("1kB", 1000),
        ("64KiB", 65_536),
        ("100MiB", 104_857_600),
        ("1GB", 1_000_000_000),
        ("1gib", 1 << 30),
        (" 2 Mb ", 2_000_000),
        ("1.5KiB", 1536),
        ("0.001GB", 1_000_000),
        ("1.1KiB", 1126),
        ("15EiB", 15 << 60),
        ("18446744073709551615", u64::MAX),
        ("9007199254740993B", 9_007_199_254_740_993),
    ] {
        assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
    }
}

#[test]
fn what_is_no_size_is_refused() {
    for text in [
        "",
        " ",
        "KiB",
        "-1",
        "-1KiB",
        "+",
        "1K",
        "1M",
        "1Ki",
        "1 2",
        "1KiBs",
        "1.5",
        "1.5B",
        "1.KiB",
        ".5KiB",
        "1.2.3KiB",
        "1e3",
        "1_000",
        "16EiB",
        "99EB",
        "18446744073709551616",
        "0x10",
        "NaN",
        "1KİB",
        "٣KiB",
        "1.0000000000000000000KiB",
    ] {
        assert_eq!(text.parse::<Size>(), Err(ParseSizeError), "{text}");
    }
    assert_eq!(ParseSizeError.to_string(), "expected a whole number of bytes or \"64KiB\"");
}

#[test]
fn it_is_shown_in_the_largest_unit_of_which_it_is_a_whole_number_and_reads_back() {
    assert_eq!(format!("{:>6}|{:.1}", Size::new(1024), Size::new(1024)), "  1KiB|1KiB");
    for (bytes, text) in [
        (0, "0B"),
        (1, "1B"),
        (1000, "1kB"),
        (1023, "1023B"),
        (1024, "1KiB"),
        (1_024_000, "1000KiB"),
        (1_000_000, "1MB"),
        (1 << 20, "1MiB"),
        ((1 << 20) + 1, "1048577B"),
        (3 << 60, "3EiB"),
        (u64::MAX, "18446744073709551615B"),
    ] {
        assert_eq!(Size(bytes).to_string(), text);
        assert_eq!(text.parse(), Ok(Size(bytes)));
    }
    assert_eq!(format!("{:>6}|{:<6}|", Size(1024), Size(1024)), "  1KiB|1KiB  |");
    assert!(UNITS.is_sorted_by(|a, b| a.1 > b.1));
}

#[derive(Debug, Deserialize)]
struct Http {
    body: Size,
}

#[track_caller]
fn read(source: &ConfigSource) -> Result<Size, String> {
    let config = source.load().unwrap();
    config.settings::<Http>("http").map(|http| http.body).map_err(|error| error.to_string())
}

#[test]
fn a_section_of_the_users_takes_it_as_a_number_or_as_text_from_every_layer() {
    let text = |value: &str| ConfigSource::text(format!("[http]\nbody = {value}"));
    for value in ["2048", "'2KiB'", "\"2 KiB\"", "'2.0kib'"] {
        assert_eq!(read(&text(value)), Ok(Size(2048)), "{value}");
    }
    for value in ["2048", "2KiB"] {
        let source = text("1").env_from([("DAEMON_HTTP__BODY", value)]);
        assert_eq!(read(&source), Ok(Size(2048)), "{value}");
    }
    assert_eq!(read(&text("1").set("http.body", Size(2048))), Ok(Size(2048)));
    assert_eq!(read(&text("1").set("http.body", 2048)), Ok(Size(2048)));
    assert_eq!(serde_json::to_string(&Size(2048)).unwrap(), "\"2KiB\"");
    assert_eq!(serde_json::from_str::<Size>("\"2KiB\"").unwrap(), Size(2048));
}

#[test]
fn what_was_found_and_what_would_do_is_said_with_the_place() {
    for value in ["'64K'", "-1", "1.5", "true", "'20EiB'"] {
        let error = read(&ConfigSource::text(format!("[http]\nbody = {value}"))).unwrap_err();
        let found = format!("<text>:2:8: http.body = {value}: ");
        assert!(error.starts_with(&found), "{error}");
        assert!(error.ends_with("expected a whole number of bytes or \"64KiB\""), "{error}");
    }
}
