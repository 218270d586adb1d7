//! Configuration files that are refused, and the one that comes with the example.

use super::support::http::Client;
use super::support::process::{Process, Signal};
use super::support::service::{GOOD, Service, command, config, runtimes};

/// Starts the service with the configuration at `path`: it must end with 78 and say one line, which
/// begins with the path and goes on with `rest`, or at least begins so.
#[track_caller]
fn refuses(path: &std::path::Path, rest: &str) {
    let exit = Process::spawn(command().arg("--config").arg(path)).wait().expect_code(78);
    let (stderr, expected) = (exit.stderr(), format!("{}{rest}", path.display()));
    assert!(stderr.starts_with(&expected), "expected {expected:?}, got {stderr:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr:?}");
    assert_eq!(exit.stdout(), "");
}

#[test]
#[cfg_attr(
    not(any(feature = "tokio", feature = "smol", feature = "async-std")),
    ignore = "this build has no runtime"
)]
fn a_bad_text_is_refused_with_its_place() {
    let good = GOOD.as_bytes();
    for (text, rest) in [
        (b"".as_slice(), ": missing key `http.listen`: there is no section [http]"),
        (b"[http]\ngreeting = \"hi\"\n", ":1:1: missing key `http.listen`"),
        (
            b"[http]\nlisten = \"127.0.0.1:0\"\ngreeting = \"\xff\"\n",
            ":3:13: byte 0xff is not UTF-8",
        ),
        (b"[http\nlisten = 1\n", ":1:6: "),
        (b"[http]\nlisten = 8080\ngreeting = \"hi\"\n", ":2:10: http.listen: expected "),
        (b"[http]\nlisten = \"here\"\ngreeting = \"hi\"\n", ":2:10: http.listen = \"here\": "),
        (
            b"[http]\nlisten = \"127.0.0.1:0\"\ngreeting = 5\n",
            ":3:12: http.greeting = 5: expected text",
        ),
        (
            b"[http]\nlisten = \"127.0.0.1:0\"\ngreeting = \"\"\n",
            ":1:1: [http]: `greeting` cannot be empty",
        ),
        (
            b"[http]\nlisten = \"127.0.0.1:0\"\ngreetin = \"hi\"\n",
            ":3:1: unknown key `greetin` in [http]; did you mean `greeting`?",
        ),
        (
            &[good, b"[shutdown]\ntimeot_ms = 5\n"].concat(),
            ":5:1: unknown key `timeot_ms` in [shutdown]; did you mean `timeout_ms`?",
        ),
        (
            &[good, b"[shutdown]\ntimeout_ms = \"soon\"\n"].concat(),
            ":5:14: shutdown.timeout_ms = \"soon\": expected a whole number of milliseconds",
        ),
        (&[good, b"[htpp]\n"].concat(), ":4:1: unknown section [htpp]; did you mean [http]?"),
    ] {
        let (_directory, path) = config(text);
        refuses(&path, rest);
    }
}

#[test]
#[cfg_attr(
    not(any(feature = "tokio", feature = "smol", feature = "async-std")),
    ignore = "this build has no runtime"
)]
fn a_file_that_cannot_be_read_is_refused_by_its_name() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, path) = config(GOOD);
    refuses(directory.path(), ": is a directory, not a file");
    refuses(&directory.path().join("none.toml"), ": no such file");

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("it is ours");
    if rustix::process::geteuid().is_root() {
        // Root may read everything, except what the kernel has no bytes for.
        #[cfg(target_os = "linux")]
        refuses("/proc/self/mem".as_ref(), ": cannot be read: ");
    } else {
        refuses(&path, ": cannot be opened: Permission denied");
    }

    let sparse = directory.path().join("sparse.toml");
    let file = std::fs::File::create(&sparse).expect("a writable directory");
    file.set_len(1 << 30).expect("a sparse file takes no room");
    refuses(
        &sparse,
        ": is longer than 1048576 bytes (1MiB), the most that is read: shorten it, or start with a higher limits.config_file from the environment or code",
    );
}

/// The table in the documentation of `Config` has every key; so must the file that teaches them.
#[test]
fn the_example_file_shows_every_key_with_its_default() {
    let documentation = include_str!("../../src/config/mod.rs");
    let file = include_str!("../../examples/daemon.toml");
    let mut keys = 0;
    for row in documentation.lines().filter_map(|line| line.strip_prefix("/// | `")) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [key, _, _, default, ..] = cells[..] else {
            panic!("{row:?} is not a row of the table")
        };
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        let default = match key {
            "name" => "\"service\"".to_owned(),
            _ if default.parse::<u64>().is_ok() || ["true", "false"].contains(&default) => {
                default.to_owned()
            }
            _ => format!("{default:?}"),
        };
        let start =
            if section.is_empty() { 0 } else { file.find(&format!("[{section}]\n")).expect(key) };
        let body = &file[start..];
        let body = &body[..body[1..].find("\n[").map_or(body.len(), |at| at + 1)];
        let line = format!("{name} = {default}");
        assert!(body.lines().any(|found| found == line), "[{section}] lacks {line:?}");
        keys += 1;
    }
    assert!(keys >= 9, "the table has moved");
}

#[test]
#[cfg_attr(
    not(any(feature = "tokio", feature = "smol", feature = "async-std")),
    ignore = "this build has no runtime"
)]
fn it_starts_with_the_example_file() {
    let Some(runtime) = runtimes().0.first().copied() else {
        return;
    };
    let text = include_str!("../../examples/daemon.toml");
    let free = text.replace("127.0.0.1:8080", "127.0.0.1:0");
    assert_ne!(text, free);
    let service = Service::start_with(runtime, &free);
    assert_eq!(Client::connect(service.address).get("/").body, "hello\n");
    service.end(Signal::TERM).expect_code(0);
}
