//! Reloads, performed: what is read, who is concerned by it, what they have prepared, how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proc_daemon_runtime::{AbortHandle, Instant, PanicPayload, Task, catch, discard};
use tracing::{debug, error, info, warn};

use super::Driver;
use crate::boxed::Result as Boxed;
use crate::config::{Config, ErasedSection, OnChange};
use crate::end::chain;
use crate::event::SubsystemEvent;
use crate::reload::{
    Candidate, Change, Difference, LastReload, Prepared, Read, Recipe, ReloadError,
    ReloadErrorKind, ReloadPlan, ReloadReport, Word,
};
use crate::state::SubsystemState;
use crate::subsystem::{Asking, Board, Report};
use crate::supervisor::engine::{
    Concern, Duty, Event, Found, Outcome, Said, Ticket, Tuning, UnitEvent,
};
use crate::supervisor::hooks::Hooks;
use crate::sync::Sender;

/// Who waits for the end of a reload.
type Asker = Sender<Result<ReloadReport, ReloadError>>;

/// Told of every configuration that is published.
pub(crate) type Obey = Box<dyn Fn(&Config) + Send>;

/// What the engine's reload is about.
#[derive(Default)]
pub(super) struct Reloading {
    recipe: Option<Arc<Recipe>>,
    obey: Vec<Obey>,
    calls: BTreeMap<Ticket, Asker>,
    /// The number of the reading that is waited for.
    reading: Option<u32>,
    /// What is proposed.
    candidate: Option<Candidate>,
    /// What was in force before the publication, and in what that differs from it.
    before: Option<Candidate>,
    asked: Vec<AbortHandle>,
    commits: BTreeMap<u32, Box<dyn FnOnce() + Send>>,
    /// Why what was read last of what cannot be used cannot be.
    bad: Option<ReloadError>,
    /// Why a subsystem refused, or was not ready.
    why: String,
    /// How the last one ended, for those who asked.
    told: Option<(Outcome, Result<ReloadReport, ReloadError>)>,
}

impl Reloading {
    pub(super) fn new(recipe: Option<Arc<Recipe>>, obey: Vec<Obey>) -> Self {
        Self { recipe, obey, ..Self::default() }
    }

    /// Nobody is asked any more.
    pub(super) fn stop(&mut self) {
        self.asked.drain(..).for_each(|asked| asked.abort());
    }
}

/// What a configuration says of the daemon itself.
pub(crate) fn tuning(config: &Config) -> Tuning {
    Tuning {
        timeouts: config.shutdown(),
        health_checks: config.health_checks(),
        check_every: config.health_check_interval(),
    }
}

/// Who is concerned by `difference`: the owners of a changed section, and everybody with a hook.
fn concerned(difference: &Difference, board: &Board, hooks: &BTreeMap<u32, Hooks>) -> Vec<Concern> {
    let mut concerned = Vec::new();
    for (unit, row) in board.rows() {
        let duty = row.sections().iter().filter(|section| difference.touches(section.path()));
        let duty = duty.map(|section| match section.on_change() {
            Some(OnChange::Live) => Duty::Look,
            Some(OnChange::Restart) => Duty::Restart,
            None | Some(OnChange::Process) => Duty::Take,
        });
        let duty = duty.max().unwrap_or(Duty::Look);
        let has_hook = || hooks.get(&unit).is_some_and(|hooks| hooks.prepare.is_some());
        if duty > Duty::Look || has_hook() {
            concerned.push(Concern { unit, duty });
        }
    }
    concerned
}

/// # Taking in
impl Driver {
    pub(super) fn take_reload(&mut self, asker: Asker) -> Event {
        let ticket = self.open.ticket();
        self.reloading.calls.insert(ticket, asker);
        Event::Reload { ticket }
    }

