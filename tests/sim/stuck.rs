//! A subsystem that blocks its thread is told of by name and seed, and its life is the same.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use proc_daemon::sim;
use proc_daemon::{Context, Daemon};

const CHILD: &str = "BLOCKS_UNTIL_IT_IS_SEEN";

/// Blocks in a poll until the parent has written a line.
fn block() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the parent writes text");
    assert_eq!(line, "go on\n");
}

/// Only does something in the child of the next test.
#[test]
fn blocks() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    sim::check(7..8, |sim| {
        let daemon = Daemon::new().with_task("blocker", |ctx: Context| async move {
            ctx.sleep(Duration::from_secs(2)).await?;
            block();
            ctx.cancelled().await;
            Ok(())
        });
        // The time under test: short, and told of at any later moment just as well.
        sim.daemon(daemon).stuck_after(Duration::from_millis(20)).run()
    });
}

#[test]
fn a_check_that_hangs_says_who_blocks_and_in_which_life() {
    let mut child = Command::new(std::env::current_exe().expect("this is a test"))
        .args(["--exact", "stuck::blocks"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test can be started");
    let mut lines = BufReader::new(child.stderr.take().expect("it is a pipe")).lines();
    for wanted in ["a poll has not come back", "blocker", "seed 7,"] {
        let seen = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(wanted)));
        assert!(seen.is_some(), "the child ended and has not said: {wanted}");
    }
    child.stdin.take().expect("it is a pipe").write_all(b"go on\n").expect("the child reads");
    assert!(child.wait().expect("it is ours").success(), "{:?}", lines.collect::<Vec<_>>());
}
