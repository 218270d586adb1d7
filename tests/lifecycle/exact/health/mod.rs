//! Health: when subsystems are asked, and what becomes of the answers.

mod checks;
mod ends;
mod own;
mod pace;
mod readiness;
mod refused;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proc_daemon::sim::Stage;
use proc_daemon::{Backoff, Check, Context, Health, HealthState, RestartPolicy, Result};

use super::{MS, SECOND};
use crate::Diary;

/// Starts again 100 ms after a failure.
pub(super) fn again() -> RestartPolicy {
    RestartPolicy::on_failure().backoff(Backoff::constant(100 * MS).jitter(0.0))
}

/// Answers by the signs of `script`, the last one for ever: `+` is up, `~` degraded, `-` an error, `0` nothing,
/// `!` a panic, `?` no answer. Notes when it was asked.
pub(super) fn scripted(diary: &Diary, script: &'static str) -> Check {
    let (diary, asked) = (diary.clone(), Arc::new(AtomicUsize::new(0)));
    Check::new(move |ctx| {
        let number = asked.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
        let (sign, diary) = (script.as_bytes()[number], diary.clone());
        async move {
            diary.at(&ctx, &char::from(sign).to_string());
            answer(sign).await
        }
    })
}

async fn answer(sign: u8) -> Result<Health> {
    match sign {
        b'+' => Ok(Health::Up),
        b'~' => Ok(Health::Degraded("slow disk".into())),
        b'-' => Err("no progress".into()),
        b'0' => Ok(Health::Unmonitored),
        b'!' => panic!("in the check"),
        _ => std::future::pending().await,
    }
}

/// Notes each start, and runs until it is asked to stop.
fn noting(diary: &Diary) -> impl Fn(Context) -> BoxRun + Send + Sync + 'static + use<> {
    let diary = diary.clone();
    move |ctx| {
        let diary = diary.clone();
        Box::pin(async move {
            diary.at(&ctx, "start");
            ctx.cancelled().await;
            diary.at(&ctx, "asked");
            Ok(())
        })
    }
}

type BoxRun = std::pin::Pin<Box<dyn Future<Output = Result> + Send>>;

/// What the status shows of the subsystem's health.
fn health(s: &Stage, name: &str) -> Option<HealthState> {
    let status = s.daemon().status();
    let found = status.subsystems.iter().find(|known| known.name == name);
    found.expect("it is there").health
}
