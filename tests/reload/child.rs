//! The daemons of the processes that are watched. Each says `up` when it runs.

use std::future::pending;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proc_daemon::{
    Change, Check, Config, Context, Daemon, DaemonBuilder, Health, Prepared, Result, Signal,
    SignalConfig, Spec, task,
};

use crate::rows;
use crate::support::process::Process;
use crate::world::Part;

/// What is said once where the system cannot watch.
pub(crate) const FALLBACK: &str = "the configuration's files cannot be watched: ";

/// Far beyond every limit.
const HOUR: Duration = Duration::from_secs(3600);

/// What a process of this binary is to be, if it is not the tests.
pub(crate) fn of(mut words: impl Iterator<Item = String>) -> Option<ExitCode> {
    if words.next()? != "child" {
        return None;
    }
    let mut next = || words.next().expect("child SCENARIO ROW");
    let (scenario, row) = (next(), next());
    #[cfg(all(target_os = "linux", feature = "config-watch"))]
    if scenario == "polled" {
        crate::log::install_aloud();
        crate::polling::live(&row);
        return Some(ExitCode::SUCCESS);
    }
    Some(rows::main_on(&row, daemon(&scenario)))
}

/// The command that makes this binary the daemon of `scenario` on `row`, with this file.
pub(crate) fn command(scenario: &str, row: &str, file: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
    command.args(["child", scenario, row]).env("FILE", file);
    command.env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
    command
}

/// Starts it and waits until it is up.
#[track_caller]
pub(crate) fn start(mut command: Command) -> Process {
    let process = Process::spawn(&mut command);
    process.stdout_line("up");
    process
}

fn daemon(scenario: &str) -> DaemonBuilder {
    let file = std::env::var_os("FILE").expect("the test gives a path");
    let daemon = Daemon::builder(Config::file(file))
        .with_signal_config(signals())
        .with_settings::<Part>("part")
        .with_task("follows", follows);
    match scenario {
        "follows" => daemon,
        "deaf" => daemon.with_task("deaf", |_| pending()),
        "patient" => daemon.with_subsystem(task("deaf", |_| pending()).grace(HOUR)),
        "slow" => daemon.with_task("slow", slow),
        "blocked" => daemon
            .with_subsystems((0..4).map(|n| task(format!("blocked-{n}"), blocks).after("follows"))),
        "checked" => daemon.with_subsystem(checked()).with_task("clock", clock),
        "hook-hangs" => daemon.with_subsystem(owner(idle).on_reload(hangs)),
        "hook-blocks" => daemon.with_subsystem(owner(idle).on_reload(hook_blocks)),
        "hooks-block" => daemon.with_subsystem(owner(idle)).with_subsystems(
            (0..4).map(|n| task(format!("asked-{n}"), idle).on_reload(hook_blocks)),
        ),
        "picky" => daemon.with_subsystem(owner(picky).explicit_ready().on_reload(picks)),
        "start-hangs" => daemon.with_subsystem(owner(start_hangs).explicit_ready()),
        "start-is-deaf" => daemon.with_subsystem(owner(start_is_deaf).explicit_ready()),
        other => panic!("no scenario named {other}"),
    }
}

/// `SIGUSR1` reloads and says what came of it; `SIGUSR2` has it say the number, and log a line on each level.
fn signals() -> SignalConfig {
    let (reloads, talks) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    SignalConfig::new()
        .with_custom_handler(Signal::User1, move |_, ctx: Context| {
            let count = reloads.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                match ctx.daemon().reload().await {
                    Ok(report) => println!("reload {count}: {report}"),
                    Err(error) => println!("reload {count}: {error}"),
                }
                Ok(())
            }
        })
        .with_custom_handler(Signal::User2, move |_, ctx: Context| {
            let count = talks.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                tracing::debug!("a debug line {count}");
                tracing::info!("an info line {count}");
                tracing::warn!("a warn line {count}");
                tracing::error!("an error line {count}");
                println!("talk {count}: n = {}", ctx.settings::<Part>().n);
                Ok(())
            }
        })
}

async fn follows(ctx: Context) -> Result {
    ctx.daemon().ready().await;
    println!("up");
    loop {
        println!("n = {}", ctx.settings::<Part>().n);
        ctx.config_changed().await?;
    }
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// Takes a second to end.
async fn slow(ctx: Context) -> Result {
    ctx.cancelled().await;
    ctx.runtime().sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// Holds a worker when it is asked to stop.
async fn blocks(ctx: Context) -> Result {
    ctx.cancelled().await;
    std::thread::sleep(HOUR);
    Ok(())
}

fn checked() -> Spec {
    let asked = Arc::new(AtomicU32::new(0));
    let check = Check::new(move |_| {
        let count = asked.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            println!("asked {count}");
            Ok(Health::Up)
        }
    });
    task("checked", idle).liveness(check)
}

/// Ticks as often as a check is asked.
async fn clock(ctx: Context) -> Result {
    for count in 1.. {
        ctx.sleep(Duration::from_millis(10)).await?;
        println!("tick {count}");
    }
    Ok(())
}

/// A section of its own.
#[derive(serde::Deserialize)]
struct Own {
    n: u64,
}

fn owner<Fut>(run: impl Fn(Context) -> Fut + Send + Sync + 'static) -> Spec
where
    Fut: Future<Output = Result> + Send + 'static,
{
    task("owner", run).with_settings::<Own>("own")
}

/// Refuses 13, agrees to 14 and cannot start with it, and starts again with any other number.
async fn picks(change: Change) -> Result<Prepared> {
    match change.proposed::<Own>().n {
        13 => Err("13 is no number for me".into()),
        _ => Ok(Prepared::default()),
    }
}

async fn picky(ctx: Context) -> Result {
    let n = ctx.settings::<Own>().n;
    if n == 14 {
        return Err("there is no start with 14".into());
    }
    println!("start {}: {n}", ctx.generation());
    ctx.ready();
    idle(ctx).await
}

async fn hangs(_: Change) -> Result<Prepared> {
    println!("asked");
    pending().await
}

/// Holds a worker.
async fn hook_blocks(_: Change) -> Result<Prepared> {
    println!("asked");
    std::thread::sleep(HOUR);
    Ok(Prepared::live())
}

/// Its second start is never ready, and ends when it is asked to.
async fn start_hangs(ctx: Context) -> Result {
    if ctx.settings::<Own>().n == 1 {
        ctx.ready();
    } else {
        println!("starting");
    }
    idle(ctx).await
}

/// Its second start is never ready, and does not listen.
async fn start_is_deaf(ctx: Context) -> Result {
    if ctx.settings::<Own>().n == 1 {
        ctx.ready();
        return idle(ctx).await;
    }
    println!("starting");
    pending().await
}
