//! The mutants, by class; with each the scenarios that must find it, and some of the words they must say.

mod cores;
mod tasks;
mod wrappers;

use planted::bug::Bug;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The backend.
    Wrapper,
    /// `runtime/`'s `Task`.
    Task,
    /// The core.
    Core,
}

/// Something with one thing wrong.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    pub(crate) class: Class,
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Of its switch; 0 for a wrapper, which goes by its name.
    pub(crate) number: u32,
    /// The scenarios that must fail, each with a phrase of its failure; ` || ` between two that depend on who is
    /// faster.
    pub(crate) kills: &'static [(&'static str, &'static str)],
}

/// A name and what is declared for it.
type Declared = (&'static str, &'static [(&'static str, &'static str)]);

/// All of them.
///
/// # Errors
///
/// A bug that is not planted.
pub(crate) fn all(bugs: &[Bug]) -> Result<Vec<Mutant>, String> {
    let wrappers = wrappers::ALL.iter().map(|&(name, what, kills)| {
        Ok(Mutant { class: Class::Wrapper, name, what, number: 0, kills })
    });
    let planted = |class: Class, declared: &'static [Declared]| {
        declared.iter().map(move |&(name, kills)| {
            let place = bugs.iter().position(|bug| bug.id == name);
            let place = place.ok_or_else(|| format!("no bug `{name}` is planted"))?;
            let number = u32::try_from(place + 1).map_err(|error| error.to_string())?;
            Ok(Mutant { class, name, what: bugs[place].what, number, kills })
        })
    };
    let tasks = planted(Class::Task, tasks::ALL);
    let cores = planted(Class::Core, cores::ALL);
    wrappers.chain(tasks).chain(cores).collect()
}
