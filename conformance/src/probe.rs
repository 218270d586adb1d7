//! Whether what a backend declares absent is there all the same.

use std::future::pending;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use proc_daemon_runtime::{OwnedRuntime, Runtime, RuntimeOptions, TaskName, Timer};

use crate::Need;
use crate::told::Told;
use crate::variant::Variant;

/// Looks for `need`, where that takes little. What is built for it has `grace` to end.
pub(crate) fn finds<B: OwnedRuntime>(need: Need, variant: &Variant<B>, grace: Duration) -> bool {
    match need {
        // The row is built so by the suite, not by the backend.
        Need::Workers => false,
        Need::RealTime => passes(variant),
        Need::Stops => stops(variant, grace),
        Need::CurrentThread => builds(variant, &RuntimeOptions::new().current_thread(), grace),
        Need::BlockingCap => {
            let two = NonZeroUsize::MIN.saturating_add(1);
            builds(variant, &variant.options.clone().max_blocking_threads(two), grace)
        }
    }
}

fn builds<B: OwnedRuntime>(
    variant: &Variant<B>,
    options: &RuntimeOptions,
    grace: Duration,
) -> bool {
    variant.build_with(options).is_ok_and(|owned| {
        let _ = owned.shutdown(grace);
        true
    })
}

/// Whether a sleep takes the time that it says: each time, since a busy machine may take it as well.
fn passes<B: OwnedRuntime>(variant: &Variant<B>) -> bool {
    let wanted = Duration::from_millis(300);
    (0..3).all(|_| {
        let Ok(mut owned) = variant.build() else { return false };
        let sleep = owned.handle().timer().sleep(wanted);
        let began = Instant::now();
        owned.block_on(sleep);
        began.elapsed() >= wanted
    })
}

/// Whether a shutdown drops a task.
fn stops<B: OwnedRuntime>(variant: &Variant<B>, grace: Duration) -> bool {
    let Ok(mut owned) = variant.build() else { return false };
    let (started, dropped) = (Told::default(), Told::default());
    let (tell, guard) = (started.clone(), dropped.on_drop());
    owned.handle().spawn(TaskName::literal("parked"), async move {
        let _guard = guard;
        tell.tell();
        pending::<()>().await;
    });
    owned.block_on(started.once());
    let _ = owned.shutdown(grace);
    dropped.wait(Duration::from_millis(20))
}
