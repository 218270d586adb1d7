//! Who is in which group, and who starts again with whom.

use std::collections::BTreeMap;

use proc_daemon_runtime::TaskName;

use super::graph::GraphIssue;
use crate::config::nearest;
use crate::strategy::Strategy;
use crate::subsystem::Spec;

/// The groups of one daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    groups: Vec<Group>,
    of: BTreeMap<u32, u32>,
}

#[derive(Clone, Debug)]
struct Group {
    strategy: Strategy,
    /// In the order of registration, which is that of their numbers.
    members: Vec<u32>,
}

impl Groups {
    /// The groups that were declared, with those of `specs` who are in one; or everything that is wrong with that.
    pub(crate) fn build(
        declared: &[(TaskName, Strategy)],
        specs: &[Spec],
    ) -> Result<Self, Vec<GraphIssue>> {
        let (mut groups, mut issues) = (Self::default(), Vec::new());
        for (index, (name, strategy)) in declared.iter().enumerate() {
            groups.enter(*strategy);
            if let Some((first, _)) = declared[..index].iter().find(|(other, _)| other == name) {
                let at = |name: &TaskName| name.site().map(ToString::to_string).unwrap_or_default();
                let (name, first, second) = (name.to_string(), at(first), at(name));
                issues.push(GraphIssue::GroupTwice { name, first, second });
            }
        }
        for (unit, spec) in (0..).zip(specs) {
            let Some(wanted) = &spec.group else { continue };
            match (0..).zip(declared).find(|(_, (name, _))| name == wanted) {
                Some((group, _)) => groups.join(group, unit),
                None => {
                    let names = declared.iter().map(|(name, _)| name.as_str());
                    issues.push(GraphIssue::NoGroup {
                        name: wanted.to_string(),
                        by: spec.name.to_string(),
                        at: spec.location.to_string(),
                        near: nearest(wanted, names).map(str::to_owned),
                    });
                }
            }
        }
        if issues.is_empty() { Ok(groups) } else { Err(issues) }
    }

    /// Makes a group without members; gives its number.
    pub(crate) fn enter(&mut self, strategy: Strategy) -> u32 {
        self.groups.push(Group { strategy, members: Vec::new() });
        u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
    }

    /// Puts `unit`, which has the highest number so far, into a group.
    pub(crate) fn join(&mut self, group: u32, unit: u32) {
        self.groups[group as usize].members.push(unit);
        self.of.insert(unit, group);
    }

    /// Takes `unit` out of its group.
    pub(crate) fn leave(&mut self, unit: u32) {
        if let Some(group) = self.of.remove(&unit) {
            self.groups[group as usize].members.retain(|member| *member != unit);
        }
    }

    /// The group of `unit`, and its strategy.
    pub(crate) fn of(&self, unit: u32) -> Option<(u32, Strategy)> {
        let group = *self.of.get(&unit)?;
        Some((group, self.groups[group as usize].strategy))
    }

    /// Those that start again with `unit`, itself among them; none if it is alone.
    pub(crate) fn along(&self, unit: u32) -> &[u32] {
        let Some(group) = self.of.get(&unit) else { return &[] };
        let Group { strategy, members } = &self.groups[*group as usize];
        match strategy {
            Strategy::OneForOne => &[],
            Strategy::OneForAll => members,
            Strategy::RestForOne => {
                &members[members.binary_search(&unit).unwrap_or(members.len())..]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_which_group_is_found_by_name() {
        let name = |name: &'static str| TaskName::literal(name);
        let declared = [(name("x"), Strategy::OneForOne), (name("y"), Strategy::OneForAll)];
        let spec = |group: Option<&'static str>| {
            let spec = crate::subsystem::task("any", |_| async { Ok(()) });
            match group {
                Some(group) => spec.group(group),
                None => spec,
            }
        };
        let specs = [spec(Some("y")), spec(None), spec(Some("x")), spec(Some("y"))];
        let groups = Groups::build(&declared, &specs).unwrap();
        let of = [0, 1, 2, 3].map(|unit| groups.of(unit));
        let (x, y) = (Some((0, Strategy::OneForOne)), Some((1, Strategy::OneForAll)));
        assert_eq!(of, [y, None, x, y]);
        let issues = |declared: &[_], specs: &[Spec]| {
            let issues = Groups::build(declared, specs).unwrap_err();
            issues.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let twice = issues(&[declared[0].clone(), declared[0].clone()], &specs[1..3]);
        assert!(twice.len() == 1 && twice[0].contains("`x`"), "{twice:?}");
        let unknown = issues(&declared[..1], &specs[..3]);
        assert!(unknown.len() == 1 && unknown[0].contains("`y`"), "{unknown:?}");
    }

    #[test]
    fn a_strategy_says_who_comes_along() {
        for (strategy, along) in [
            (Strategy::OneForOne, &[][..]),
            (Strategy::OneForAll, &[1, 4, 6]),
            (Strategy::RestForOne, &[4, 6]),
        ] {
            let mut groups = Groups::default();
            let other = groups.enter(Strategy::OneForAll);
            let group = groups.enter(strategy);
            groups.join(other, 0);
            [1, 4, 6].into_iter().for_each(|unit| groups.join(group, unit));
            assert_eq!(groups.along(4), along);
            assert_eq!(groups.along(3), [0; 0]);
            groups.leave(6);
            assert!(!groups.along(4).contains(&6));
        }
    }
}
