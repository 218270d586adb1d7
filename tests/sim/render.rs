//! The three forms of a timeline, of a life that is the same in every run.

use std::collections::BTreeMap;
use std::time::Duration;

use proc_daemon::sim::{Faults, Kind, Life, Moment, Policy, Sim, subsystem};
use proc_daemon::{Config, Context, Daemon, DaemonBuilder, Result, Signal, task};
use serde_json::Value;

use crate::shape;

const MS: Duration = Duration::from_millis(1);

/// Needs some time to be ready, and some to end.
async fn db(ctx: Context) -> Result {
    ctx.runtime().sleep(40 * MS).await;
    ctx.ready();
    ctx.cancelled().await;
    ctx.runtime().sleep(5 * MS).await;
    Ok(())
}

async fn cache(ctx: Context) -> Result {
    ctx.cancelled().await;
    Ok(())
}

/// Has a request in flight when it is asked to stop.
async fn http(ctx: Context) -> Result {
    let request = ctx.in_flight();
    ctx.cancelled().await;
    let runtime = ctx.runtime().clone();
    let answer = async move {
        runtime.sleep(30 * MS).await;
        drop(request);
    };
    ctx.spawn(answer).detach();
    Ok(())
}

fn daemon() -> DaemonBuilder {
    let config = Config::builder().shutdown_timeout(500 * MS).build().expect("a configuration");
    Daemon::builder(config)
        .with_subsystem(task("db", db).explicit_ready())
        .with_subsystem(task("cache", cache).requires("db"))
        .with_subsystem(task("http", http).requires("cache"))
}

/// A start, ten seconds, and `SIGTERM`.
fn lived(faults: Faults) -> Life {
    let sim = Sim::new(7).policy(Policy::Fifo).poll_cost(Duration::ZERO).lateness(Duration::ZERO);
    sim.daemon(daemon()).faults(faults).script(|stage| async move {
        stage.until_ready().await;
        stage.advance(10_000 * MS).await;
        stage.raise(Signal::Terminate);
        stage.finish().await;
    })
}

fn life() -> Life {
    lived(Faults::none())
}

/// `http` takes longer to stop than it may.
fn slow_life() -> Life {
    lived(Faults::none().slow_stop(subsystem("http"), 600 * MS..=600 * MS))
}

/// Whole; the text that is expected begins on a line of its own.
fn is(text: &str, expected: &str) {
    assert_eq!(text, expected.trim_start_matches('\n'), "\n{text}");
}

#[test]
fn lanes_show_a_life_from_its_start_to_its_end() {
    is(
        &life().lanes(99),
        "
   time  daemon          db          cache       http
───────  ──────────────  ──────────  ──────────  ──────────
      0  start           ┌ start       waiting     waiting
   40ms                  ├ running   ┌ start
                         │           ├ running   ┌ start
         ready           │           │           ├ running
 10.04s  SIGTERM raised  │           │           │
         SIGTERM seen    │           │           │
         shutdown        │           │           │
         not ready       │           │           ├ asked
                         │           │           ├ draining
 10.07s                  │           │           ├ stopping
                         │           ├ asked     └ ended ok
                         │           ├ stopping
                         ├ asked     └ ended ok
                         ├ stopping
10.075s  exit            └ ended ok
",
    );
}

#[test]
fn the_last_rows_have_the_bars_of_those_who_were_alive_before_them() {
    [life(), slow_life()].iter().for_each(cut_rows_are_those_of_the_whole);
    is(
        &slow_life().lanes(9),
        "
(earlier rows left out: 8)
   time  daemon  db          cache       http
───────  ──────  ──────────  ──────────  ───────────────
 10.04s          │           │           ├ draining
                 │           │           ├ * slow stop
 10.07s          │           │           ├ stopping
 10.54s          │           │           ├ abort!
                 │           ├ asked     └ ended aborted
                 │           ├ stopping
                 ├ asked     └ ended ok
                 ├ stopping
10.545s  exit    └ ended ok
",
    );
}

