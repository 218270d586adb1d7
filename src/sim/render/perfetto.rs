//! The timeline in the Chrome trace event format.
//!
//! Two processes: the daemon, with a track for itself and one for each subsystem, and the tasks, with a
//! track for each task's polls. No number is that of a process and of a track of another one.

use std::borrow::Cow;

use proc_daemon_runtime::{Instant, TaskName};
use serde::Serialize;
use serde_json::{Value, json};

use crate::backends::sim::{Kind, Record};
use crate::sim::{Life, Moment};
use crate::state::SubsystemState;

/// The daemon's process, and its own track there.
const DAEMON: u32 = 1;
/// How long a poll is drawn, at most: the trace tells when it begins.
const POLL: u64 = 1_000;

#[derive(Serialize)]
struct Event<'a> {
    name: Cow<'a, str>,
    ph: &'static str,
    /// The time in nanoseconds, for the order.
    #[serde(skip)]
    at: u64,
    /// Microseconds, as the format wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    /// How far an instant's line goes: `t` over its track, `p` over its process.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

pub(in crate::sim) fn perfetto(life: &Life) -> String {
    let names = life.subsystems();
    let tracks = Tracks { units: number(names.len()) };
    let last = life.trace().records().last().map_or(Instant::ZERO, Record::at);
    let end = last.since(Instant::ZERO).max(life.lasted());
    let end = Instant::from_epoch(end).as_nanos();
    let mut timed = states(life, tracks, end);
    let known = |moment: &Moment| moment.unit().is_none_or(|unit| unit < tracks.units);
    let moments = life.moments().filter(|(_, moment)| known(moment));
    timed.extend(moments.filter_map(|(at, moment)| instant(at, moment)));
    let tasks = life.tasks();
    timed.extend(polls(life, &tasks, tracks, end));
    timed.sort_by_key(|event| event.at);
    let mut events = metadata(life, &tasks, tracks);
    events.append(&mut timed);
    let trace = Document {
        trace_events: events,
        other_data: json!({
            "seed": life.seed(),
            "policy": life.policy().as_str(),
            "verdict": life.verdict().kind(),
            "trace": format!("{:016x}", life.trace_hash()),
            "records_lost": life.trace().dropped(),
        }),
    };
    serde_json::to_string(&trace).expect("texts and numbers have a form in JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    trace_events: Vec<Event<'a>>,
    other_data: Value,
}

/// The numbers of processes and tracks.
#[derive(Clone, Copy)]
struct Tracks {
    units: u32,
}

impl Tracks {
    const fn unit(unit: u32) -> u32 {
        (DAEMON + 1).saturating_add(unit)
    }

    /// The process of the tasks.
    const fn tasks(self) -> u32 {
        Self::unit(self.units)
    }

    const fn task(self, task: u32) -> u32 {
        self.tasks().saturating_add(1).saturating_add(task)
    }
}

/// Names and order of the tracks. A task that the records do not tell of has none.
fn metadata<'a>(life: &Life, tasks: &[TaskName], tracks: Tracks) -> Vec<Event<'a>> {
    let daemon = match life.seed() {
        Some(seed) => format!("daemon, seed {seed}"),
        None => "daemon, from a tape".to_owned(),
    };
    let mut events = Vec::new();
    let mut meta = |name: &'static str, pid: u32, tid: u32, args: Value| {
        let name = name.into();
        events.push(Event { name, ph: "M", at: 0, ts: None, dur: None, pid, tid, s: None, args });
    };
    for (pid, name) in [(DAEMON, &*daemon), (tracks.tasks(), "tasks")] {
        meta("process_name", pid, pid, json!({ "name": name }));
        meta("process_sort_index", pid, pid, json!({ "sort_index": pid }));
    }
    meta("thread_name", DAEMON, DAEMON, json!({ "name": "daemon" }));
    meta("thread_sort_index", DAEMON, DAEMON, json!({ "sort_index": DAEMON }));
    for (unit, name) in (0..).zip(life.subsystems()) {
        let tid = Tracks::unit(unit);
        meta("thread_name", DAEMON, tid, json!({ "name": name.as_str() }));
        meta("thread_sort_index", DAEMON, tid, json!({ "sort_index": tid }));
    }
    let mut polled = vec![false; tasks.len()];
    for record in life.trace().records().iter().filter(|record| record.kind == Kind::Poll) {
        if let Some(polled) = polled.get_mut(record.task as usize) {
            *polled = true;
        }
    }
    for ((task, name), _) in (0..).zip(tasks).zip(polled).filter(|(_, polled)| *polled) {
        let (pid, tid) = (tracks.tasks(), tracks.task(task));
        meta("thread_name", pid, tid, json!({ "name": format!("#{task} {name}") }));
        meta("thread_sort_index", pid, tid, json!({ "sort_index": tid }));
    }
    events
}