    /// Keeps what has been read, and gives the engine the rest.
    pub(super) fn take_read(&mut self, number: u32, read: Read) -> Event {
        let expected = self.reloading.reading == Some(number);
        let found = match read {
            _ if !expected => Found::Unchanged,
            Read::Unchanged => Found::Unchanged,
            Read::Bad(error) => {
                let last = self.reloading.bad.as_ref().map(ToString::to_string);
                let same = last == Some(error.to_string());
                self.reloading.bad = Some(error);
                Found::Bad { same }
            }
            Read::Changed(candidate) => {
                let concerned = concerned(&candidate.difference, &self.shared.board, &self.hooks);
                let tuning = tuning(candidate.snapshot.config());
                if let Some(watch) = &mut self.watch {
                    watch.proposed(&concerned, &tuning);
                }
                self.engine.propose(number, concerned, tuning);
                self.reloading.candidate = Some(candidate);
                Found::Changed
            }
        };
        Event::Read { number, found }
    }

    /// Keeps what a subsystem has prepared, and gives the engine the rest.
    pub(super) fn take_prepared(
        &mut self,
        unit: u32,
        number: u32,
        answer: Boxed<Prepared>,
    ) -> UnitEvent {
        let said = match answer.map(Prepared::into_word) {
            Ok(Word::Nothing) => Said::Nothing,
            Ok(Word::Live) => Said::Live,
            Ok(Word::Restart) => Said::Restart,
            Ok(Word::Commit(commit)) => {
                if self.reloading.candidate.is_some() {
                    discard(self.reloading.commits.insert(unit, commit));
                } else {
                    discard(commit);
                }
                Said::Commit
            }
            Err(error) => {
                self.reloading.why = chain(error.as_ref());
                discard(error);
                Said::Refuse
            }
        };
        UnitEvent::Prepared { number, said }
    }
}

/// # Planning
impl Driver {
    /// Off the worker: it does I/O, and runs the user's checks.
    pub(super) fn plan_reload(&self, asker: Sender<Result<ReloadPlan, ReloadError>>) {
        let Some(recipe) = self.reloading.recipe.clone() else {
            return asker.send(Err(nothing_to_reload()));
        };
        let (current, board) = (self.shared.current.full(), Arc::clone(&self.shared.board));
        let work = move || {
            let plan = catch(|| {
                let candidate = recipe.candidate(&current)?;
                Ok(plan(&candidate.difference, recipe.sections(), &board))
            });
            asker.send(plan.unwrap_or_else(|payload| Err(panicked(payload))));
        };
        self.shared.runtime.spawn_blocking("plan reload".into(), Box::new(work));
    }
}

/// What `difference` would do, if nobody's hook said anything.
fn plan(difference: &Difference, sections: &[ErasedSection], board: &Board) -> ReloadPlan {
    let process = difference.beyond_reload(sections);
    let mut restart = Vec::new();
    for (_, row) in board.rows().filter(|(_, row)| row.state() != SubsystemState::Removed) {
        let sections =
            row.sections().iter().filter(|section| section.on_change() != Some(OnChange::Live));
        let keys: BTreeSet<_> =
            sections.flat_map(|section| difference.of(section.path())).collect();
        let keys: Vec<_> = keys.into_iter().map(str::to_owned).collect();
        if !keys.is_empty() {
            restart.push((row.name.to_shared(), keys));
        }
    }
    let elsewhere = |key: &&str| {
        !process.iter().any(|other| other == key)
            && !restart.iter().any(|(_, keys)| keys.iter().any(|other| other == key))
    };
    let live = difference.keys().filter(elsewhere).map(str::to_owned).collect();
    ReloadPlan { live, restart, process }
}

fn nothing_to_reload() -> ReloadError {
    let text = "this configuration was made in code: there is no file to read again";
    ReloadError::new(ReloadErrorKind::NothingToReload, text)
}

fn panicked(payload: PanicPayload) -> ReloadError {
    let text = format!("reading it panicked: {payload}");
    discard(payload);
    ReloadError::new(ReloadErrorKind::Invalid, text)
}

/// # Performing
impl Driver {
    pub(super) fn read(&mut self, number: u32) {
        let Some(recipe) = self.reloading.recipe.clone() else { return };
        debug!("reading the configuration again");
        self.reloading.reading = Some(number);
        let (current, mailbox) = (self.shared.current.full(), Arc::clone(&self.shared.mailbox));
        let work = move || {
            let read = catch(|| recipe.read(&current))
                .unwrap_or_else(|payload| Read::Bad(panicked(payload)));
            mailbox.post(Report::Read { number, read: Box::new(read) });
        };
        self.shared.runtime.spawn_blocking("read configuration".into(), Box::new(work));
    }

