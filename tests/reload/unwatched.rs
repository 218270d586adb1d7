//! `hot_reload = true` in a build that watches nothing (without the feature `config-watch`): it is refused, with what
//! to do, and never silently without effect.

use libtest_mimic::Trial;
use proc_daemon::{Config, ConfigSource, Daemon};

const SAYS: &str = "this build watches no files: turn on proc-daemon's feature `config-watch`, or leave it out and \
                    reload with SIGHUP";

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("unwatched::a_file_that_wants_it_is_refused_at_its_line", file),
        trial("unwatched::code_that_wants_it_is_refused", code),
        trial("unwatched::false_is_fine", || {
            assert!(!ConfigSource::text("hot_reload = false\n").load().unwrap().hot_reload());
        }),
    ];
    #[cfg(unix)]
    trials.extend(crate::rows::on_each("unwatched::a_program_ends_with_78", program));
    trials
}

fn trial(name: &str, body: fn()) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}

fn file() {
    let error = ConfigSource::text("name = 'x'\nhot_reload = true\n").load().unwrap_err();
    assert_eq!(error.to_string(), format!("<text>:2:14: hot_reload = true: {SAYS}"));
}

fn code() {
    let error = Config::builder().hot_reload(true).build().unwrap_err();
    assert!(error.to_string().contains(SAYS), "{error}");
    let error = Daemon::builder(Err::<Config, _>(error)).build().unwrap_err();
    assert!(error.to_string().contains(SAYS), "{error}");
}

#[cfg(unix)]
fn program(row: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.toml");
    std::fs::write(&path, "hot_reload = true\n[part]\nn = 1\n").unwrap();
    let mut command = crate::child::command("follows", row, &path);
    let exit = crate::support::process::Process::spawn(&mut command).wait().expect_code(78);
    let expected = format!("{}:1:14: hot_reload = true: {SAYS}", path.display());
    assert_eq!(exit.stderr().trim_end(), expected);
    assert_eq!(exit.stdout(), "", "nothing was started");
}
