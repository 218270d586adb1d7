use std::time::Duration;

use proc_daemon_runtime::{Instant, Signal};

use crate::signal::{Action, ActionTable, FORCE_AFTER, Row, exit_code};

/// What the sentinel decides: pure, in its own monotonic time.
#[derive(Debug)]
pub(super) struct Watch {
    table: ActionTable,
    posting: Posting,
    /// How long a shutdown may take.
    budget: Duration,
    deadline: Option<Instant>,
    first_interrupt: Option<Instant>,
    /// The code of a forced end: the first signal that forces decides, as in the engine.
    forced: Option<u8>,
}

/// Whether signals go to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Posting {
    On,
    /// The runtime's source listens. What came before it did is still in the sentinel's own pipe, and is
    /// posted first.
    Ending,
    Off,
}

/// What the sentinel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Hand the signal to the driver.
    Post(Signal),
    /// Write the state of every subsystem.
    Dump,
    /// End the process.
    Leave { code: u8, out_of_time: bool },
}

/// The code of a daemon that ran out of its budget.
const CODE_OUT_OF_TIME: u8 = 124;
/// How long a forced end may take before the process is ended anyway.
const FORCED_BUDGET: Duration = Duration::from_secs(2);
/// The budget before the configuration is read: nothing has started that could want more.
const EARLY_BUDGET: Duration = Duration::from_secs(2);
/// How much later than the budget the process is ended, so that a driver that is alive reports first.
const AFTER_BUDGET: Duration = Duration::from_millis(25);

impl Watch {
    pub(super) fn new(table: ActionTable, posts: bool) -> Self {
        let posting = if posts { Posting::On } else { Posting::Off };
        Self {
            table,
            posting,
            budget: EARLY_BUDGET,
            deadline: None,
            first_interrupt: None,
            forced: None,
        }
    }

    /// Asks for the end of posting.
    pub(super) fn hand_over(&mut self) {
        if self.posting == Posting::On {
            self.posting = Posting::Ending;
        }
    }

    pub(super) fn is_handing_over(&self) -> bool {
        self.posting == Posting::Ending
    }

    /// Every signal that came before the hand-over was asked for has been taken in.
    pub(super) fn handed_over(&mut self) {
        self.posting = Posting::Off;
    }

    pub(super) fn disarm(&mut self) {
        self.deadline = None;
    }

    /// Sets how long a shutdown may take, from the next one on.
    pub(super) fn allow(&mut self, budget: Duration) {
        self.budget = budget;
    }

    /// A shutdown has been asked for. The earliest deadline stands.
    pub(super) fn arm(&mut self, now: Instant) {
        self.bring_forward(now + self.budget + AFTER_BUDGET);
    }

    fn bring_forward(&mut self, at: Instant) {
        self.deadline = Some(self.deadline.map_or(at, |set| set.min(at)));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is due.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Act> {
        let code = self.forced.unwrap_or(CODE_OUT_OF_TIME);
        (self.deadline? <= now).then_some(Act::Leave { code, out_of_time: true })
    }

    /// What a signal leads to, in order.
    pub(super) fn signal(&mut self, signal: Signal, now: Instant) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.posting != Posting::Off {
            acts.push(Act::Post(signal));
        }
        match self.table.get(signal) {
            Some(Row::Action(Action::Dump)) => {
                acts.push(Act::Dump);
                self.force(signal, now);
            }
            Some(Row::Action(Action::Force)) => self.force(signal, now),
            Some(Row::Action(Action::Shutdown)) => {
                self.arm(now);
                if signal == Signal::Interrupt {
                    acts.extend(self.interrupt(now));
                }
            }
            _ => {}
        }
        acts
    }

    fn force(&mut self, signal: Signal, now: Instant) {
        self.forced.get_or_insert(exit_code(signal));
        self.bring_forward(now + FORCED_BUDGET);
    }

