//! What a stream of signals has beyond the contract.
#![cfg(unix)]

use proc_daemon_async_io::IoSignals;

#[test]
fn several_pending_signals_come_once_each_and_in_order() {
    use futures_lite::{StreamExt, future::poll_once};
    use proc_daemon_runtime::{Signal, SignalSet, SignalSource};

    let ordered = [Signal::Interrupt, Signal::Terminate, Signal::User2];
    let set: SignalSet = ordered.into_iter().collect();
    let mut stream = IoSignals.listen(set).unwrap();
    for signal in ordered.into_iter().rev().chain(ordered) {
        signal_hook::low_level::raise(signal.number()).unwrap();
    }
    futures_lite::future::block_on(async {
        for signal in ordered {
            assert_eq!(stream.next().await, Some(signal));
        }
        assert!(poll_once(stream.next()).await.is_none());
    });
}
