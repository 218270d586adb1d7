//! The hook of a value that a constructor has made: it is asked, on the value that runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proc_daemon::{Change, Context, Daemon, Prepared, Result, Spec, Subsystem};

use crate::exact::exactly;

#[derive(serde::Deserialize)]
struct Part {
    n: u64,
}

/// Each has another number.
struct Made(u64);

impl Subsystem for Made {
    fn name(&self) -> &str {
        "made"
    }

    async fn run(&self, ctx: Context) -> Result {
        ctx.cancelled().await;
        Ok(())
    }

    async fn prepare_reload(&self, change: Change) -> Result<Prepared> {
        match change.proposed::<Part>().n {
            7 => Err(format!("number {} refuses", self.0).into()),
            _ => Ok(Prepared::live()),
        }
    }
}

#[test]
fn one_that_a_constructor_has_made_is_asked() {
    exactly(
        |sim| {
            let made = AtomicU64::new(0);
            let made = Arc::new(move || Ok(Made(made.fetch_add(1, Ordering::Relaxed) + 1)));
            let spec = Spec::factory("made", move || made()).with_settings::<Part>("part");
            let daemon = Daemon::new().with_subsystem(spec);
            sim.daemon(daemon).config_text("[part]\nn = 1").script(async |s| {
                s.until_ready().await;
                s.edit_config("[part]\nn = 2");
                let report = s.daemon().reload().await.expect("it takes it live");
                assert_eq!((report.live, report.restarted.len()), (vec!["part.n".to_owned()], 0));
                s.daemon().subsystems().restart("made").await.expect("it runs");
                s.edit_config("[part]\nn = 7");
                let refused = s.daemon().reload().await.unwrap_err();
                assert!(refused.to_string().contains("number 2 refuses"), "{refused}");
            })
        },
        |report| assert!(report.is_clean(), "{report}"),
    );
}
