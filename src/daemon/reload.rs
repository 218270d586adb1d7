use std::future::{Future, poll_fn};
use std::task::ready;

use super::Daemon;
use crate::reload::{ReloadError, ReloadPlan, ReloadReport};
use crate::subsystem::Report;
use crate::sync::reply;

/// # Reloads
///
/// SIGHUP, a change of the watched file and [`reload`](Daemon::reload) are one path, one at a time: what is asked for
/// while a reload is under way is one more after it, which reads what is there then.
impl Daemon {
    /// Reads the configuration again, shows it to the subsystems, publishes it, and resolves when those that restart
    /// are ready. Nothing has changed if it is not as it should be, a subsystem refuses it, or only a new process could
    /// take it; if a subsystem does not become ready with it, the one before is published again.
    ///
    /// The request is in when this returns; the future only waits. Cancel-safe. Before the daemon is ready it is put
    /// off, unless the start fails or takes longer than 30 s.
    ///
    /// # Errors
    ///
    /// See [`ReloadErrorKind`](crate::ReloadErrorKind).
    pub fn reload(&self) -> impl Future<Output = Result<ReloadReport, ReloadError>> + Send + use<> {
        let (sender, mut receiver) = reply();
        self.inner.mailbox.post(Report::Reload(sender));
        poll_fn(move |cx| {
            let answer = ready!(receiver.poll_receive(cx));
            answer.unwrap_or_else(|| Err(ReloadError::shutting_down())).into()
        })
    }

    /// Reads the configuration again and says what a reload would do, without asking anybody: `2 live, 1 restart:
    /// http, 0 process`. Cancel-safe.
    ///
    /// ```
    /// use proc_daemon::sim::Sim;
    /// use proc_daemon::{Daemon, task};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Http { port: u16 }
    ///
    /// let http = task("http", |ctx| async move { Ok(ctx.cancelled().await) }).with_settings::<Http>("http");
    /// let life = Sim::new(7)
    ///     .daemon(Daemon::new().with_subsystem(http))
    ///     .config_text("[http]\nport = 80")
    ///     .script(|stage| async move {
    ///         stage.until_ready().await;
    ///         stage.edit_config("[http]\nport = 8080\n[logging]\nlevel = 'debug'");
    ///         let plan = stage.daemon().plan_reload().await.expect("it can be used");
    ///         assert_eq!(plan.to_string(), "1 live, 1 restart: http, 0 process");
    ///         assert_eq!(plan.restart[0].1, ["http.port"]);
    ///         assert_eq!(stage.daemon().status().config_generation, 1);
    ///     });
    /// assert!(life.expect_clean().is_clean());
    /// ```
    ///
    /// # Errors
    ///
    /// What was read cannot be used, there is nothing to read, or the daemon does not run.
    pub fn plan_reload(
        &self,
    ) -> impl Future<Output = Result<ReloadPlan, ReloadError>> + Send + use<> {
        let (sender, mut receiver) = reply();
        self.inner.mailbox.post(Report::PlanReload(sender));
        poll_fn(move |cx| {
            let answer = ready!(receiver.poll_receive(cx));
            answer.unwrap_or_else(|| Err(ReloadError::shutting_down())).into()
        })
    }
}