/// However many rows are left out, the others are as they would be with them.
fn cut_rows_are_those_of_the_whole(life: &Life) {
    let whole = life.lanes(usize::MAX);
    let rows: Vec<&str> = whole.lines().skip(2).collect();
    for count in 1..rows.len() {
        let cut = life.lanes(count);
        let lines: Vec<&str> = cut.lines().collect();
        assert_eq!(lines[0], format!("(earlier rows left out: {})", rows.len() - count));
        assert_eq!(lines.len(), 3 + count);
        for (line, row) in lines[3..].iter().zip(&rows[rows.len() - count..]) {
            assert_eq!(bars(line), bars(row), "\n{cut}");
        }
    }
}

/// What is in a row, without the time and however wide the columns are.
fn bars(row: &str) -> Vec<&str> {
    row.split_whitespace().skip_while(|word| word.starts_with(char::is_numeric)).collect()
}

fn lines(life: &Life) -> Vec<Value> {
    let text = life.json_lines();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_first_json_line_says_what_the_life_came_to() {
    let life = life();
    let first = &lines(&life)[0];
    let texts = ["policy", "verdict", "trace"].map(|field| first[field].as_str().expect("a text"));
    assert_eq!(texts, ["fifo", "clean", &format!("{:016x}", life.trace_hash())]);
    assert_eq!((&first["seed"], &first["polls"]), (&7.into(), &life.polls().into()));
    assert_eq!(first["lasted_ns"].to_string(), life.lasted().as_nanos().to_string());
    assert_eq!(first["subsystems"], serde_json::json!(["db", "cache", "http"]));
}

#[test]
fn every_moment_is_a_json_line() {
    let mut met = Vec::new();
    for life in [life(), slow_life()] {
        let lines = lines(&life);
        let moments: Vec<_> = life.moments().collect();
        assert_eq!(lines.len(), moments.len() + 1);
        for (line, (at, moment)) in lines[1..].iter().zip(moments) {
            assert_eq!(line["at_ns"], at.as_nanos());
            let unit = moment.unit().map(|unit| life.subsystems()[unit as usize].as_str());
            assert_eq!(line["subsystem"].as_str(), unit);
            let (what, field, value) = told(moment);
            assert_eq!((&line["what"], &line[field]), (&what.into(), &value));
            met.push(what);
        }
    }
    met.sort_unstable();
    met.dedup();
    assert_eq!(met.len(), 12, "a moment of each kind has happened: {met:?}");
}

/// What kind of moment the line should tell of, and a field of its own.
fn told(moment: Moment) -> (&'static str, &'static str, Value) {
    match moment {
        Moment::Start => ("start", "", Value::Null),
        Moment::Shutdown => ("shutdown", "", Value::Null),
        Moment::Exit => ("exit", "", Value::Null),
        Moment::Aborted { .. } => ("aborted", "", Value::Null),
        Moment::Raised(signal) => ("raised", "signal", signal.name().into()),
        Moment::Signal(signal) => ("signal", "signal", signal.name().into()),
        Moment::Ready(ready) => ("ready", "ready", ready.into()),
        Moment::Launched { generation, .. } => ("launched", "generation", generation.into()),
        Moment::Turned { state, .. } => ("turned", "state", state.as_str().into()),
        Moment::Asked { by, .. } => ("asked", "by_ns", by.as_nanos().into()),
        Moment::Ended { how, .. } => ("ended", "how", how.into()),
        Moment::Fault { fault, .. } => ("fault", "fault", fault.into()),
        _ => panic!("a moment without a line: {moment:?}"),
    }
}

/// The events of the Chrome trace that have a time, by the name of their process and track.
struct Tracks(BTreeMap<(String, String), Vec<Value>>);

impl Tracks {
    fn of(life: &Life) -> Self {
        let trace: Value = serde_json::from_str(&life.perfetto()).expect("JSON");
        let events = trace["traceEvents"].as_array().expect("a list");
        let named = |kind: &str, number: &str, of: &Value| {
            let is = |event: &&Value| event["name"] == kind && event[number] == of[number];
            let name = events.iter().find(is).map(|event| event["args"]["name"].clone());
            name.expect("a name").as_str().expect("a text").to_owned()
        };
        let mut tracks: BTreeMap<_, Vec<Value>> = BTreeMap::new();
        for event in events.iter().filter(|event| event["ph"] != "M") {
            let track = (named("process_name", "pid", event), named("thread_name", "tid", event));
            tracks.entry(track).or_default().push(event.clone());
        }
        Self(tracks)
    }

    fn of_daemon(&self, track: &str) -> &[Value] {
        let is = |(process, name): &(String, String)| process != "tasks" && name == track;
        self.0.iter().find(|(key, _)| is(key)).map_or(&[], |(_, events)| events)
    }
}

/// A time of an event in nanoseconds.
fn nanos(event: &Value, field: &str) -> u64 {
    let micros = event[field].as_f64().expect("a number");
    assert!(micros >= 0.0, "{event}");
    (micros * 1000.0).round() as u64
}

fn names<'a>(events: &'a [Value], phase: &str) -> Vec<&'a str> {
    let events = events.iter().filter(|event| event["ph"] == phase);
    events.map(|event| event["name"].as_str().expect("a name")).collect()
}

