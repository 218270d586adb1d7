//! The rows: every runtime, in every way it can be built.

/// Makes one test of each body for each row.
#[macro_export]
macro_rules! on_every_runtime {
    ($($test:ident),+ $(,)?) => {
        $crate::row!(tokio, proc_daemon_tokio::Tokio, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(tokio_one_worker, proc_daemon_tokio::Tokio,
            proc_daemon::RuntimeOptions::new().workers(1), $($test),+);
        $crate::row!(tokio_current_thread, proc_daemon_tokio::Tokio,
            proc_daemon::RuntimeOptions::new().current_thread(), $($test),+);
        $crate::row!(async_std, proc_daemon_async_std::AsyncStd, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(smol, proc_daemon_smol::Smol, proc_daemon::RuntimeOptions::new(), $($test),+);
        $crate::row!(smol_current_thread, proc_daemon_smol::Smol,
            proc_daemon::RuntimeOptions::new().current_thread(), $($test),+);
    };
}

/// One row.
#[macro_export]
macro_rules! row {
    ($name:ident, $runtime:ty, $options:expr, $($test:ident),+) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    super::$test(&$crate::Row::<$runtime> {
                        options: $options,
                        _runtime: std::marker::PhantomData,
                    });
                }
            )+
        }
    };
}
