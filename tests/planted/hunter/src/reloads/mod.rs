//! Daemons whose configuration is edited while they live: what is to become of each edit is known, or anything goes.

mod asked;
mod known;
mod paced;
mod read;
mod walk;

use std::future::pending;
use std::sync::{Arc, Mutex, OnceLock};

use proc_daemon::sim::{Life, Sim};
use proc_daemon::{
    Change, Context, Daemon, DaemonBuilder, Prepared, ReloadError, ReloadErrorKind, ReloadReport,
    Result, Spec, task,
};

use crate::kinds::MS;

pub(crate) fn life(sim: Sim) -> Life {
    match sim.choose(23, "edit") {
        0..6 => asked::life(sim),
        6..8 => known::stopped(sim),
        8 => known::again(sim),
        9 => known::early(sim),
        10 => known::stranded(sim),
        11 => known::tuned(sim),
        12..14 => read::touched(sim),
        14..16 => read::unusable(sim),
        16 => read::unread(sim),
        17 => read::told(sim),
        18..21 => paced::life(sim),
        _ => walk::life(sim),
    }
}

#[derive(serde::Deserialize)]
struct Part {
    n: u64,
    /// The same number: another one is a part of another configuration.
    twin: u64,
    /// What the hook answers.
    hook: String,
    /// What a start does.
    start: String,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn text(name: &str, n: u64, hook: &str, start: &str) -> String {
    format!("[{name}]\nn = {n}\ntwin = {n}\nhook = '{hook}'\nstart = '{start}'\n")
}

/// All parts, with this number and an answer that goes on.
fn live(parts: usize, n: u64) -> String {
    NAMES[..parts].iter().map(|name| text(name, n, "live", "")).collect()
}

/// What the parts of a daemon have seen.
#[derive(Clone, Default)]
struct Notes {
    daemon: Arc<OnceLock<Daemon>>,
    /// Which part, in which start, and its number there.
    seen: Arc<Mutex<Vec<(&'static str, u64, u64)>>>,
    /// Whose commit was called, and the number in force then.
    commits: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

impl Notes {
    /// A subsystem that owns the section of its name.
    fn spec(&self, name: &'static str) -> Spec {
        let (notes, asked) = (self.clone(), self.clone());
        let spec = task(name, move |ctx| run(ctx, name, notes.clone()));
        let spec = spec.explicit_ready().with_settings::<Part>(name);
        spec.on_reload(move |change| hook(change, name, asked.clone()))
    }

    fn last(&self, name: &str) -> Option<(u64, u64)> {
        let seen = self.seen.lock().unwrap();
        seen.iter().rev().find(|seen| seen.0 == name).map(|seen| (seen.1, seen.2))
    }
}

async fn run(ctx: Context, name: &'static str, notes: Notes) -> Result {
    match ctx.settings::<Part>().start.as_str() {
        "fail" => return Err("it cannot start with that".into()),
        "slow" => ctx.sleep(3000 * MS).await?,
        _ => {}
    }
    loop {
        let part = ctx.settings::<Part>();
        // Parts of two configurations have no number.
        let n = if part.n == part.twin { part.n } else { u64::MAX };
        notes.seen.lock().unwrap().push((name, ctx.generation(), n));
        ctx.ready();
        ctx.config_changed().await?;
    }
}

async fn hook(change: Change, name: &'static str, notes: Notes) -> Result<Prepared> {
    let proposed = change.proposed::<Part>();
    Ok(match proposed.hook.as_str() {
        "live" => Prepared::live(),
        "commit" => Prepared::commit(move || {
            let daemon = notes.daemon.get().expect("the script has begun");
            let in_force = daemon.config_snapshot().settings::<Part>(name).expect("it was read");
            notes.commits.lock().unwrap().push((name, in_force.n));
        }),
        "break" => Prepared::commit(|| panic!("in the commit")),
        "restart" => Prepared::restart(),
        "refuse" => return Err("not that".into()),
        "panic" => panic!("in the hook"),
        "hang" => pending().await,
        _ => Prepared::default(),
    })
}

async fn idle(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// A daemon of so many parts, each of which may depend on the one before.
fn daemon(sim: &Sim, parts: usize, notes: &Notes) -> DaemonBuilder {
    let mut daemon = Daemon::new().with_task("companion", idle);
    // The last is declared first: the order of declaration is not that of the commits.
    for place in (0..parts).rev() {
        let spec = notes.spec(NAMES[place]).optional();
        daemon = daemon.with_subsystem(match place.checked_sub(1).map(|before| NAMES[before]) {
            Some(before) if sim.choose(3, "depends") > 0 => spec.requires(before),
            Some(before) => spec.after(before),
            None => spec,
        });
    }
    daemon
}

fn kind(done: &Result<ReloadReport, ReloadError>) -> Option<ReloadErrorKind> {
    done.as_ref().err().map(ReloadError::kind)
}
