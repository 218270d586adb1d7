//! The runner from outside: its formats, its filters, its exit status.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proc-daemon-conformance"));
    command.args(arguments).output().expect("the runner starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

#[test]
fn each_backend_has_a_row_for_each_scenario() {
    let output = run(&["--backend", "all", "--list"]);
    let text = stdout(&output);
    let mut rows = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for path in text.lines().filter(|line| !line.starts_with(' ')) {
        let (row, scenario) = path.split_once("::").expect("ROW::ID::NAME");
        rows.entry(row).or_default().push(scenario);
    }
    let names: Vec<&str> = rows.keys().copied().collect();
    let expected = [
        "async-std/multi-thread",
        "sim",
        "smol/current-thread",
        "smol/multi-thread",
        "smol/one-worker",
        "tokio/current-thread",
        "tokio/multi-thread",
        "tokio/one-worker",
    ];
    assert_eq!(names, expected);
    let first = &rows["sim"];
    assert!(first.len() >= 80, "{} scenarios", first.len());
    assert!(rows.values().all(|scenarios| scenarios == first));
    let mut ids: Vec<&str> =
        first.iter().map(|s| s.split_once("::").expect("ID::NAME").0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), first.len(), "an id is given twice");
}

#[test]
fn formats_filters_and_the_status() {
    let output = run(&["--backend", "sim", "SPAWN-01", "--format", "json"]);
    assert!(output.status.success());
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("it is JSON");
    assert_eq!(json.as_array().expect("an array").len(), 1);
    assert_eq!((&json[0]["id"], &json[0]["outcome"]), (&"SPAWN-01".into(), &"pass".into()));
    let junit = stdout(&run(&["--backend", "sim", "SPAWN-01", "--format", "junit"]));
    assert!(junit.starts_with("<?xml") && junit.contains("tests=\"1\" failures=\"0\""), "{junit}");
    let markdown = stdout(&run(&["--backend", "sim", "SPAWN-01", "--format", "md"]));
    assert!(markdown.starts_with("| id | scenario | sim |"), "{markdown}");
    let output = run(&["--backend", "sim", "spawn-01", "A_DUE_SLEEP", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("it is JSON");
    assert_eq!(json.as_array().expect("an array").len(), 2, "{json}");
    let repeated = run(&["--backend", "sim", "SPAWN-01", "--repeat", "3"]);
    let said = String::from_utf8_lossy(&repeated.stderr).into_owned();
    assert!(said.ends_with("0 of 3 runs failed\n"), "{said}");
}

/// One sleeps 101 ms on a thread of this process, the other 40 ms in a process of its own, where the daemon's own
/// bound of two thirds comes first if the machine is fast.
#[test]
fn what_is_not_over_by_the_limit_has_hung() {
    // In a thread and in a process of its own: each takes 40 ms at least.
    for (scenario, limit) in [("SLEEP-02", "5ms"), ("SIG-04", "5ms")] {
        let filter = format!("tokio/one-worker::{scenario}");
        let output = run(&["--backend", "tokio", &filter, "--limit", limit]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let hung = text.contains(&format!("it hangs: not over after {limit}"));
        assert!(hung || text.contains("nothing goes on"), "{text}");
    }
    for (limit, expected) in [("soon", "invalid value 'soon'"), ("0s", "takes longer")] {
        let output = run(&["--backend", "sim", "SPAWN-01", "--limit", limit]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_list_has_its_formats_and_the_numbers_of_the_laws() {
    let list = |format: &str| run(&["--backend", "sim", "--list", "sleep-03", "--format", format]);
    let text = stdout(&list("table"));
    assert!(text.starts_with("sim::SLEEP-03::a_due_sleep_is_ready_at_once\n    L5: "), "{text}");
    let json: serde_json::Value = serde_json::from_str(&stdout(&list("json"))).expect("it is JSON");
    assert_eq!(json.as_array().expect("an array").len(), 1);
    assert_eq!((&json[0]["id"], &json[0]["law"]), (&"SLEEP-03".into(), &"L5".into()));
    let table = stdout(&list("md"));
    assert!(table.contains("\n| SLEEP-03 | L5 | "), "{table}");
    assert_eq!(list("junit").status.code(), Some(2));
}

#[test]
fn what_names_nothing_is_an_error() {
    for (arguments, expected) in [
        (["--backend", "sim", "NO-SUCH"], "nothing is called `NO-SUCH`"),
        (["--backend", "glommio", "SPAWN"], "there is no backend `glommio`: take one of tokio"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    }
}