fn states_follow_each_other(life: &Life) {
    let tracks = Tracks::of(life);
    for name in life.subsystems() {
        let states = tracks.of_daemon(name).iter().filter(|event| event["ph"] == "X");
        let end = states.fold(0, |end, state| {
            assert_eq!(nanos(state, "ts"), end, "{name}: {state}");
            end + nanos(state, "dur")
        });
        assert_eq!(u128::from(end), life.lasted().as_nanos(), "{name}");
    }
}

#[test]
fn a_subsystem_is_a_track_of_states_without_gap_or_overlap() {
    [life(), slow_life()].iter().for_each(states_follow_each_other);
    let tracks = Tracks::of(&life());
    assert_eq!(
        names(tracks.of_daemon("http"), "X"),
        ["registered", "waiting", "starting", "running", "draining", "stopping", "stopped"]
    );
}

#[test]
fn signals_the_shutdown_faults_and_aborts_are_instants() {
    let tracks = Tracks::of(&life());
    assert_eq!(
        names(tracks.of_daemon("daemon"), "i"),
        ["start", "ready", "SIGTERM raised", "SIGTERM seen", "shutdown", "not ready", "exit"]
    );
    let tracks = Tracks::of(&slow_life());
    let seen = names(tracks.of_daemon("http"), "i");
    assert_eq!(seen, ["launched", "asked", "fault: slow stop", "abort", "ended aborted"]);
}

#[test]
fn every_poll_is_drawn_in_the_track_of_its_task() {
    let life = life();
    let Tracks(tracks) = Tracks::of(&life);
    let polls = life.trace().records().iter().filter(|record| record.kind == Kind::Poll);
    for (number, task) in (0..).zip(life.tasks()) {
        let drawn = &tracks[&("tasks".to_owned(), format!("#{number} {task}"))];
        let polled = polls.clone().filter(|poll| poll.task == number).count();
        assert_eq!(names(drawn, "X"), vec![task.as_str(); polled]);
    }
    for events in tracks.values() {
        assert!(events.is_sorted_by_key(|event| nanos(event, "ts")));
    }
}

#[test]
fn the_forms_hold_for_random_daemons_with_every_fault() {
    for seed in 0..100 {
        let sim = Sim::new(seed);
        let daemon = shape::daemon(&sim);
        let life = sim.daemon(daemon).faults(shape::faults()).lasting(1000 * MS).run();
        states_follow_each_other(&life);
        assert_eq!(lines(&life).len(), life.moments().count() + 1);
        let whole = life.lanes(usize::MAX);
        assert!(whole.lines().all(|line| line.chars().count() <= 140), "\n{whole}");
        if !whole.contains("not shown") {
            cut_rows_are_those_of_the_whole(&life);
        }
    }
}
