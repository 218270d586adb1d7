use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal, TaskName};

/// What became of a life.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It ended, and nothing was wrong.
    Clean,
    /// Nothing was ready and no time was waited for, yet the life had not ended.
    Deadlock(Vec<TaskDump>),
    /// Tasks went on waking each other without a rest.
    Livelock {
        /// The tasks that are alive.
        tasks: Vec<TaskDump>,
        /// Who was polled in the last few polls, whether still alive or not, and how often; most often first.
        lately: Vec<(TaskName, u64)>,
    },
    /// At a rest this task was polled without a reason, and something came of it: it should have been woken.
    LostWakeup(Vec<TaskDump>),
    /// It had not ended at this virtual moment.
    TimeLimit(Duration, Vec<TaskDump>),
    /// It had not ended after so many polls.
    PollLimit(u64, Vec<TaskDump>),
    /// It ended, and these tasks were left.
    Leak(Vec<TaskDump>),
    /// It ended and every task was dropped, and these wait on.
    Orphans(Vec<Orphan>),
    /// Code panicked; not a fault that was injected.
    Panic {
        /// The task, or `script`.
        task: TaskName,
        /// What it said.
        message: String,
    },
    /// A law was broken.
    Violation {
        /// The law's name.
        law: Cow<'static, str>,
        /// What was seen.
        seen: String,
    },
    /// The same seed led to two lives.
    Nondeterminism(String),
    /// A signal arrived whose default action ends the process, and nobody listened to it.
    Killed(Signal),
    /// The life reads the real world, or was not well-formed; it was not begun.
    Refused(String),
}

impl Verdict {
    /// Whether nothing was wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Clean)
    }

    /// What kind of verdict it is, in a word or two: a failure is the same failure if this is the same.
    /// The law's name for a violation.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Clean => "clean",
            Self::Deadlock(_) => "deadlock",
            Self::Livelock { .. } => "livelock",
            Self::LostWakeup(_) => "lost wake-up",
            Self::TimeLimit(..) => "time limit",
            Self::PollLimit(..) => "poll limit",
            Self::Leak(_) | Self::Orphans(_) => "leak",
            Self::Panic { .. } => "panic",
            Self::Violation { law, .. } => law,
            Self::Nondeterminism(_) => "nondeterminism",
            Self::Killed(_) => "killed",
            Self::Refused(_) => "refused",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, tasks): (_, &[TaskDump]) = match self {
            Self::Clean => return f.write_str("clean"),
            Self::Deadlock(tasks) => ("deadlock: nothing will ever happen again", tasks),
            Self::Livelock { tasks, lately } => {
                f.write_str("livelock: tasks wake each other without a rest")?;
                let polls: u64 = lately.iter().map(|(_, count)| count).sum();
                write!(f, "\n  of the last {polls} polls")?;
                for (name, count) in lately {
                    write!(f, "\n    {count} were of `{name}`")?;
                    name.site().map_or(Ok(()), |site| write!(f, ", spawned at {site}"))?;
                }
                ("", tasks)
            }
            Self::TimeLimit(limit, tasks) => {
                write!(f, "time limit: not over after {limit:?} of virtual time")?;
                ("", tasks)
            }
            Self::PollLimit(limit, tasks) => {
                write!(
                    f,
                    "poll limit: not over after {limit} polls; does something tick without end?"
                )?;
                ("", tasks)
            }
            Self::LostWakeup(tasks) => ("lost wake-up: it could go on, and nobody woke it", tasks),
            Self::Leak(tasks) => ("leak: the life is over, and these tasks are left", tasks),
            Self::Orphans(orphans) => {
                f.write_str("leak: the life is over, every task was dropped, and these wait on")?;
                return orphans.iter().try_for_each(|orphan| write!(f, "\n  {orphan}"));
            }
            Self::Panic { task, message } => return write!(f, "panic in `{task}`: {message}"),
            Self::Violation { law, seen } => return write!(f, "violation of `{law}`: {seen}"),
            Self::Nondeterminism(text) => return write!(f, "nondeterminism: {text}"),
            Self::Killed(signal) => {
                return write!(
                    f,
                    "killed: {signal} arrived, nobody listens to it, and its default action ends \
                     the process"
                );
            }
            Self::Refused(text) => return write!(f, "refused: {text}"),
        };
        f.write_str(text)?;
        tasks.iter().try_for_each(|task| write!(f, "\n  {task}"))
    }
}

/// Sleeps or signal listeners that outlived every task: somebody who is none holds them, or they were forgotten.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Orphan {
    /// `sleep` or `signal listener`.
    pub what: &'static str,
    /// How many of them.
    pub count: usize,
    /// The task that polled the sleeps last, or that began to listen; none if no task did.
    pub task: Option<TaskName>,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, count, task } = self;
        let plural = if *count == 1 { "" } else { "s" };
        write!(f, "{count} {what}{plural}")?;
        let Some(task) = task else { return f.write_str(", of no task") };
        write!(f, " of task `{task}`")?;
        match task.site() {
            Some(site) => write!(f, ", spawned at {site}"),
            None => Ok(()),
        }
    }
}

/// One task, as a verdict found it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskDump {
    /// Its number in the life.
    pub id: u32,
    /// Its name.
    pub name: TaskName,
    /// Where it was spawned.
    pub site: Option<&'static Location<'static>>,
    /// How often it was polled.
    pub polls: u32,
    /// When it was polled last.
    pub polled: Option<Instant>,
    /// Whether it waits in the queue.
    pub ready: bool,
    /// Whether it is blocking work.
    pub blocking: bool,
}

impl fmt::Display for TaskDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.blocking { "blocking" } else { "task" };
        write!(f, "{what} #{} `{}`", self.id, self.name)?;
        match self.polled {
            None => f.write_str(", never polled")?,
            Some(at) => write!(f, ", polled {} times, last at {at:?}", self.polls)?,
        }
        if self.ready {
            f.write_str(", ready")?;
        }
        match self.site {
            Some(site) => write!(f, ", spawned at {site}"),
            None => Ok(()),
        }
    }
}
