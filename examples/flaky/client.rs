use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proc_daemon::{
    Backoff, Context, Daemon, DaemonBuilder, Exit, Health, RestartPolicy, Result, Subsystem,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("credentials refused")]
    #[allow(dead_code, reason = "this server asks for none")]
    Auth,
    #[error("line broke")]
    Io(#[from] io::Error),
}

/// What a simulation replaces.
pub(crate) trait Link: Send + Sync + 'static {
    fn connect(&self) -> impl Future<Output = Result<(), ClientError>> + Send;
    fn recv(&self) -> impl Future<Output = Result<Vec<u8>, ClientError>> + Send;
}

struct Client<L> {
    link: L,
    last_seen: AtomicU64,
}

impl<L: Link> Subsystem for Client<L> {
    fn name(&self) -> &str {
        "client"
    }

    fn restart_policy(&self) -> RestartPolicy {
        let backoff = Backoff::exponential(Duration::from_millis(50), Duration::from_secs(5));
        RestartPolicy::on_failure()
            .backoff(backoff.jitter(0.2))
            .intensity(10, Duration::from_secs(60))
            .unless(|end| matches!(end.find::<ClientError>(), Some(ClientError::Auth)))
    }

    async fn run(&self, ctx: Context) -> Result<()> {
        ctx.timeout(Duration::from_secs(2), self.link.connect()).await??;
        self.last_seen.store(ctx.now().as_nanos(), Ordering::Relaxed);
        ctx.ready();
        while let Ok(message) = ctx.run_until_cancelled(self.link.recv()).await {
            let message = message?;
            self.last_seen.store(ctx.now().as_nanos(), Ordering::Relaxed);
            if message == b"bye" {
                return ctx.end(Exit::DoNotRestart);
            }
        }
        Ok(())
    }

    async fn health_check(&self, ctx: Context) -> Result<Health> {
        let idle = ctx.now().as_nanos() - self.last_seen.load(Ordering::Relaxed);
        if idle > 30_000_000_000 {
            return Err("silent for 30 s".into());
        }
        Ok(Health::Up)
    }
}

pub(crate) fn daemon(link: impl Link) -> DaemonBuilder {
    let client = Client { link, last_seen: AtomicU64::new(0) };
    let spec = client.into_spec().explicit_ready().start_timeout(Duration::from_secs(5));
    Daemon::new().with_subsystem(spec)
}
