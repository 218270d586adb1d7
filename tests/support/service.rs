//! The example `service` as a process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::http::Client;
use super::process::{Exit, Process, Signal};

/// A configuration that can be served: any free port.
pub(crate) const GOOD: &str = "[http]\nlisten = \"127.0.0.1:0\"\ngreeting = \"hello\"\n";

/// The binary, which cargo puts beside the tests. `cargo test` builds it, `cargo test --test ..` does not:
/// then it may be missing, or be what another command with other features has left.
#[track_caller]
pub(crate) fn binary() -> &'static Path {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let profile = test.ancestors().nth(2).expect("it is in target/PROFILE/deps");
        let binary = profile.join("examples").join("service");
        let help = match Command::new(&binary).arg("--help").output() {
            Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
            Err(error) => error.to_string(),
        };
        let expected = in_this_build();
        if help.lines().any(|line| line == expected) {
            return Ok(binary);
        }
        Err(format!(
            "run `cargo build --example service` with the features of the tests first: {} has not said \
             {expected:?}, but\n{help}",
            binary.display()
        ))
    });
    found.as_deref().unwrap_or_else(|problem| panic!("{problem}"))
}

/// The runtimes that this build of the tests has, and those that it lacks.
pub(crate) fn runtimes() -> (Vec<&'static str>, Vec<&'static str>) {
    let all = [
        ("tokio", cfg!(feature = "tokio")),
        ("smol", cfg!(feature = "smol")),
        ("async-std", cfg!(feature = "async-std")),
    ];
    let names = |wanted| all.iter().filter(move |(_, on)| *on == wanted).map(|(name, _)| *name);
    (names(true).collect(), names(false).collect())
}

/// What the binary says about them in its help.
pub(crate) fn in_this_build() -> String {
    let names = runtimes().0.join(", ");
    let names = if names.is_empty() { "none" } else { &names };
    format!("Runtimes in this build: {names}")
}

/// The command, deaf to what the tester's own environment says about logs.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

/// The command with a configuration file and a runtime.
pub(crate) fn command_on(runtime: &str, config: &Path) -> Command {
    let mut command = command();
    command.arg("--config").arg(config).args(["--runtime", runtime]);
    command
}

/// A directory with a `daemon.toml` in it.
pub(crate) fn config(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let path = directory.path().join("daemon.toml");
    std::fs::write(&path, text).expect("a writable directory");
    (directory, path)
}

/// A service that is ready.
pub(crate) struct Service {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    path: PathBuf,
    _directory: TempDir,
}

impl Service {
    /// Starts it and waits until it is ready. It logs everything, requests included.
    #[track_caller]
    pub(crate) fn start(runtime: &str) -> Self {
        Self::start_with(runtime, GOOD)
    }

    #[track_caller]
    pub(crate) fn start_with(runtime: &str, text: &str) -> Self {
        let (directory, path) = config(text);
        let process = Process::spawn(command_on(runtime, &path).env("RUST_LOG", "debug"));
        let listening = process.stdout_line("listening on ").text;
        process.stdout_line("ready");
        let address = listening.trim_start_matches("listening on ").parse();
        let address = address.unwrap_or_else(|_| panic!("no address in {listening:?}"));
        Self { process, address, path, _directory: directory }
    }

    /// Replaces the configuration file.
    #[track_caller]
    pub(crate) fn edit(&self, text: &str) {
        std::fs::write(&self.path, text).expect("the file can be written");
    }

    #[track_caller]
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// A client whose request for `/slow` has arrived, so that it is in flight.
    #[track_caller]
    pub(crate) fn slow_client(&self, ms: u64) -> Client {
        let mut client = self.client();
        client.send_get(&format!("/slow?ms={ms}"));
        self.process.stderr_line("GET \"/slow\"");
        client
    }

    /// Sends `signal` and waits for the end.
    #[track_caller]
    pub(crate) fn end(self, signal: Signal) -> Exit {
        self.process.signal(signal);
        self.process.wait()
    }
}
