use super::*;

fn document(text: &str) -> Document {
    Document::parse("daemon.toml", text.as_bytes()).unwrap()
}

fn refused(bytes: &[u8]) -> (ConfigErrorKind, String) {
    let error = Document::parse("daemon.toml", bytes).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn values_and_keys_are_found_where_they_stand() {
    let text = "a = 1\n\n[logging]\n\tlevel = 'é'\nx = { y = [1, { z = 2 }] }\n[[peers]]\n[[peers]]\nq.r = 3\n[u.v]\n";
    let document = document(text);
    for (path, value, key) in [
        (&["a"][..], "1:5", "1:1"),
        (&["logging"], "3:1", "3:1"),
        (&["logging", "level"], "4:10", "4:2"),
        (&["logging", "x", "y", "1", "z"], "5:21", "5:17"),
        (&["peers", "1"], "7:1", "7:1"),
        (&["peers", "1", "q"], "8:1", "8:1"),
        (&["peers", "1", "q", "r"], "8:7", "8:3"),
        (&["u"], "9:1", "9:1"),
        (&["u", "v"], "9:1", "9:1"),
    ] {
        let at = |place: &str| format!("daemon.toml:{place}");
        assert_eq!(document.locate(path).to_string(), at(value), "{path:?}");
        assert_eq!(document.locate_key(path).to_string(), at(key), "{path:?}");
    }
}

#[test]
fn what_is_absent_is_placed_at_the_nearest_table_above_it() {
    let document = document("a = 1\n[b]\nc = 1\n");
    assert_eq!(document.locate(&["b", "nothing"]).to_string(), "daemon.toml:2:1");
    assert_eq!(document.locate_key(&["b", "x", "y"]).to_string(), "daemon.toml:2:1");
    assert_eq!(document.locate(&["nothing"]).to_string(), "daemon.toml");
    assert_eq!(document.locate_key(&[]).to_string(), "daemon.toml");
}

#[test]
fn columns_count_characters_and_a_tab_is_one() {
    assert_eq!(position("äöü = x", "äöü = ".len()), (1, 7));
    assert_eq!(position("\t\tx", 2), (1, 3));
    assert_eq!(position("a\r\nbc\r\n", 4), (2, 2));
    assert_eq!(position("", 0), (1, 1));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_shift_places() {
    let text = document("\u{feff}a = 1\r\nb = 2\r\n");
    assert_eq!(text.locate(&["a"]).to_string(), "daemon.toml:1:5");
    assert_eq!(text.locate(&["b"]).to_string(), "daemon.toml:2:5");
}

#[test]
fn a_quote_is_the_value_as_written_on_one_line() {
    let text = format!(
        "a = 0x1F\nb = \"\"\"x\ny\"\"\"\nc = \"{}\"\n[d]\n[[e]]\nf = [1]\ng = {{}}\nh.i = 1\n",
        "ä".repeat(80)
    );
    let document = document(&text);
    let quote = |name| document.quote(&[name]).unwrap();
    assert_eq!(quote("a"), "0x1F");
    assert_eq!(quote("b"), "\"\"\"x...");
    assert_eq!(quote("c"), format!("\"{}...", "ä".repeat(59)));
    assert_eq!(quote("d"), "a table");
    assert_eq!(quote("e"), "an array of tables");
    assert_eq!(document.quote(&["e", "0", "f"]).unwrap(), "an array");
    assert_eq!(document.quote(&["e", "0", "g"]).unwrap(), "a table");
    assert_eq!(document.quote(&["e", "0", "h"]).unwrap(), "a table");
    assert_eq!(document.quote(&["f"]), None);
}

#[test]
fn the_first_section_is_the_one_whose_header_comes_first() {
    assert_eq!(document("a.b = 1\n[z.y]\n[c]\n[z]\n").first_section().as_deref(), Some("z.y"));
    assert_eq!(document("a = 1\nb = {}\n").first_section(), None);
}

#[test]
fn the_tree_holds_every_kind_of_value() {
    let text = "s = 'x'\ni = -1\nf = 1.5\nb = true\nd = 2024-05-01\na = [1]\n[[t]]\nx.y = 1\n";
    let tree = document(text).tree().clone();
    assert_eq!(tree["d"].as_str(), Some("2024-05-01"));
    let json = serde_json::to_string(&Value::from(tree)).unwrap();
    assert_eq!(
        json,
        r#"{"a":[1],"b":true,"d":"2024-05-01","f":1.5,"i":-1,"s":"x","t":[{"x":{"y":1}}]}"#
    );
}

#[test]
fn a_byte_that_is_not_utf8_is_placed() {
    assert_eq!(
        refused("a = 'ä'\nb = 'ä\u{0}".as_bytes().split_last().unwrap().1).0,
        ConfigErrorKind::Syntax
    );
    assert_eq!(
        refused(b"a = 1\nb = '\xc3\xa4\xff'\n"),
        (
            ConfigErrorKind::NotUtf8,
            "daemon.toml:2:7: byte 0xff is not UTF-8, which TOML has to be".to_owned()
        )
    );
    assert_eq!(
        refused(b"\xff\xfea\0").1,
        "daemon.toml:1:1: byte 0xff is not UTF-8, which TOML has to be"
    );
}

#[test]
fn malformed_toml_is_one_line_with_its_place() {
    for (text, expected) in [
        ("a = 1\na = 2\n", "daemon.toml:2:1: duplicate key `a`"),
        ("[x]\n[x]\n", "daemon.toml:2:2: duplicate key `x`"),
        ("a = 1\n[x\n", "daemon.toml:2:3: unclosed table, expected `]`"),
        ("a = \"b\n", "daemon.toml:1:7: invalid basic string, expected `\"`"),
        ("a = 99999999999999999999", "daemon.toml:1:5: integer number overflowed"),
        ("name", "daemon.toml:1:5: key with no value, expected `=`"),
        ("a = 2024-13-01", "daemon.toml:1:5: invalid date, expected month between 01 and 12"),
    ] {
        assert_eq!(refused(text.as_bytes()), (ConfigErrorKind::Syntax, expected.to_owned()));
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    for text in ["a=".to_owned() + &"[".repeat(1 << 19), "a.".repeat(1 << 18) + "b=1"] {
        let (kind, message) = refused(text.as_bytes());
        assert_eq!(kind, ConfigErrorKind::Syntax);
        assert!(message.contains("recurs"), "{message}");
    }
}

#[test]
fn the_text_is_not_printed_for_debugging() {
    let printed = format!("{:?}", document("password = 'secret'"));
    assert_eq!(printed, "Document { source: \"daemon.toml\", path: None, .. }");
}
