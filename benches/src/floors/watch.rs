use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use event_listener::Event;
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use proc_daemon::runtime::{AnyRuntime, TaskName};

use crate::bare::Bare;
use crate::gate::FIRST;

/// Who waits is woken, once for each time that it was not waiting.
#[derive(Default)]
struct Bell(AtomicBool, Event);

impl Bell {
    fn ring(&self) {
        self.0.store(true, Ordering::Release);
        self.1.notify(1);
    }

    async fn rung(&self) {
        loop {
            let listener = self.1.listen();
            if self.0.swap(false, Ordering::AcqRel) {
                return;
            }
            listener.await;
        }
    }
}

/// A watch on the file at `path`: what is renamed over it is left alone for `debounce`, read off the workers, published,
/// and one task that waits for it arrives at [`FIRST`]. Dropping what it gives ends the watch.
pub(crate) fn watch<B: Bare>(
    bare: &B,
    path: &Path,
    debounce: Duration,
) -> notify::Result<RecommendedWatcher> {
    let (touched, changed) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (rings, file) = (Arc::clone(&touched), path.to_owned());
    let mut watcher = notify::recommended_watcher(move |told: notify::Result<notify::Event>| {
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        if told.is_ok_and(|event| event.kind == renamed && event.paths.contains(&file)) {
            rings.ring();
        }
    })?;
    watcher.watch(path.parent().unwrap_or(path), RecursiveMode::NonRecursive)?;
    let in_force = Arc::new(ArcSwap::default());
    bare.spawn(reload(
        bare.handle().into(),
        touched,
        path.into(),
        debounce,
        in_force.clone(),
        changed.clone(),
    ));
    bare.spawn(async move {
        loop {
            changed.rung().await;
            if in_force.load().is_empty() {
                continue;
            }
            FIRST.arrive();
        }
    });
    Ok(watcher)
}

async fn reload(
    runtime: AnyRuntime,
    touched: Arc<Bell>,
    path: Arc<Path>,
    debounce: Duration,
    in_force: Arc<ArcSwap<String>>,
    changed: Arc<Bell>,
) {
    loop {
        touched.rung().await;
        runtime.sleep(debounce).await;
        let read = Arc::new(Bell::default());
        let (path, in_force, done) = (Arc::clone(&path), Arc::clone(&in_force), Arc::clone(&read));
        let work = move || {
            if let Ok(text) = fs::read_to_string(path) {
                in_force.store(Arc::new(text));
            }
            done.ring();
        };
        runtime.spawn_blocking(TaskName::literal("read"), Box::new(work));
        read.rung().await;
        changed.ring();
    }
}
