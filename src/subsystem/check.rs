use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::run::Run;
use super::{Context, Subsystem};
use crate::boxed::Result;
use crate::health::{Health, Probe, ProbeRules};

/// A question to a subsystem: how it is, how often it is asked, and how many answers in a row it takes.
///
/// `Ok` with [`Health::Up`] or [`Health::Degraded`] is a good answer. An error, a panic, and no answer in time are
/// bad ones. One question is open at a time: while it is, no other is asked, and each further period in which it
/// has been open for longer than its timeout is one more bad answer.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::time::Duration;
/// use proc_daemon::{Check, Health, task};
///
/// let connected = Arc::new(AtomicBool::new(true));
/// let readiness = Check::new(move |_ctx| {
///     let connected = connected.load(Ordering::Relaxed);
///     async move { if connected { Ok(Health::Up) } else { Err("no connection".into()) } }
/// });
/// let spec = task("client", |ctx| async move { Ok(ctx.cancelled().await) })
///     .readiness(readiness.every(Duration::from_secs(2)).rise(1));
/// ```
///
/// It is asked on the runtime, in a task of its own, and dropped at its timeout, or when the subsystem is asked to
/// stop or ends: it is cancel-safe, or leaves nothing behind that matters. A check that blocks its thread is not
/// dropped before it returns, and counts as bad meanwhile.
#[derive(Clone)]
#[must_use = "hand it to `Spec::startup`, `readiness` or `liveness`"]
pub struct Check {
    pub(crate) ask: Arc<dyn Ask>,
    every: Option<Duration>,
    timeout: Duration,
    rise: Option<u32>,
    fall: u32,
}

/// How long an answer may take. Kubernetes' `timeoutSeconds`.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Between two questions of a startup check.
const STARTUP_EVERY: Duration = Duration::from_secs(1);
/// So many good answers in a row are up, and so many bad ones down. HAProxy's `rise` and `fall`.
const RISE: u32 = 2;
const FALL: u32 = 3;

impl Check {
    /// Asks by calling `f` with the context of the start that is alive.
    pub fn new<F, Fut>(f: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Health>> + Send + 'static,
    {
        Self::asking(Arc::new(Called(f)))
    }

    pub(super) fn asking(ask: Arc<dyn Ask>) -> Self {
        Self { ask, every: None, timeout: TIMEOUT, rise: None, fall: FALL }
    }

    /// Sets the time from one question to the next. The configuration's `monitoring.health_check_interval_ms` by
    /// default, 1 s for a startup check; below 1 ms is taken as 1 ms.
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = Some(every);
        self
    }

    /// Sets how long an answer may take; 1 s by default. Then it is dropped and has failed.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many good answers in a row mean up; 2 by default, 1 for a startup check.
    pub const fn rise(mut self, answers: u32) -> Self {
        self.rise = Some(answers);
        self
    }

    /// Sets how many bad answers in a row mean down; 3 by default.
    pub const fn fall(mut self, answers: u32) -> Self {
        self.fall = answers;
        self
    }

    pub(crate) const fn answers_within(&self) -> Duration {
        self.timeout
    }

    /// Whether its period is its own.
    pub(crate) const fn sets_period(&self) -> bool {
        self.every.is_some()
    }

    /// What is to be kept to, asked as `probe`; `every` is what the configuration says.
    pub(crate) fn rules(&self, probe: Probe, every: Duration) -> ProbeRules {
        let startup = probe == Probe::Startup;
        let default = if startup { STARTUP_EVERY } else { every };
        let every = self.every.unwrap_or(default);
        ProbeRules {
            // The rest of a start is trusted for one period; readiness is not.
            delay: if probe == Probe::Liveness { every } else { Duration::ZERO },
            every,
            timeout: self.timeout,
            rise: self.rise.unwrap_or(if startup { 1 } else { RISE }),
            fall: self.fall,
        }
    }