/// The states of every subsystem, without a gap: the first one is known if the trace is whole.
fn states<'a>(life: &Life, tracks: Tracks, end: u64) -> Vec<Event<'a>> {
    let first = (life.trace().dropped() == 0).then_some((0, SubsystemState::Registered));
    let mut open = vec![first; life.subsystems().len()];
    let mut events = Vec::new();
    let mut close = |unit: u32, open: Option<(u64, SubsystemState)>, until: u64| {
        if let Some((since, state)) = open {
            let name = state.as_str().into();
            events.push(slice(name, DAEMON, Tracks::unit(unit), since, until));
        }
    };
    for (at, moment) in life.moments() {
        let Moment::Turned { unit, state } = moment else { continue };
        let Some(open) = open.get_mut(unit as usize) else { continue };
        let at = at.as_nanos();
        close(unit, open.replace((at, state)), at);
    }
    (0..tracks.units).zip(open).for_each(|(unit, open)| close(unit, open, end));
    events
}

/// What is not a state.
fn instant<'a>(at: Instant, moment: Moment) -> Option<Event<'a>> {
    let (name, args): (Cow<'a, str>, Value) = match moment {
        Moment::Turned { .. } => return None,
        Moment::Start => ("start".into(), Value::Null),
        Moment::Shutdown => ("shutdown".into(), Value::Null),
        Moment::Raised(signal) => (format!("{signal} raised").into(), Value::Null),
        Moment::Signal(signal) => (format!("{signal} seen").into(), Value::Null),
        Moment::Ready(true) => ("ready".into(), Value::Null),
        Moment::Ready(false) => ("not ready".into(), Value::Null),
        Moment::Exit => ("exit".into(), Value::Null),
        Moment::Launched { generation, .. } => {
            ("launched".into(), json!({ "generation": generation }))
        }
        Moment::Asked { by, .. } => ("asked".into(), json!({ "by": super::time::readable(by) })),
        Moment::Aborted { .. } => ("abort".into(), Value::Null),
        Moment::Due { at, .. } => ("due".into(), json!({ "at": super::time::readable(at) })),
        Moment::Ended { how, .. } => (format!("ended {how}").into(), Value::Null),
        Moment::Fault { fault, .. } => (format!("fault: {fault}").into(), Value::Null),
    };
    let (tid, s) = moment.unit().map_or((DAEMON, "p"), |unit| (Tracks::unit(unit), "t"));
    let (at, ts) = (at.as_nanos(), Some(micros(at.as_nanos())));
    Some(Event { name, ph: "i", at, ts, dur: None, pid: DAEMON, tid, s: Some(s), args })
}

/// Each poll, until the next one begins at most.
fn polls<'a>(life: &Life, tasks: &'a [TaskName], tracks: Tracks, end: u64) -> Vec<Event<'a>> {
    let polls = life.trace().records().iter().filter(|record| record.kind == Kind::Poll);
    let begins: Vec<(u64, u32, u64)> = polls.map(|poll| (poll.at, poll.task, poll.a)).collect();
    let next = begins.iter().skip(1).map(|(at, ..)| *at).chain([end]);
    let slices = begins.iter().zip(next).map(|((at, task, number), next)| {
        let name = tasks.get(*task as usize).map_or("?", TaskName::as_str);
        let until = next.min(at.saturating_add(POLL));
        let event = slice(name.into(), tracks.tasks(), tracks.task(*task), *at, until);
        Event { args: json!({ "poll": number }), ..event }
    });
    slices.collect()
}

fn slice(name: Cow<'_, str>, pid: u32, tid: u32, at: u64, until: u64) -> Event<'_> {
    let (ts, dur) = (Some(micros(at)), Some(micros(until.saturating_sub(at))));
    Event { name, ph: "X", at, ts, dur, pid, tid, s: None, args: Value::Null }
}

/// Exact to the nanosecond for the first 104 days of a life.
const fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
