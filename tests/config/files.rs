//! Configuration files as they are met in the wild: missing, empty, torn, too long, not text.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use proc_daemon::config::{Config, ConfigErrorKind, ConfigSource, LogLevel, Size};

use crate::Folder;

/// The error's kind, and its text without the folder.
#[track_caller]
fn refused(path: &Path) -> (ConfigErrorKind, String) {
    let error = Config::load_from_file(path).unwrap_err();
    assert_eq!(error.issues().len(), error.to_string().lines().count());
    let folder = format!("{}/", path.parent().unwrap().display());
    (error.kind(), error.to_string().replace(&folder, ""))
}

#[test]
fn a_missing_file_is_an_error_unless_it_is_optional() {
    let path = Folder::new().path("daemon.toml");
    let (kind, text) = refused(&path);
    assert_eq!((kind, text.as_str()), (ConfigErrorKind::Missing, "daemon.toml: no such file"));
    let error = Config::load_from_file(&path).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::NotFound));
    let config = Config::file(&path).optional().load().unwrap();
    assert_eq!((config.name(), config.path()), ("daemon", None));
}

#[test]
fn making_a_source_reads_nothing_and_each_load_reads_anew() {
    let folder = Folder::new();
    let source = Config::file(folder.path("daemon.toml"));
    let path = folder.file("name = 'one'");
    assert_eq!(source.load().unwrap().name(), "one");
    folder.file("name = 'two'");
    let config = source.load().unwrap();
    assert_eq!((config.name(), config.path()), ("two", Some(path.as_path())));
}

#[test]
fn an_optional_file_that_is_there_has_to_be_right() {
    let folder = Folder::new();
    let path = folder.file("nmae = 'x'");
    assert!(Config::file(path).optional().load().is_err());
    assert!(Config::file("").optional().load().is_err());
}

#[test]
fn an_empty_file_is_the_defaults() {
    let folder = Folder::new();
    let config = Config::load_from_file(folder.file("")).unwrap();
    assert_eq!(config.log_level(), LogLevel::Info);
    let config = Config::load_from_file(folder.file("\u{feff}name = 'x'\r\n")).unwrap();
    assert_eq!(config.name(), "x");
}

#[test]
fn a_directory_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path("daemon.toml")).unwrap();
    assert_eq!(
        refused(&folder.path("daemon.toml")),
        (ConfigErrorKind::Unreadable, "daemon.toml: is a directory, not a file".to_owned())
    );
}

