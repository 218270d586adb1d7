//! What makes no sense is said when the daemon is built, all at once.

use std::time::Duration;

use proc_daemon::{Check, Daemon, Health, Spec, task};

use crate::idle;

#[track_caller]
fn issues(set: impl FnOnce(Spec, Check) -> Spec) -> String {
    let check = Check::new(|_| async { Ok(Health::Up) });
    let spec = set(task("a", idle), check);
    let issues: Vec<String> = match Daemon::new().with_subsystem(spec).build() {
        Ok(_) => Vec::new(),
        Err(error) => error.issues().collect(),
    };
    let lines = issues.iter().map(|issue| issue.split("`a`: ").nth(1).expect("it is named"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn nonsense_is_an_issue_with_the_numbers() {
    let zero = Duration::ZERO;
    assert_eq!(issues(Spec::startup), "");
    assert_eq!(issues(|spec, check| spec.liveness(check.every(Duration::from_nanos(1)))), "");
    let expected = "its liveness check: every 0s: it would be asked without a pause\n\
         its liveness check: a timeout of 0s: no answer could be in time\n\
         its liveness check: a rise of 0: it takes at least 1 good answer\n\
         its liveness check: a fall of 0: it takes at least 1 bad answer\n\
         a heartbeat of 0s: no sign of life could be in time";
    let all = |spec: Spec, check: Check| {
        spec.liveness(check.every(zero).timeout(zero).rise(0).fall(0)).heartbeat(zero)
    };
    assert_eq!(issues(all), expected);
    let expected = "its startup check: a fall of 0: it takes at least 1 bad answer\n\
         its readiness check: every 0s: it would be asked without a pause";
    let two =
        |spec: Spec, check: Check| spec.readiness(check.clone().every(zero)).startup(check.fall(0));
    assert_eq!(issues(two), expected);
}
