use std::future::Future;
use std::thread;
use std::time::Duration;

use futures_lite::future::or;

use crate::told::Told;

/// Awaits `future` for at most `bound`, and gives nothing if it is still pending then.
///
/// The watch is a thread of its own: neither the timer nor a wake of the backend under test is relied on to end it.
pub(crate) async fn within<T>(bound: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (over, late) = (Told::default(), Told::default());
    let _over = over.on_drop();
    let tell = late.clone();
    thread::spawn(move || {
        if !over.wait(bound) {
            tell.tell();
        }
    });
    let in_time = async { Some(future.await) };
    let late = async {
        late.once().await;
        None
    };
    or(in_time, late).await
}
