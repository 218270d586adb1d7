//! A poll that blocks its thread is told of on stderr, and changes nothing about its life.
//!
//! Each test starts this binary again as a child that blocks in a poll until the parent, which reads the child's
//! stderr, has seen the message.

use std::io::{BufRead, BufReader, Read, Write};
use std::panic::Location;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, io, thread};

use futures_lite::future::yield_now;
use proc_daemon_runtime::{
    AnyRuntime, Instant, OwnedRuntime, Runtime, RuntimeOptions, TaskName, Timer,
};
use proc_daemon_sim::{Policy, SimOptions, Simulator};

/// The time under test: short, and told of at any later moment just as well.
const BUDGET: Duration = Duration::from_millis(20);
const CHILD: &str = "PROC_DAEMON_SIM_BLOCKS";
const MESSAGE: &str = "a poll has not come back for ";

fn options(stuck_after: Duration) -> SimOptions {
    let mut options = SimOptions::dull();
    options.policy = Some(Policy::Lifo);
    options.stuck_after = stuck_after;
    options
}

/// Until the parent has written a line.
fn block() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).expect("the parent writes text");
    assert_eq!(line, "go on\n");
}

/// A life whose task calls `block` after three virtual seconds. The hash of it, and where the task was spawned.
fn life(mut sim: Simulator, block: impl FnOnce() + Send + 'static) -> (u64, String) {
    let timer = sim.handle().timer().clone();
    let (task, ended) = mpsc::channel();
    let here = Location::caller();
    AnyRuntime::from(sim.handle()).spawn(
        TaskName::literal("blocks").at(here),
        Box::pin(async move {
            timer.sleep(Duration::from_secs(3)).await;
            block();
            yield_now().await;
            task.send(()).expect("somebody listens");
        }),
    );
    let timer = sim.handle().timer().clone();
    sim.block_on(timer.sleep(Duration::from_secs(10)));
    ended.recv().expect("the task went on");
    (sim.trace_hash(), here.to_string())
}

fn is_child(test: &str) -> bool {
    env::var_os(CHILD).is_some_and(|asked| asked == test)
}

fn child(test: &str) -> Child {
    Command::new(env::current_exe().expect("this is a test"))
        .args(["--exact", test])
        .env(CHILD, test)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test can be started")
}

/// Lets the child go on when its message has come. All that it has written to stderr.
fn release(mut child: Child) -> String {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is a pipe"));
    let mut text = String::new();
    while !text.contains(MESSAGE) {
        let read = stderr.read_line(&mut text).expect("it is text");
        assert!(read > 0, "the child ended without the message: {text}");
    }
    let mut stdin = child.stdin.take().expect("it is a pipe");
    stdin.write_all(b"go on\n").expect("the child reads");
    stderr.read_to_string(&mut text).expect("it is text");
    assert!(child.wait().expect("it is ours").success(), "{text}");
    text
}

#[test]
fn it_is_told_who_blocks_and_when_and_in_which_life() {
    const TEST: &str = "it_is_told_who_blocks_and_when_and_in_which_life";
    let seeded = || Simulator::seeded(77, &options(BUDGET));
    if is_child(TEST) {
        let blocked = life(seeded(), block);
        assert_eq!(blocked, life(seeded(), || ()), "real time has changed a life");
        return;
    }
    let text = release(child(TEST));
    let site = format!("`blocks`, spawned at {}", life(seeded(), || ()).1);
    let told = ["task #0", &site, "seed 77, policy lifo", "3.000000000s of virtual time"];
    for told in told.into_iter().chain([TEST, "it must not block"]) {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
    assert_eq!(text.matches(MESSAGE).count(), 1, "{text}");
}

#[test]
fn a_life_from_a_tape_and_a_device_are_told_as_such() {
    const TEST: &str = "a_life_from_a_tape_and_a_device_are_told_as_such";
    if is_child(TEST) {
        let mut sim = Simulator::build(&RuntimeOptions::new()).unwrap();
        sim.configure(&options(BUDGET));
        sim.handle().call_at(Instant::ZERO, block);
        let timer = sim.handle().timer().clone();
        sim.block_on(timer.sleep(Duration::from_secs(1)));
        return;
    }
    let text = release(child(TEST));
    assert!(text.contains("from a tape") && text.contains("no task"), "{text}");
}

/// Two lives on two threads that block until the same moment: one is not watched.
#[test]
fn without_a_budget_nothing_is_told() {
    const TEST: &str = "without_a_budget_nothing_is_told";
    if is_child(TEST) {
        let (blocks, begun) = mpsc::channel();
        let (go_on, over) = mpsc::channel::<()>();
        let unwatched = thread::spawn(move || {
            life(Simulator::seeded(1, &options(Duration::ZERO)), move || {
                blocks.send(()).expect("the other thread waits");
                over.recv().expect("the other thread says when");
            })
        });
        begun.recv().expect("the other life blocks");
        life(Simulator::seeded(2, &options(BUDGET)), move || {
            block();
            go_on.send(()).expect("the other life blocks");
        });
        unwatched.join().expect("it goes on");
        return;
    }
    let text = release(child(TEST));
    assert_eq!(text.matches(MESSAGE).count(), 1, "{text}");
    assert!(text.contains("seed 2"), "{text}");
}

/// The outer life stands still, but it is the inner one whose poll does not come back.
#[test]
fn of_a_life_within_a_life_the_inner_one_is_told_of() {
    const TEST: &str = "of_a_life_within_a_life_the_inner_one_is_told_of";
    if is_child(TEST) {
        life(Simulator::seeded(1, &options(BUDGET)), || {
            life(Simulator::seeded(2, &options(BUDGET)), block);
        });
        return;
    }
    let text = release(child(TEST));
    assert!(text.contains("seed 2") && !text.contains("seed 1,"), "{text}");
}