    pub(super) fn prepare(&mut self, unit: u32, generation: u32, number: u32, now: Instant) {
        let hook = self.hooks.get(&unit).and_then(|hooks| hooks.prepare.clone());
        let run = self.runs[unit as usize].as_ref().filter(|run| run.generation == generation);
        let (Some(run), Some(candidate)) = (run, &self.reloading.candidate) else { return };
        let Some(hook) = hook else {
            let what = UnitEvent::Prepared { number, said: Said::Nothing };
            return self.step(Event::Unit { unit, generation, what }, now);
        };
        let row = self.shared.board.row(unit);
        let change = Change::new(
            self.shared.current.full(),
            Arc::clone(&candidate.snapshot),
            Arc::clone(&candidate.difference),
            row.sections(),
        );
        let name = format!("{}: reload", row.name).into();
        let mut asked = hook.prepare(run, change);
        if let Some(wrap) = &self.shared.wrap {
            asked = wrap.wrap_prepare(run, asked);
        }
        let task = Task::spawn_on(&self.shared.runtime, name, Asking::new(asked, run, number));
        self.reloading.asked.push(task.abort_handle());
    }

    /// Nothing of it is to be.
    pub(super) fn unprepare(&mut self) {
        self.reloading.stop();
        std::mem::take(&mut self.reloading.commits).into_values().for_each(discard);
        discard(self.reloading.candidate.take());
    }

    pub(super) fn publish_configuration(&mut self) {
        let Some(Candidate { snapshot, difference }) = self.reloading.candidate.take() else {
            return;
        };
        let config = Arc::clone(snapshot.config());
        let known: Vec<_> = self.shared.current.load().warnings().cloned().collect();
        let news = snapshot.warnings().filter(|issue| !known.contains(issue));
        news.for_each(|issue| warn!("configuration: {issue}"));
        let generation = snapshot.generation();
        let before = self.shared.current.publish(snapshot);
        if let Some(watch) = &mut self.watch {
            watch.published(before.generation(), generation);
        }
        self.reloading.before = Some(Candidate { snapshot: before, difference });
        for obey in &self.reloading.obey {
            obey(&config);
        }
        self.watched.obey(&tuning(&config), &self.shared.board);
    }

    pub(super) fn commit(&mut self, unit: u32, now: Instant) {
        let Some(commit) = self.reloading.commits.remove(&unit) else { return };
        let Err(payload) = catch(commit) else { return };
        let name = &self.shared.board.row(unit).name;
        error!("`{name}` panicked in the commit of a reload: {payload}; it starts again");
        discard(payload);
        let generation = self.engine.units()[unit as usize].generation;
        self.step(Event::Unit { unit, generation, what: UnitEvent::CommitFailed }, now);
    }

    pub(super) fn committed(&mut self, now: Instant) {
        self.reloading.stop();
        std::mem::take(&mut self.reloading.commits).into_values().for_each(discard);
        self.step(Event::Committed, now);
    }

    /// What was in force before is proposed, at a generation of its own.
    pub(super) fn revert(&mut self, culprit: u32) {
        let why = self.failures.get(&culprit).map(|error| chain(error.as_ref()));
        self.reloading.why = why.unwrap_or_else(|| "it was not ready in time".to_owned());
        let name = &self.shared.board.row(culprit).name;
        warn!("`{name}` was not ready with the new configuration: going back to the one before");
        if let Some(Candidate { snapshot, difference }) = self.reloading.before.take() {
            let snapshot = Arc::new(snapshot.at(self.shared.current.generation() + 1));
            self.reloading.candidate = Some(Candidate { snapshot, difference });
        }
    }

    /// Keeps how a reload ended for those who asked, and tells it if that is `news`.
    pub(super) fn reloaded(&mut self, outcome: Outcome, news: bool, now: Instant) {
        let result = self.result(outcome);
        self.reloading.reading = None;
        let before = self.reloading.before.take();
        if news {
            tell(&result, self.shared.current.generation());
            // Whoever is told looks at the status.
            self.shared.current.set_last(LastReload { at: now, result: result.clone() });
            self.publish_reload(&result, now);
        }
        self.reloading.told = Some((outcome, result));
        discard(before);
        discard(self.reloading.candidate.take());
    }

