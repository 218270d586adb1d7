//! Bugs of a generation's task: what it reports, how it ends, its children, its work in flight.

use crate::bug::{Bug, bug};

const BODY: &str = "src/subsystem/body.rs";
const RUN: &str = "src/subsystem/run.rs";
const CHILD: &str = "src/subsystem/child.rs";
const CONTEXT: &str = "src/subsystem/context.rs";
const FLIGHT: &str = "src/sync/flight.rs";

pub(super) const BUGS: &[Bug] = &[
    bug!(
        "readiness-not-told",
        "a first poll that returns does not make a subsystem ready",
        BODY,
        "run.ready();" =>
            "if !PLANTED {
                        run.ready();
                    }",
    ),
    bug!(
        "explicit-ready-ignored",
        "a subsystem that says itself when it is ready is ready at its first poll",
        BODY,
        "if !run.has_told(Told::ExplicitReady) {" =>
            "if PLANTED || !run.has_told(Told::ExplicitReady) {",
    ),
    bug!(
        "end-told-twice",
        "a task tells its end when it is over and again when it is dropped",
        BODY,
        "if let Some(run) = this.run.take() {
            run.dismiss();" =>
            "if let Some(run) = if PLANTED { this.run.clone() } else { this.run.take() } {
            run.dismiss();",
    ),
    bug!(
        "children-not-closed",
        "the children of a subsystem that is over are not aborted",
        RUN,
        "        rare.children.close();" =>
            "        if !PLANTED {
            rare.children.close();
        }",
    ),
    bug!(
        "children-not-joined",
        "a subsystem's end is told while children of it live",
        RUN,
        "rare.children.is_empty()" => "PLANTED || rare.children.is_empty()",
    ),
    bug!(
        "last-child-unheard",
        "a task that waits for its children is not woken by the last",
        CHILD,
        "&& self.run.rare().children.leave(self.place)" =>
            "&& self.run.rare().children.leave(self.place)
            && !PLANTED",
    ),
    bug!(
        "child-panic-unheard",
        "the panic of a child does not wake its subsystem",
        CHILD,
        "            self.cell.run.wake_body();" =>
            "            if !PLANTED {
                self.cell.run.wake_body();
            }",
        CHILD,
        "if failed || last {" => "if failed && !PLANTED || last {",
    ),
    bug!(
        "abort-not-delivered",
        "an abort does not wake the task that is to end",
        RUN,
        "self.aborted.store(true, Ordering::Release);
        self.wake_body();" =>
            "self.aborted.store(true, Ordering::Release);
        if !PLANTED {
            self.wake_body();
        }",
    ),
    bug!(
        "deadline-not-stored",
        "a subsystem that is asked to stop cannot learn by when",
        RUN,
        "self.stop_by.store(by.as_nanos(), Ordering::Relaxed);" =>
            "if !PLANTED {
            self.stop_by.store(by.as_nanos(), Ordering::Relaxed);
        }",
    ),
    bug!(
        "told-not-noted",
        "that a subsystem was handed `Stopping` is not noted",
        CONTEXT,
        "run.tell(Told::Stopping);" =>
            "if !PLANTED {
        run.tell(Told::Stopping);
    }",
    ),
    bug!(
        "drained-not-told",
        "that nothing is in flight any more is not reported",
        RUN,
        "if asked && self.tell(Told::Drained) {" =>
            "if asked && !PLANTED && self.tell(Told::Drained) {",
    ),
    bug!(
        "last-work-unheard",
        "a task that waits for its work in flight is not woken by the last",
        RUN,
        "if self.has_told(Told::Returned) {" => "if self.has_told(Told::Returned) && !PLANTED {",
    ),
    bug!(
        "flight-miscounted",
        "the last but one of the work in flight counts as the last",
        FLIGHT,
        "if self.0.fetch_sub(1, Ordering::SeqCst) > 1 {" =>
            "if self.0.fetch_sub(1, Ordering::SeqCst) > 1 + u32::from(PLANTED) {",
    ),
    bug!(
        "flight-entered-twice",
        "a piece of work in flight counts as two",
        FLIGHT,
        "self.0.fetch_add(1, Ordering::SeqCst);" =>
            "self.0.fetch_add(1 + u32::from(PLANTED), Ordering::SeqCst);",
    ),
];
