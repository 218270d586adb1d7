use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering as Atomic};
use std::task::Wake;
use std::thread;

use futures_lite::future::{block_on, poll_fn};

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Atomic::Relaxed);
    }
}

fn poll<T>(reader: &mut Reader<T>, count: &Arc<Count>) -> Poll<Option<T>> {
    reader.poll_next(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
}

fn rest<T>(reader: &mut Reader<T>) -> Vec<T> {
    std::iter::from_fn(|| reader.try_next()).collect()
}

#[test]
fn a_full_queue_drops_the_oldest_and_counts_it() {
    for (capacity, kept) in [(0, 1), (1, 1), (3, 3), (10, 10), (11, 10)] {
        let fanout = Arc::new(Fanout::default());
        let mut reader = fanout.subscribe(capacity);
        (0..10).for_each(|n| fanout.publish(&n));
        assert_eq!(reader.missed(), 10 - kept, "capacity {capacity}");
        assert_eq!(rest(&mut reader), (10 - kept..10).collect::<Vec<_>>(), "capacity {capacity}");
        // What was read is not in the way.
        fanout.publish(&10);
        assert_eq!((rest(&mut reader), reader.missed()), (vec![10], 10 - kept));
    }
}

#[test]
fn each_reader_has_a_queue_of_its_own() {
    let fanout = Arc::new(Fanout::default());
    let mut readers: Vec<_> = (1..=100).map(|capacity| fanout.subscribe(capacity)).collect();
    (0..100).for_each(|n| fanout.publish(&n));
    for (capacity, reader) in (1..).zip(&mut readers) {
        assert_eq!(reader.missed(), 100 - capacity);
        assert_eq!(rest(reader), (100 - capacity..100).collect::<Vec<_>>());
    }
}

#[test]
fn who_waits_is_woken_once_for_what_comes() {
    let (fanout, count) = (Arc::new(Fanout::default()), Arc::new(Count::default()));
    let mut reader = fanout.subscribe(8);
    assert!(poll(&mut reader, &count).is_pending());
    assert!(poll(&mut reader, &count).is_pending());
    (0..3).for_each(|n| fanout.publish(&n));
    assert_eq!(count.0.load(Atomic::Relaxed), 1);
    for n in 0..3 {
        assert_eq!(poll(&mut reader, &count), Poll::Ready(Some(n)));
    }
    assert!(poll(&mut reader, &count).is_pending());
    fanout.close();
    assert_eq!(count.0.load(Atomic::Relaxed), 2);
    assert_eq!(poll(&mut reader, &count), Poll::Ready(None));
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let (fanout, first, second) =
        (Arc::new(Fanout::default()), Arc::<Count>::default(), Arc::<Count>::default());
    let mut reader = fanout.subscribe(1);
    assert!(poll(&mut reader, &first).is_pending());
    assert!(poll(&mut reader, &second).is_pending());
    assert_eq!(Arc::strong_count(&first), 1, "the waker of the first was dropped");
    fanout.publish(&());
    assert_eq!((first.0.load(Atomic::Relaxed), second.0.load(Atomic::Relaxed)), (0, 1));
}

/// A waker may do anything: here it subscribes, publishes to another and drops its reader.
#[test]
fn wakers_are_called_without_a_lock() {
    struct Nosy(Arc<Fanout<u32>>, Mutex<Option<Reader<u32>>>);
    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {
            let mut own = self.1.lock().take().expect("it is woken once");
            assert_eq!(own.try_next(), Some(7));
            drop(own);
            drop(self.0.subscribe(1));
            self.0.close();
        }
    }
    let fanout = Arc::new(Fanout::default());
    let nosy = Arc::new(Nosy(Arc::clone(&fanout), Mutex::new(Some(fanout.subscribe(1)))));
    let waker = Waker::from(Arc::clone(&nosy));
    let polled = nosy.1.lock().as_mut().unwrap().poll_next(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    fanout.publish(&7);
    assert!(nosy.1.lock().is_none());
}

#[test]
fn what_is_queued_at_the_end_is_read_and_then_there_is_nothing() {
    let (fanout, count) = (Arc::new(Fanout::default()), Arc::new(Count::default()));
    let (mut early, mut other) = (fanout.subscribe(2), fanout.subscribe(2));
    fanout.publish(&1);
    fanout.close();
    assert!(!fanout.is_heard());
    let mut late = fanout.subscribe(2);
    fanout.publish(&2);
    assert_eq!(poll(&mut early, &count), Poll::Ready(Some(1)));
    assert_eq!(poll(&mut early, &count), Poll::Ready(None));
    assert_eq!(poll(&mut early, &count), Poll::Ready(None));
    assert_eq!(poll(&mut late, &count), Poll::Ready(None));
    drop(fanout);
    assert_eq!(poll(&mut other, &count), Poll::Ready(Some(1)));
    assert_eq!(poll(&mut other, &count), Poll::Ready(None));
}

#[test]
fn a_publisher_that_is_dropped_is_the_end() {
    let (fanout, count) = (Arc::new(Fanout::<u32>::default()), Arc::new(Count::default()));
    let mut reader = fanout.subscribe(2);
    assert!(poll(&mut reader, &count).is_pending());
    drop(fanout);
    assert_eq!(count.0.load(Atomic::Relaxed), 1);
    assert_eq!(poll(&mut reader, &count), Poll::Ready(None));
}

#[test]
fn a_dropped_reader_frees_its_queue_and_is_heard_no_more() {
    let (fanout, probe) = (Arc::new(Fanout::default()), Arc::new(()));
    assert!(!fanout.is_heard());
    let (one, two) = (fanout.subscribe(8), fanout.subscribe(8));
    fanout.publish(&probe);
    assert_eq!(Arc::strong_count(&probe), 3);
    drop(one);
    assert_eq!(Arc::strong_count(&probe), 2);
    assert!(fanout.is_heard());
    drop(two);
    assert!(!fanout.is_heard());
    fanout.publish(&probe);
    assert_eq!(Arc::strong_count(&probe), 1);
    assert_eq!(Arc::weak_count(&fanout), 0);
}

/// Leaves while it is being published to: its queue is in the list that the publisher goes through.
#[test]
fn nothing_is_queued_for_who_has_left() {
    let (fanout, probe) = (Arc::new(Fanout::default()), Arc::new(()));
    let reader = fanout.subscribe(8);
    let seen_by_the_publisher = Arc::clone(&fanout.readers.lock().open);
    drop(reader);
    seen_by_the_publisher.iter().for_each(|queue| queue.push(Arc::clone(&probe)));
    assert_eq!(Arc::strong_count(&probe), 1);
}

#[test]
fn a_destructor_that_panics_does_not_reach_the_publisher() {
    #[derive(Clone)]
    struct Bad(bool);
    impl Drop for Bad {
        fn drop(&mut self) {
            assert!(!self.0, "in drop");
        }
    }
    let fanout = Arc::new(Fanout::default());
    let mut reader = fanout.subscribe(1);
    fanout.publish(&*ManuallyDrop::new(Bad(true)));
    fanout.publish(&Bad(false));
    assert_eq!(reader.missed(), 1);
    assert!(reader.try_next().is_some_and(|last| !last.0));
}

/// The readers come, read at their own pace, and go, while one publishes: none sees an item twice or out of
/// order, and of each it knows.
#[test]
fn under_threads_each_item_is_read_once_or_counted() {
    const ITEMS: u64 = 20_000;
    let fanout = Arc::new(Fanout::default());
    let readers = [1, 2, 7, 64, 1024, 4096, 100_000, 100_000].map(|size| fanout.subscribe(size));
    thread::scope(|scope| {
        for (number, mut reader) in readers.into_iter().enumerate() {
            scope.spawn(move || {
                let (mut read, mut next) = (0, 0);
                while let Some(item) = block_on(poll_fn(|cx| reader.poll_next(cx))) {
                    assert!(item >= next, "{item} after {next}");
                    (read, next) = (read + 1, item + 1);
                    if number % 2 == 0 {
                        thread::yield_now();
                    }
                }
                assert_eq!(next, ITEMS, "the last one is never missed");
                assert_eq!(read + reader.missed(), ITEMS);
            });
        }
        let coming_and_going = Arc::clone(&fanout);
        scope.spawn(move || {
            for _ in 0..500 {
                let mut reader = coming_and_going.subscribe(4);
                thread::yield_now();
                let seen: Vec<u64> = rest(&mut reader);
                assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
            }
        });
        (0..ITEMS).for_each(|n| fanout.publish(&n));
        fanout.close();
    });
}
