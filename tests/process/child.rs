//! The daemons that the tests watch. Each says `up` on stdout when it runs.

use std::future::pending;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use proc_daemon::signal::Action;
use proc_daemon::{
    Config, ConfigSource, Context, Daemon, DaemonBuilder, Result, Signal, SignalConfig, task,
};

use crate::rows;

pub(crate) fn run(scenario: &str, row: &str) -> ExitCode {
    let daemon = match scenario {
        "idle" => Daemon::new().with_task("idle", idle),
        "deaf" => with_kill(30).with_task("deaf", deaf),
        "sleeps" => blocking(row, || std::thread::sleep(Duration::from_secs(60))),
        "spins" => blocking(row, || {
            loop {
                std::hint::spin_loop();
            }
        }),
        "fills-stderr" => blocking(row, fill_stderr),
        "blocked-long" => block_every_worker(with_kill(30), row, || {
            std::thread::sleep(Duration::from_secs(60));
        }),
        "handler" => with_handler(),
        "quick-handler" => with_quick_handler(),
        "no-sighup" => idle_with(SignalConfig::new().without(Signal::Hangup)),
        "sighup-back" => idle_with(SignalConfig::new().without(Signal::Hangup).with_sighup()),
        "sighup-reloads" => {
            idle_with(SignalConfig::new().on(Signal::Hangup, Action::Ignore).with_sighup())
        }
        "no-sigint" => idle_with(SignalConfig::new().without_sigint()),
        "no-sigterm" => idle_with(SignalConfig::new().without_sigterm()),
        "ignore" => idle_with(SignalConfig::new().on(Signal::Terminate, Action::Ignore)),
        "force" => idle_with(SignalConfig::new().on(Signal::Terminate, Action::Force)),
        "nginx" => idle_with(SignalConfig::nginx()),
        "only-term" => Daemon::new().with_signals(true, false).with_task("idle", idle),
        "no-signals" => Daemon::new().without_signals().with_task("idle", idle),
        "quiet-file" => Daemon::builder(ConfigSource::text("[logging]\nlevel = 'warn'\n"))
            .with_task("talker", talker),
        "talker" => Daemon::new().with_task("talker", talker),
        "own-subscriber" => {
            tracing_subscriber::fmt().with_writer(std::io::stdout).with_ansi(false).init();
            Daemon::new().with_task("talker", talker)
        }
        "main-code" => return after_main(row),
        "after-main" => return linger(row),
        "tokio-main-stuck" => return tokio_main(with_kill(2)),
        "workers" => return print_workers(),
        "adopted" => return adopted(row, Daemon::new().with_task("idle", idle)),
        "adopted-deaf" => return adopted(row, with_kill(30).with_task("deaf", deaf)),
        "adopted-stuck" => {
            let daemon = blocking(row, || std::thread::sleep(Duration::from_secs(60)));
            return adopted(row, daemon.exit_when_stuck(true));
        }
        other => panic!("no scenario named {other}"),
    };
    rows::main_on(row, daemon)
}

fn up() {
    println!("up");
}

async fn idle(ctx: Context) -> Result {
    up();
    ctx.cancelled().await;
    Ok(())
}

/// Never listens, and can be dropped.
async fn deaf(_: Context) -> Result {
    up();
    pending().await
}

async fn talker(_: Context) -> Result {
    tracing::debug!("a debug line");
    tracing::info!("an info line");
    tracing::warn!("a warn line");
    Ok(())
}

fn idle_with(signals: SignalConfig) -> DaemonBuilder {
    with_kill(30).with_signal_config(signals).with_task("idle", idle)
}

fn with_kill(seconds: u64) -> DaemonBuilder {
    let config = Config::builder().kill_timeout(Duration::from_secs(seconds)).build();
    Daemon::builder(config)
}

/// A budget of 2 s, and one blocked subsystem more than there are workers.
fn blocking(row: &str, block: fn()) -> DaemonBuilder {
    block_every_worker(with_kill(2), row, block)
}

fn block_every_worker(daemon: DaemonBuilder, row: &str, block: fn()) -> DaemonBuilder {
    let blocked = (0..=rows::workers(row)).map(|n| {
        task(format!("blocked-{n}"), move |ctx: Context| async move {
            ctx.cancelled().await;
            block();
            Ok(())
        })
    });
    let last = task("last", idle).after("blocked-0");
    daemon.with_subsystems(blocked).with_subsystem(last)
}

/// Blocks in a write to stderr, holding its lock: nobody reads the pipe.
fn fill_stderr() {
    let mut stderr = std::io::stderr().lock();
    loop {
        let _ = stderr.write_all(&[b'x'; 4096]);
    }
}

/// Calls itself for SIGUSR2, slowly the first time.
fn with_handler() -> DaemonBuilder {
    let signals =
        SignalConfig::new().with_custom_handler(Signal::User2, |signal, ctx| async move {
            println!("{signal} in {}", ctx.name());
            ctx.sleep(Duration::from_secs(3600)).await?;
            Ok(())
        });
    idle_with(signals)
}

/// Writes a line for each SIGUSR2, and returns.
fn with_quick_handler() -> DaemonBuilder {
    idle_with(SignalConfig::new().with_custom_handler(Signal::User2, |signal, _| async move {
        println!("{signal} handled");
        Ok(())
    }))
}

fn adopted(row: &str, daemon: DaemonBuilder) -> ExitCode {
    let code = rows::adopted(row, daemon);
    println!("still here, {code}");
    code.into()
}

/// After `main`, a program that takes its time.
fn linger(row: &str) -> ExitCode {
    let code = rows::main_on(row, Daemon::new().with_task("job", |_| async { Ok(()) }));
    println!("after main");
    std::thread::sleep(Duration::from_secs(60));
    code
}

/// As `#[tokio::main]` does: the runtime's end waits for what blocks a worker.
fn tokio_main(daemon: DaemonBuilder) -> ExitCode {
    let daemon = block_every_worker(daemon, "tokio-1", || {
        std::thread::sleep(Duration::from_secs(60));
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(daemon.exit_when_stuck(true).run_to_report()).into()
}

/// The number of workers is the file's.
fn print_workers() -> ExitCode {
    Daemon::builder(ConfigSource::text("name = 'web'\n[performance]\nworker_threads = 3\n"))
        .with_task("count", |_| async {
            println!("{} workers", tokio::runtime::Handle::current().metrics().num_workers());
            Ok(())
        })
        .main_on::<proc_daemon_tokio::Tokio>()
}

/// What a program does after `main` is its own.
fn after_main(row: &str) -> ExitCode {
    let code = rows::main_on(row, Daemon::new().with_task("job", |_| async { Ok(()) }));
    println!("after main");
    code
}
