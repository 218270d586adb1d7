//! The timeline as JSON lines: what the life came to, then its moments.

use proc_daemon_runtime::{Instant, TaskName};
use serde::Serialize;

use crate::sim::{Life, Moment};

/// The first line.
#[derive(Serialize)]
struct Meta<'a> {
    /// Null if the choices were read from a tape.
    seed: Option<u64>,
    policy: &'a str,
    verdict: &'a str,
    trace: String,
    /// How many of the oldest records of the trace were not kept, and with them their moments.
    records_lost: u64,
    polls: u64,
    lasted_ns: u64,
    subsystems: Vec<&'a str>,
}

/// Every other line.
#[derive(Serialize)]
struct Line<'a> {
    at_ns: u64,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum What<'a> {
    Start,
    Shutdown,
    Raised {
        signal: &'static str,
    },
    Signal {
        signal: &'static str,
    },
    Ready {
        ready: bool,
    },
    Exit,
    Launched {
        #[serde(flatten)]
        unit: Unit<'a>,
        generation: u32,
    },
    Turned {
        #[serde(flatten)]
        unit: Unit<'a>,
        state: &'static str,
    },
    Asked {
        #[serde(flatten)]
        unit: Unit<'a>,
        /// Null for never.
        by_ns: Option<u64>,
    },
    Aborted {
        #[serde(flatten)]
        unit: Unit<'a>,
    },
    Due {
        #[serde(flatten)]
        unit: Unit<'a>,
        due_ns: u64,
    },
    Ended {
        #[serde(flatten)]
        unit: Unit<'a>,
        how: &'static str,
    },
    Fault {
        #[serde(flatten)]
        unit: Unit<'a>,
        fault: &'static str,
    },
}

#[derive(Serialize)]
struct Unit<'a> {
    /// Null if the number is that of none.
    subsystem: Option<&'a str>,
    unit: u32,
}

pub(in crate::sim) fn json_lines(life: &Life) -> String {
    let mut text = String::new();
    push(
        &mut text,
        &Meta {
            seed: life.seed(),
            policy: life.policy().as_str(),
            verdict: life.verdict().kind(),
            trace: format!("{:016x}", life.trace_hash()),
            records_lost: life.trace().dropped(),
            polls: life.polls(),
            lasted_ns: Instant::from_epoch(life.lasted()).as_nanos(),
            subsystems: life.subsystems().iter().map(TaskName::as_str).collect(),
        },
    );
    for (at, moment) in life.moments() {
        push(&mut text, &Line { at_ns: at.as_nanos(), what: what(life.subsystems(), moment) });
    }
    text
}

fn push(text: &mut String, line: &impl Serialize) {
    let line = serde_json::to_string(line).expect("texts and numbers have a form in JSON");
    text.push_str(&line);
    text.push('\n');
}

fn what(names: &[TaskName], moment: Moment) -> What<'_> {
    let named =
        |unit: u32| Unit { subsystem: names.get(unit as usize).map(TaskName::as_str), unit };
    match moment {
        Moment::Start => What::Start,
        Moment::Shutdown => What::Shutdown,
        Moment::Raised(signal) => What::Raised { signal: signal.name() },
        Moment::Signal(signal) => What::Signal { signal: signal.name() },
        Moment::Ready(ready) => What::Ready { ready },
        Moment::Exit => What::Exit,
        Moment::Launched { unit, generation } => What::Launched { unit: named(unit), generation },
        Moment::Turned { unit, state } => What::Turned { unit: named(unit), state: state.as_str() },
        Moment::Asked { unit, by } => {
            let by_ns = (!by.is_never()).then(|| by.as_nanos());
            What::Asked { unit: named(unit), by_ns }
        }
        Moment::Aborted { unit } => What::Aborted { unit: named(unit) },
        Moment::Due { unit, at } => What::Due { unit: named(unit), due_ns: at.as_nanos() },
        Moment::Ended { unit, how } => What::Ended { unit: named(unit), how },
        Moment::Fault { unit, fault } => What::Fault { unit: named(unit), fault },
    }
}

#[cfg(test)]
mod tests {
    use proc_daemon_runtime::Signal;

    use super::*;
    use crate::state::SubsystemState;

    fn line(moment: Moment) -> String {
        let mut text = String::new();
        push(&mut text, &Line { at_ns: 5, what: what(&["db".into()], moment) });
        text
    }

    #[test]
    fn every_field_of_every_moment_is_written() {
        let (unit, by) = (0, Instant::from_nanos(9));
        let state = SubsystemState::Running;
        let cases = [
            (Moment::Start, r#""what":"start""#),
            (Moment::Shutdown, r#""what":"shutdown""#),
            (Moment::Raised(Signal::Hangup), r#""what":"raised","signal":"SIGHUP""#),
            (Moment::Signal(Signal::Quit), r#""what":"signal","signal":"SIGQUIT""#),
            (Moment::Ready(true), r#""what":"ready","ready":true"#),
            (Moment::Exit, r#""what":"exit""#),
            (
                Moment::Launched { unit, generation: 2 },
                r#""what":"launched",<unit>,"generation":2"#,
            ),
            (Moment::Turned { unit, state }, r#""what":"turned",<unit>,"state":"running""#),
            (Moment::Asked { unit, by }, r#""what":"asked",<unit>,"by_ns":9"#),
            (Moment::Asked { unit, by: Instant::MAX }, r#""what":"asked",<unit>,"by_ns":null"#),
            (Moment::Aborted { unit }, r#""what":"aborted",<unit>"#),
            (Moment::Due { unit, at: by }, r#""what":"due",<unit>,"due_ns":9"#),
            (Moment::Ended { unit, how: "ok" }, r#""what":"ended",<unit>,"how":"ok""#),
            (Moment::Fault { unit, fault: "deaf" }, r#""what":"fault",<unit>,"fault":"deaf""#),
        ];
        for (moment, fields) in cases {
            let fields = fields.replace("<unit>", r#""subsystem":"db","unit":0"#);
            assert_eq!(line(moment), format!("{{\"at_ns\":5,{fields}}}\n"));
        }
    }
}