    fn publish_reload(&self, result: &Result<ReloadReport, ReloadError>, at: Instant) {
        match result {
            Ok(report) if report.is_changed() => {
                let generation = report.generation;
                self.tell(&SubsystemEvent::Reloaded { generation, at });
            }
            Ok(_) => {}
            Err(error) => {
                let error = error.clone();
                self.tell(&SubsystemEvent::ReloadFailed { error, at });
            }
        }
    }

    pub(super) fn answer_reload(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(asker) = self.reloading.calls.remove(&ticket) else { return };
        let told = self.reloading.told.as_ref().filter(|(told, _)| *told == outcome);
        let told = told.map(|(_, result)| result.clone());
        asker.send(told.unwrap_or_else(|| self.result(outcome)));
    }

    fn result(&self, outcome: Outcome) -> Result<ReloadReport, ReloadError> {
        let generation = self.shared.current.generation();
        let name = |unit: u32| self.shared.board.row(unit).name.to_shared();
        let by = |kind, unit, text: String| Err(ReloadError::of(kind, name(unit), text));
        let why = &self.reloading.why;
        match outcome {
            Outcome::Done => Ok(self.report()),
            Outcome::Unchanged => Ok(ReloadReport::unchanged(generation)),
            Outcome::Nothing => Err(nothing_to_reload()),
            Outcome::Bad => Err(self.reloading.bad.clone().unwrap_or_else(|| {
                ReloadError::new(ReloadErrorKind::Invalid, "it cannot be used")
            })),
            Outcome::Unread => Err(ReloadError::new(
                ReloadErrorKind::Unread,
                "the configuration was not read within 30 s",
            )),
            Outcome::Busy => Err(ReloadError::new(
                ReloadErrorKind::Unread,
                "reading the configuration the last time has not come to its end",
            )),
            Outcome::Refused(unit) => {
                by(ReloadErrorKind::Refused, unit, format!("`{}` refused: {why}", name(unit)))
            }
            Outcome::Silent(unit) => {
                let text = format!("`{}` did not answer within 10 s", name(unit));
                by(ReloadErrorKind::Refused, unit, text)
            }
            Outcome::Once(unit) => {
                let text = format!(
                    "`{}` would have to start again, and was made by `Spec::once`: give it a hook \
                     with `on_reload` that takes the change live",
                    name(unit)
                );
                by(ReloadErrorKind::Refused, unit, text)
            }
            Outcome::RolledBack(unit) => {
                let text = format!("`{}` was not ready with it: {why}", name(unit));
                by(ReloadErrorKind::RolledBack, unit, text)
            }
            Outcome::Stranded(unit) => {
                let text = format!(
                    "`{}` was not ready with it: {why}; going back has failed as well",
                    name(unit)
                );
                by(ReloadErrorKind::RollbackFailed, unit, text)
            }
            Outcome::ShuttingDown => Err(ReloadError::shutting_down()),
        }
    }

    /// What the publication came to.
    fn report(&self) -> ReloadReport {
        let generation = self.shared.current.generation();
        let restarted = self.engine.restarted_by_reload();
        let board = &self.shared.board;
        let Some(before) = &self.reloading.before else {
            return ReloadReport::unchanged(generation);
        };
        let taken = |key: &&str| {
            let section_of = |unit: &u32| {
                let row = board.row(*unit);
                row.sections()
                    .iter()
                    .any(|section| before.difference.of(section.path()).any(|k| k == *key))
            };
            !restarted.iter().any(section_of)
        };
        ReloadReport {
            generation,
            live: before.difference.keys().filter(taken).map(str::to_owned).collect(),
            restarted: restarted.iter().map(|unit| board.row(*unit).name.to_shared()).collect(),
        }
    }
}

fn tell(result: &Result<ReloadReport, ReloadError>, generation: u64) {
    match result {
        Ok(report) => info!("reloaded: {report}"),
        Err(error) if error.kind() == ReloadErrorKind::ShuttingDown => debug!("reload: {error}"),
        Err(error) => {
            let text = error.to_string();
            for line in text.lines() {
                error!("reload: {line}");
            }
            warn!("reload: generation {generation} of the configuration is in force");
        }
    }
}
