//! What a panic carried, and values whose destructors panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proc_daemon_runtime::{PanicPayload, catch, discard};

/// Counts its drops, and panics in each.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("in a destructor");
    }
}

#[test]
fn a_payload_tells_its_text() {
    for text in [catch(|| panic!("a literal")), catch(|| panic!("{} text", "a"))] {
        let payload = text.unwrap_err();
        let message = payload.message().unwrap();
        assert_eq!(payload.to_string(), message);
        assert_eq!(format!("{payload:?}"), format!("PanicPayload(Some({message:?}))"));
    }
    let number = PanicPayload::new(Box::new(7));
    assert_eq!(number.message(), None);
    assert_eq!(number.to_string(), "a value that is not text");
    assert_eq!(number.into_inner().downcast_ref(), Some(&7));
}

#[test]
fn a_payload_whose_destructor_panics_harms_nobody() {
    let drops = Arc::new(AtomicUsize::new(0));
    drop(PanicPayload::new(Box::new(Bomb(Arc::clone(&drops)))));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_discarded_is_dropped_once() {
    let drops = Arc::new(AtomicUsize::new(0));
    discard([(); 1].map(|()| Bomb(Arc::clone(&drops))));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}