    /// What is wrong with it, in words, with the numbers.
    fn issues(&self, probe: Probe) -> impl Iterator<Item = String> {
        let of =
            move |what: &str, why: &str| format!("its {} check: {what}: {why}", probe.as_str());
        let wrong = [
            (self.every == Some(Duration::ZERO), "every 0s", "it would be asked without a pause"),
            (self.timeout.is_zero(), "a timeout of 0s", "no answer could be in time"),
            (self.rise == Some(0), "a rise of 0", "it takes at least 1 good answer"),
            (self.fall == 0, "a fall of 0", "it takes at least 1 bad answer"),
        ];
        wrong.into_iter().filter(|(wrong, ..)| *wrong).map(move |(_, what, why)| of(what, why))
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("every", &self.every)
            .field("timeout", &self.timeout)
            .field("rise", &self.rise)
            .field("fall", &self.fall)
            .finish()
    }
}

/// How a subsystem is watched.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) startup: Option<Check>,
    pub(crate) readiness: Option<Check>,
    pub(crate) liveness: Option<Check>,
    /// Most time between two signs of life.
    pub(crate) heartbeat: Option<Duration>,
}

impl Watch {
    pub(crate) const fn of(&self, probe: Probe) -> Option<&Check> {
        match probe {
            Probe::Startup => self.startup.as_ref(),
            Probe::Readiness => self.readiness.as_ref(),
            Probe::Liveness => self.liveness.as_ref(),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.startup.is_none()
            && self.readiness.is_none()
            && self.liveness.is_none()
            && self.heartbeat.is_none()
    }

    /// What is wrong with it, in words, with the numbers.
    pub(crate) fn issues(&self) -> Vec<String> {
        let checks = Probe::ALL.into_iter().filter_map(|probe| Some((probe, self.of(probe)?)));
        let mut issues: Vec<_> = checks.flat_map(|(probe, check)| check.issues(probe)).collect();
        if self.heartbeat == Some(Duration::ZERO) {
            issues.push("a heartbeat of 0s: no sign of life could be in time".to_owned());
        }
        issues
    }
}

/// The user's check, called.
pub(crate) type BoxCheck = Pin<Box<dyn Future<Output = Result<Health>> + Send>>;

/// What asks. User code runs at the first poll of what this gives, not here: the driver never runs it.
pub(crate) trait Ask: Send + Sync {
    fn ask(self: Arc<Self>, run: &Arc<Run>) -> BoxCheck;
}

/// A function.
struct Called<F>(F);

impl<F, Fut> Ask for Called<F>
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Health>> + Send + 'static,
{
    fn ask(self: Arc<Self>, run: &Arc<Run>) -> BoxCheck {
        let ctx = Context::new(Arc::clone(run));
        Box::pin(async move { (self.0)(ctx).await })
    }
}

/// The value that a constructor made for the start that is alive.
pub(super) struct OfTheValue<S>(PhantomData<fn(S)>);

impl<S: Subsystem> OfTheValue<S> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<S: Subsystem> Ask for OfTheValue<S> {
    fn ask(self: Arc<Self>, run: &Arc<Run>) -> BoxCheck {
        let ctx = Context::new(Arc::clone(run));
        Box::pin(async move {
            match ctx.run().value::<S>() {
                Some(value) => value.health_check(ctx).await,
                None => Err("it has ended".into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct With;
    impl Subsystem for With {
        fn name(&self) -> &str {
            "with"
        }
        async fn run(&self, _: Context) -> Result<()> {
            Ok(())
        }
        async fn health_check(&self, _: Context) -> Result<Health> {
            Ok(Health::Up)
        }
    }

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let second = Duration::from_secs(1);
        let check = Check::asking(Arc::new(OfTheValue::<With>::NEW));
        let rules = |probe| check.rules(probe, 7 * second);
        let base = ProbeRules {
            delay: Duration::ZERO,
            every: 7 * second,
            timeout: second,
            rise: 2,
            fall: 3,
        };
        assert_eq!(rules(Probe::Readiness), base);
        assert_eq!(rules(Probe::Liveness), ProbeRules { delay: 7 * second, ..base });
        assert_eq!(rules(Probe::Startup), ProbeRules { every: second, rise: 1, ..base });
        let issues = Watch { startup: Some(check), ..Watch::default() }.issues();
        assert_eq!(issues, Vec::<String>::new());
    }
}
