//! What `build` refuses: everything at once, with its place.

use proc_daemon::{Config, Daemon, Section, Spec, Strategy, task};

fn spec(name: &'static str) -> Spec {
    task(name, |_| async { Ok(()) })
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let daemon = Daemon::new()
        .with_subsystem(spec("store").after("janitor"))
        .with_subsystem(spec("http").requires("store"))
        .with_subsystem(spec("janitor").after("http"));
    let error = daemon.build().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("a cycle of dependencies: store -> janitor -> http -> store"), "{text}");
    assert!(text.starts_with("tests/build.rs:"), "{text}");
}

#[test]
fn names_and_an_eager_configuration_are_refused_together() {
    let daemon = Daemon::builder(Config::load_from_file("/nowhere/daemon.toml"))
        .with_subsystem(spec("store"))
        .with_subsystem(spec("store"))
        .with_subsystem(spec("http").requires("stor"));
    let error = daemon.build().unwrap_err();
    let issues: Vec<String> = error.issues().collect();
    assert_eq!(issues.len(), 3, "{issues:?}");
    assert!(issues[0].contains("a second subsystem named `store`"), "{issues:?}");
    assert!(issues[1].contains("did you mean `store`?"), "{issues:?}");
    assert!(issues[2].contains("/nowhere/daemon.toml"), "{issues:?}");
    assert_eq!(proc_daemon::Error::from(error).exit_code(), 78);
}

#[test]
fn each_cycle_and_a_group_declared_twice_are_refused_with_their_places() {
    let daemon = Daemon::new()
        .with_group("pair", Strategy::OneForAll)
        .with_group("pair", Strategy::RestForOne)
        .with_subsystem(spec("a").requires("b"))
        .with_subsystem(spec("b").after("a"))
        .with_subsystem(spec("x").binds("x"));
    let issues: Vec<String> = daemon.build().unwrap_err().issues().collect();
    assert_eq!(issues.len(), 3, "{issues:?}");
    assert!(issues.iter().all(|issue| issue.starts_with("tests/build.rs:")), "{issues:?}");
    assert!(issues[0].ends_with("a cycle of dependencies: a -> b -> a"), "{issues:?}");
    assert!(issues[1].ends_with("a cycle of dependencies: x -> x"), "{issues:?}");
    let twice = "a second group named `pair`; the first is at tests/build.rs:";
    assert!(issues[2].contains(twice), "{issues:?}");
}

#[derive(serde::Deserialize)]
struct Settings {}

#[test]
fn a_section_that_is_to_restart_an_owner_has_one() {
    let restarting = || Section::<Settings>::new("http").restart();
    let error = Daemon::new().with_settings(restarting()).build().unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("tests/build.rs:"), "{text}");
    let issue = ": a change of [http] is to restart its owner, and the builder's sections have none: hand it to \
                 `Spec::with_settings` of the subsystem that is to restart, or leave out `Section::restart`";
    assert!(text.ends_with(issue), "{text}");

    let owned = spec("http").with_settings(restarting());
    Daemon::new().with_subsystem(owned).build().expect("it has an owner");
    for section in ["http".into(), restarting().live(), restarting().process()] {
        Daemon::new().with_settings::<Settings>(section).build().expect("it restarts nobody");
    }
}