    fn interrupt(&mut self, now: Instant) -> Option<Act> {
        let code = exit_code(Signal::Interrupt);
        match self.first_interrupt {
            None => self.first_interrupt = Some(now),
            Some(_) if self.forced.is_some() => {
                return Some(Act::Leave { code, out_of_time: false });
            }
            Some(first) if now.since(first) >= FORCE_AFTER => self.force(Signal::Interrupt, now),
            Some(_) => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignalConfig;

    const fn ms(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn watch(posts: bool) -> Watch {
        Watch::new(SignalConfig::unix().table(), posts)
    }

    #[test]
    fn early_signals_are_posted_until_the_source_listens() {
        let mut watch = watch(true);
        assert_eq!(watch.signal(Signal::Terminate, ms(0)), [Act::Post(Signal::Terminate)]);
        watch.hand_over();
        let late = watch.signal(Signal::Hangup, ms(1));
        assert_eq!(late, [Act::Post(Signal::Hangup)], "it came before the source listened");
        watch.handed_over();
        assert!(watch.signal(Signal::Terminate, ms(2)).is_empty());
    }

    #[test]
    fn the_budget_ends_the_process_with_124() {
        let mut watch = watch(false);
        assert_eq!(watch.deadline(), None);
        watch.allow(Duration::from_secs(2));
        watch.arm(ms(100));
        watch.arm(ms(500));
        assert_eq!(watch.tick(ms(2124)), None);
        assert_eq!(watch.tick(ms(2125)), Some(Act::Leave { code: 124, out_of_time: true }));
        watch.disarm();
        assert_eq!(watch.tick(ms(9000)), None);
    }

    #[test]
    fn a_signal_that_asks_for_a_shutdown_arms_without_the_driver() {
        for signal in [Signal::Terminate, Signal::Interrupt] {
            let mut watch = watch(true);
            watch.signal(signal, ms(0));
            assert_eq!(watch.deadline(), Some(ms(2025)), "before the configuration is read");
            watch.disarm();
            watch.allow(Duration::from_secs(25));
            watch.signal(signal, ms(0));
            assert_eq!(watch.deadline(), Some(ms(25_025)));
        }
        let mut watch = watch(true);
        watch.signal(Signal::Hangup, ms(0));
        assert_eq!(watch.deadline(), None);
    }

    #[test]
    fn a_second_interrupt_shortens_the_budget_and_a_third_leaves_at_once() {
        let mut watch = watch(false);
        watch.allow(Duration::from_secs(25));
        assert!(watch.signal(Signal::Interrupt, ms(0)).is_empty());
        assert!(watch.signal(Signal::Interrupt, ms(299)).is_empty());
        assert_eq!(watch.deadline(), Some(ms(25_025)), "the same key press");
        assert!(watch.signal(Signal::Interrupt, ms(300)).is_empty());
        assert_eq!(watch.deadline(), Some(ms(2300)));
        assert_eq!(watch.tick(ms(2300)), Some(Act::Leave { code: 130, out_of_time: true }));
        assert_eq!(
            watch.signal(Signal::Interrupt, ms(301)),
            [Act::Leave { code: 130, out_of_time: false }]
        );
    }

    #[test]
    fn quit_dumps_at_once_and_has_two_seconds() {
        let mut watch = watch(false);
        assert_eq!(watch.signal(Signal::Quit, ms(10)), [Act::Dump]);
        assert_eq!(watch.tick(ms(2010)), Some(Act::Leave { code: 131, out_of_time: true }));
    }

    #[test]
    fn a_forced_code_stands_whichever_deadline_is_earlier() {
        for forced_first in [true, false] {
            let mut watch = watch(false);
            watch.allow(Duration::from_secs(1));
            if forced_first {
                watch.signal(Signal::Quit, ms(0));
                watch.arm(ms(0));
            } else {
                watch.arm(ms(0));
                watch.signal(Signal::Quit, ms(0));
            }
            assert_eq!(watch.tick(ms(1025)), Some(Act::Leave { code: 131, out_of_time: true }));
        }
    }

    #[test]
    fn an_interrupt_with_another_action_never_forces() {
        let signals = SignalConfig::unix().on(Signal::Interrupt, Action::Ignore);
        let mut watch = Watch::new(signals.table(), false);
        for n in 0..5 {
            assert!(watch.signal(Signal::Interrupt, ms(n * 1000)).is_empty());
        }
        assert_eq!(watch.deadline(), None);
    }
}