#[test]
fn what_cannot_be_opened_or_read_says_what_the_system_said() {
    let folder = Folder::new();
    let path = folder.file("");
    let (kind, text) = refused(&path.join("below"));
    assert_eq!(kind, ConfigErrorKind::Unreadable);
    assert!(text.starts_with("below: cannot be opened: "), "{text}");

    // Root opens it all the same; then there is nothing to see here.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_err() {
        let (kind, text) = refused(&path);
        assert_eq!(kind, ConfigErrorKind::Unreadable);
        assert!(text.starts_with("daemon.toml: cannot be opened: "), "{text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_fails_while_it_is_read_is_refused() {
    let (kind, text) = refused(Path::new("/proc/self/mem"));
    assert_eq!(kind, ConfigErrorKind::Unreadable);
    assert!(text.starts_with("mem: cannot be read: "), "{text}");
}

#[test]
fn a_file_of_a_gibibyte_is_refused_without_reading_it() {
    let folder = Folder::new();
    let path = folder.file("");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
    let expected = "daemon.toml: is longer than 1048576 bytes (1MiB), the most that is read: shorten it, or \
         start with a higher limits.config_file from the environment or code; a file cannot raise it for itself";
    assert_eq!(refused(&path), (ConfigErrorKind::TooLarge, expected.to_owned()));
}

#[test]
fn the_longest_file_is_read_and_one_byte_more_is_refused() {
    let folder = Folder::new();
    let comment = format!("#{}", " ".repeat((1 << 20) - 1));
    assert!(Config::load_from_file(folder.file(&comment)).is_ok());
    assert_eq!(refused(&folder.file(comment + " ")).0, ConfigErrorKind::TooLarge);
}

#[test]
fn at_the_start_the_environment_and_code_say_how_long_a_file_may_be_and_the_file_does_not() {
    let folder = Folder::new();
    let own = |limit: &str, length: usize| {
        let text = format!("[limits]\nconfig_file = {limit}\n");
        let rest = length.saturating_sub(text.len());
        folder.file(text + &"#".repeat(rest))
    };
    let read = |source: ConfigSource| match source.load() {
        Ok(config) => Ok(config.config_file_limit()),
        Err(error) => Err(error.kind()),
    };
    let long = Err(ConfigErrorKind::TooLarge);
    let env =
        |path, limit: &str| Config::file(path).env_from([("DAEMON_LIMITS_CONFIG_FILE", limit)]);
    let least = 1 << 20;
    assert_eq!(read(Config::file(own("'2MiB'", least + 1))), long);
    assert_eq!(read(env(own("1", least + 1), "2MiB")), Ok(Size::new(2 << 20)));
    assert_eq!(
        read(Config::file(own("1", least + 1)).set("limits.config_file", "2MiB")),
        Ok(Size::new(2 << 20))
    );
    assert_eq!(read(env(own("'2MiB'", 300), "299")), long);
    assert_eq!(read(env(own("'2MiB'", 300), "300")), Ok(Size::new(300)));
    assert_eq!(
        read(env(own("1", 300), "299").set("limits.config_file", Size::new(300))),
        Ok(Size::new(300))
    );
    assert_eq!(read(env(own("1", 300), "2MiB").set("limits.config_file", 299)), long);
    assert_eq!(read(Config::file(own("10", 300))), Ok(Size::new(10)));
    let path = own("1", 0);
    folder.write("conf.d/1.toml", "#".repeat(301));
    assert_eq!(read(env(path, "300B")), long);
}

#[test]
fn a_limit_that_is_no_size_is_told_and_another_key_of_limits_is_refused() {
    let folder = Folder::new();
    let path = folder.file("[limits]\nconfig_file = '64K'\nmemory = 1\n");
    let source = Config::file(&path).env_from([("DAEMON_LIMITS_CONFIG_FILE", "0")]);
    let error = source.load().unwrap_err().to_string();
    let error = error.replace(&format!("{}/", path.parent().unwrap().display()), "");
    let lines: Vec<&str> = error.lines().collect();
    let expected = "expected a whole number of bytes above 0 or \"64KiB\"";
    assert_eq!(
        lines,
        [
            format!("daemon.toml:2:15: limits.config_file = '64K': {expected}"),
            "daemon.toml:3:1: unknown key `memory` in [limits]".to_owned(),
            format!(
                "DAEMON_LIMITS_CONFIG_FILE (environment variable): limits.config_file = \"0\": {expected}"
            ),
        ]
    );
}

#[test]
fn a_long_file_of_nothing_but_issues_is_reported_whole() {
    let text: String = (0..100_000).map(|n| format!("k{n}=1\n")).collect();
    let error = ConfigSource::text(text).load().unwrap_err();
    assert_eq!(error.issues().len(), 100_000);
    assert_eq!(error.issues()[99_999].location().unwrap().line(), Some(100_000));
}

/// The output of a command, as a path.
fn piped(script: &str) -> (Child, PathBuf) {
    let mut command = Command::new("sh");
    let writer = command.arg("-c").arg(script).stdout(Stdio::piped()).spawn().unwrap();
    let path = format!("/dev/fd/{}", writer.stdout.as_ref().unwrap().as_raw_fd()).into();
    (writer, path)
}

#[test]
fn what_never_ends_is_read_up_to_the_limit() {
    let (mut writer, path) = piped("exec cat /dev/zero");
    assert_eq!(refused(&path).0, ConfigErrorKind::TooLarge);
    writer.kill().unwrap();
    writer.wait().unwrap();
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = Folder::new();
    let (pipe, link) = (folder.path("pipe"), folder.path("link"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("pipe", &link).unwrap();
    let socket = folder.path("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for (path, name, what) in [
        (pipe.as_path(), "pipe", "a named pipe"),
        (&link, "link", "a named pipe"),
        (&socket, "socket", "a socket"),
        (Path::new("/dev/zero"), "zero", "a device"),
    ] {
        let (kind, text) = refused(path);
        assert_eq!(kind, ConfigErrorKind::Unreadable);
        assert!(
            text.starts_with(&format!("{name}: is {what}, not a file, and is not read")),
            "{text}"
        );
    }
    assert_eq!(Config::load_from_file("/dev/null").unwrap().name(), "daemon");
}

#[test]
fn a_pipe_that_is_open_is_read_like_a_file_also_through_a_link() {
    let folder = Folder::new();
    for way in ["itself", "a link to it", "through a link to its folder"] {
        let (mut writer, path) = piped("printf \"name = 'piped'\"");
        let link = folder.path(way);
        let path = match way {
            "itself" => path,
            "a link to it" => {
                std::os::unix::fs::symlink(&path, &link).unwrap();
                link
            }
            _ => {
                std::os::unix::fs::symlink("/dev/fd", &link).unwrap();
                link.join(path.file_name().unwrap())
            }
        };
        assert_eq!(Config::load_from_file(&path).unwrap().name(), "piped");
        assert!(writer.wait().unwrap().success());
    }
}

/// Opened anew by its path, it would wait for somebody else who writes to it.
#[test]
fn a_named_pipe_on_a_descriptor_is_read_to_its_end_also_if_nobody_writes_to_it_any_more() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let both = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let held = fs::File::open(&pipe).unwrap();
    let path = format!("/dev/fd/{}", held.as_raw_fd());
    std::io::Write::write_all(&mut &both, b"name = 'left'").unwrap();
    drop(both);
    assert_eq!(Config::load_from_file(&path).unwrap().name(), "left");
    assert_eq!(Config::load_from_file(&path).unwrap().name(), "daemon");
}

/// The time is the thing: nothing is there when it is opened.
#[test]
fn a_pipe_that_has_nothing_yet_is_waited_for() {
    let (mut writer, path) = piped("sleep 0.2; printf \"name = 'late'\"");
    assert_eq!(Config::load_from_file(path).unwrap().name(), "late");
    assert!(writer.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_descriptor_of_another_process_is_refused_unless_it_is_a_file() {
    let folder = Folder::new();
    let file = fs::File::open(folder.file("name = 'other'")).unwrap();
    for (stdin, is_file) in [(Stdio::piped(), false), (Stdio::from(file), true)] {
        let mut other = Command::new("sleep").arg("60").stdin(stdin).spawn().unwrap();
        let path = PathBuf::from(format!("/proc/{}/fd/0", other.id()));
        match is_file {
            true => assert_eq!(Config::load_from_file(path).unwrap().name(), "other"),
            false => assert!(refused(&path).1.starts_with("0: is a named pipe, not a file")),
        }
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

#[test]
fn a_symbolic_link_is_followed_and_its_own_path_remembered() {
    let folder = Folder::new();
    let target = folder.file("name = 'target'");
    let link = folder.path("link.toml");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let config = Config::load_from_file(&link).unwrap();
    assert_eq!((config.name(), config.path()), ("target", Some(link.as_path())));
    fs::remove_file(target).unwrap();
    assert_eq!(refused(&link).0, ConfigErrorKind::Missing);
}

#[test]
fn bytes_that_are_not_text_are_placed() {
    let folder = Folder::new();
    assert_eq!(
        refused(&folder.file(b"name = 'x'\n# \xe4\n")),
        (
            ConfigErrorKind::NotUtf8,
            "daemon.toml:2:3: byte 0xe4 is not UTF-8, which TOML has to be".to_owned()
        )
    );
    assert_eq!(refused(&folder.file(b"\x7fELF\x02")).0, ConfigErrorKind::Syntax);
}

#[test]
fn malformed_toml_is_placed() {
    let folder = Folder::new();
    assert_eq!(
        refused(&folder.file("[logging]\nlevel = \"info\n")),
        (
            ConfigErrorKind::Syntax,
            "daemon.toml:2:14: invalid basic string, expected `\"`".to_owned()
        )
    );
    assert_eq!(
        refused(&folder.file("[logging]\n[logging]\n")).1,
        "daemon.toml:2:2: duplicate key `logging`"
    );
}

#[test]
fn every_issue_of_a_file_is_reported_at_once() {
    let folder = Folder::new();
    let path = folder.file(
        "[logging]\nname = 'x'\n\n[shutdown]\ntimeout_ms = \"ten\"\n\n[performance]\n\
         # one per core\nworker_thread = 0\n",
    );
    assert_eq!(
        refused(&path),
        (
            ConfigErrorKind::Invalid,
            "daemon.toml:2:1: `name` belongs above [logging], the first section\n\
             daemon.toml:5:14: shutdown.timeout_ms = \"ten\": expected a whole number of \
             milliseconds or \"30s\"\n\
             daemon.toml:9:1: unknown key `worker_thread` in [performance]; did you mean \
             `worker_threads`?"
                .to_owned()
        )
    );
}

#[test]
fn issues_can_be_read_by_a_program() {
    let error = ConfigSource::text("[shutdown]\nkill = 0\n").load().unwrap_err();
    let issue = &error.issues()[0];
    let location = issue.location().unwrap();
    assert_eq!(
        (location.source(), location.line(), location.column()),
        ("<text>", Some(2), Some(8))
    );
    assert_eq!(
        (issue.key(), issue.found(), issue.suggestion()),
        ("shutdown.kill", Some("0"), None)
    );
}

/// The only test that looks at the working directory, which belongs to the whole process.
#[test]
fn relative_paths_start_in_the_working_directory_and_are_remembered_absolute() {
    let folder = Folder::new();
    std::env::set_current_dir(folder.root()).unwrap();
    let here = std::env::current_dir().unwrap();

    let config = Config::load().unwrap();
    assert_eq!((config.name(), config.path()), ("daemon", None));
    folder.file("name = 'here'");
    for config in [
        Config::load().unwrap(),
        Config::load_from_file("daemon.toml").unwrap(),
        Config::file("./daemon.toml").load().unwrap(),
    ] {
        let path = here.join("daemon.toml");
        assert_eq!((config.name(), config.path()), ("here", Some(path.as_path())));
    }
    folder.file("name = ''");
    assert!(Config::load().unwrap_err().to_string().starts_with("daemon.toml:1:8: name = ''"));

    folder.file("name = 'here'");
    folder.write("more.d/1.toml", "[logging]\nlevel = 'off'");
    let eager = Config::load_from_file("daemon.toml").unwrap();
    let lazy = Config::file("daemon.toml").conf_d("more.d").load().unwrap();

    // `Figment` and others would look for it in every folder above.
    fs::create_dir("below").unwrap();
    std::env::set_current_dir("below").unwrap();
    assert_eq!(Config::load().unwrap().name(), "daemon");
    std::env::set_current_dir("/").unwrap();
    folder.file("name = 'reloaded'");
    for (config, level) in [(eager, "info"), (lazy, "off")] {
        let again = config.source().unwrap().load().unwrap();
        assert_eq!((again.name(), again.log_level().as_str()), ("reloaded", level));
    }
}
