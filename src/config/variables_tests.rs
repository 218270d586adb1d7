use super::*;

fn read(all: &[(&str, &str)]) -> (Variables, Found) {
    Variables::read("DAEMON_", all.iter().map(|(name, value)| (name.into(), value.into())))
}

fn json(all: &[(&str, &str)]) -> String {
    let (variables, found) = read(all);
    assert!(found.issues.is_empty() && found.warnings.is_empty() && found.strays.is_empty());
    serde_json::to_string(&Value::from(variables.tree().clone())).unwrap()
}

#[test]
fn every_spelling_of_every_key_has_a_variable_by_single_and_double_underscores() {
    for key in &KEYS {
        for spelling in key.spellings() {
            let expected: Vec<&str> =
                [key.section, spelling].into_iter().filter(|name| !name.is_empty()).collect();
            assert_eq!(path(&expected.join("_")).unwrap(), expected);
            assert_eq!(path(&expected.join("__")).unwrap(), expected);
        }
    }
}

#[test]
fn a_text_becomes_what_its_key_is() {
    assert_eq!(
        json(&[
            ("DAEMON_NAME", "123"),
            ("DAEMON_LOGGING_LEVEL", "Debug"),
            ("DAEMON_SHUTDOWN_TIMEOUT_MS", "5000"),
            ("DAEMON_SHUTDOWN__FORCE", "5s"),
            ("DAEMON_MONITORING_HEALTH_CHECKS", "0"),
            ("DAEMON_HOT_RELOAD", "TRUE"),
            ("DAEMON_PERFORMANCE_WORKER_THREADS", "-1"),
        ]),
        r#"{"hot_reload":true,"logging":{"level":"Debug"},"monitoring":{"health_checks":false},"name":"123","performance":{"worker_threads":"-1"},"shutdown":{"force":"5s","timeout_ms":5000}}"#
    );
}

#[test]
fn a_text_for_a_key_of_the_users_becomes_what_it_looks_like() {
    for (text, value) in [
        ("true", "true"),
        ("8080", "8080"),
        ("0x1F", "31"),
        ("1.5", "1.5"),
        ("['a', 1]", r#"["a",1]"#),
        ("{ a = 1 }", r#"{"a":1}"#),
        ("", r#""""#),
        ("007", r#""007""#),
        ("'x'", r#""'x'""#),
        ("2024-05-01", r#""2024-05-01""#),
        ("[broken", r#""[broken""#),
        ("yes", r#""yes""#),
    ] {
        let expected = format!(r#"{{"http":{{"tls":{{"x":{value}}}}}}}"#);
        assert_eq!(json(&[("DAEMON_HTTP__TLS__X", text)]), expected, "{text}");
    }
}

#[test]
fn what_goes_on_from_a_value_is_laid_over_it() {
    let inline = ("DAEMON_HTTP__TLS", "{ a = 1, b = 1 }");
    assert_eq!(json(&[("DAEMON_HTTP__TLS__B", "2"), inline]), r#"{"http":{"tls":{"a":1,"b":2}}}"#);
}

#[test]
fn two_variables_for_one_key_are_refused() {
    let (_, found) = read(&[("DAEMON_SHUTDOWN_KILL", "1"), ("DAEMON_SHUTDOWN__KILL", "2")]);
    assert_eq!(
        found.issues[0].to_string(),
        "DAEMON_SHUTDOWN__KILL (environment variable): `DAEMON_SHUTDOWN_KILL` and \
         `DAEMON_SHUTDOWN__KILL` are one key: keep one"
    );
}

#[test]
fn what_is_no_key_is_a_warning_with_the_nearest() {
    let (variables, mut found) = read(&[
        ("DAEMON_LOGGING_LEVL", "hunter2"),
        ("DAEMON_LOGGING__LEVL", "hunter2"),
        ("DAEMON_HTTP_PORT", "hunter2"),
        ("DAEMON_COLOUR", "hunter2"),
        ("DAEMON_A____B", "hunter2"),
        ("DAEMON_", "x"),
        ("DAEMONS_NAME", "x"),
        ("daemon_name", "x"),
    ]);
    assert!(variables.tree().is_empty() && found.issues.is_empty());
    let http = Dict::from([("http".to_owned(), Dict::new().into())]);
    found.judge_strays("DAEMON_", &http);
    let lines: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    let line = |name: &str, rest: &str| format!("{name} (environment variable): {rest}");
    assert_eq!(
        lines,
        [
            line("DAEMON_LOGGING__LEVL", "unknown key `levl` in [logging]; did you mean `level`?"),
            line("DAEMON_A____B", "`DAEMON_A____B` is no key of the configuration"),
            line("DAEMON_COLOUR", "`DAEMON_COLOUR` is no key of the configuration"),
            line(
                "DAEMON_HTTP_PORT",
                "`DAEMON_HTTP_PORT` is no key of the configuration; did you mean `DAEMON_HTTP__PORT`?"
            ),
            line(
                "DAEMON_LOGGING_LEVL",
                "`DAEMON_LOGGING_LEVL` is no key of the configuration; did you mean \
                 `DAEMON_LOGGING_LEVEL`?"
            ),
        ]
    );
}

#[test]
fn a_variable_is_found_at_its_path_above_it_and_below_it() {
    let (variables, _) = read(&[("DAEMON_A__B", "[1]"), ("DAEMON_C__D__E", "x")]);
    let at = |path: &[&str]| variables.locate(path).source().to_owned();
    assert_eq!(at(&["a", "b"]), "DAEMON_A__B");
    assert_eq!(at(&["a", "b", "0"]), "DAEMON_A__B");
    assert_eq!(at(&["c"]), "DAEMON_C__D__E");
}
