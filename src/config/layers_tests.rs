use super::super::layer::Overrides;
use super::*;
use crate::config::issue::Source;

fn layers(texts: &[&str]) -> Layers {
    let file = |(rank, text): (usize, &&str)| {
        let source = Source::file(&format!("{rank}.toml"), rank);
        Layer::File(Box::new(Document::parse(source, text.as_bytes()).unwrap()))
    };
    Layers::new(texts.iter().enumerate().map(file).collect())
}

fn json(layers: &Layers) -> String {
    serde_json::to_string(&Value::from(layers.tree().clone())).unwrap()
}

#[test]
fn tables_are_merged_and_of_all_else_the_higher_layer_stays() {
    for (texts, merged) in [
        (&["a.b = 1\n[t]\nx = 1", "[a]\nc = 2"][..], r#"{"a":{"b":1,"c":2},"t":{"x":1}}"#),
        (&["a = [1, 2]", "a = [3]"], r#"{"a":[3]}"#),
        (&["a.b.c = 1", "a.b = 2"], r#"{"a":{"b":2}}"#),
        (&["a.b.c = 1", "a.b = 2", "a.b.d = 3"], r#"{"a":{"b":{"d":3}}}"#),
        (&["[[a]]\nx = 1\n[[a]]", "[[a]]\ny = 2"], r#"{"a":[{"y":2}]}"#),
        (&["[a]\nx = 1", "[a]"], r#"{"a":{"x":1}}"#),
    ] {
        assert_eq!(json(&layers(texts)), merged, "{texts:?}");
    }
}

#[test]
fn another_spelling_of_a_key_of_the_schema_goes() {
    let both = layers(&["[shutdown]\ngraceful = 1\nforce = 2", "[shutdown]\ntimeout = '3s'"]);
    assert_eq!(json(&both), r#"{"shutdown":{"force":2,"timeout":"3s"}}"#);
    let own = layers(&["[http]\ngraceful = 1", "[http]\ntimeout = '3s'"]);
    assert_eq!(json(&own), r#"{"http":{"graceful":1,"timeout":"3s"}}"#);
}

#[test]
fn a_value_is_placed_where_it_comes_from_and_a_table_where_it_begins() {
    let all = layers(&["[a]\nb = 1\nc = 1\n[d]\nx = 1", "\n[a]\nb = 2\n", "d = 3\na.e = 4"]);
    for (path, place) in [
        (&["a"][..], "0.toml:1:1"),
        (&["a", "b"], "1.toml:3:5"),
        (&["a", "c"], "0.toml:3:5"),
        (&["a", "e"], "2.toml:2:7"),
        (&["a", "missing"], "0.toml:1:1"),
        (&["d"], "2.toml:1:5"),
        (&["nothing"], "0.toml"),
    ] {
        assert_eq!(all.locate(path).unwrap().to_string(), place, "{path:?}");
    }
    // What a higher layer cut off does not count.
    let cut = layers(&["[a]\nb = 1", "a = 5", "[a]\nc = 1"]);
    assert_eq!(cut.locate(&["a"]).unwrap().to_string(), "2.toml:1:1");
    let having: Vec<_> = cut.having(&["a", "b"]).into_iter().map(|(_, counts)| counts).collect();
    assert_eq!(having, [false]);
    assert!(Layers::new(Vec::new()).locate(&["a"]).is_none());
}

#[test]
fn what_is_printed_for_debugging_holds_no_value() {
    let mut overrides = Overrides::default();
    overrides.set(&["a", "b"], Value::from("hunter2"));
    let variables = [("DAEMON_A__C".into(), "hunter2".into())];
    let (variables, found) = super::super::variables::Variables::read("DAEMON_", variables);
    assert!(found.issues.is_empty());
    let Layer::File(document) = layers(&["a.d = 'hunter2'"]).layers.remove(0) else { panic!() };
    let all = Layers::new(vec![
        Layer::File(document),
        Layer::Variables(variables),
        Layer::Code(overrides),
    ]);
    let printed = format!("{all:?}");
    assert!(printed.contains("DAEMON_A__C") && !printed.contains("hunter2"), "{printed}");
}
