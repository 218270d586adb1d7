//! What is sound and probably not meant: told once, as warnings, when the daemon starts.

use super::graph::Graph;
use super::groups::Groups;
use crate::strategy::Strategy;
use crate::subsystem::Spec;

/// One line each.
pub(crate) fn advice(specs: &[Spec], graph: &Graph, groups: &Groups) -> Vec<String> {
    let mut lines = Vec::new();
    for (unit, spec) in (0..).zip(specs) {
        let group = groups.of(unit).filter(|(_, strategy)| *strategy == Strategy::RestForOne);
        if !spec.optional && group.is_none() {
            continue;
        }
        for &dependent in graph.requiring(unit) {
            let by = &specs[dependent as usize];
            if spec.optional && is_critical(by) {
                lines.push(requires_optional(&by.name, &spec.name));
            }
            let same = group.is_some_and(|(group, _)| {
                groups.of(dependent).is_some_and(|(other, _)| other == group)
            });
            if same && dependent < unit {
                let (group, by, on) = (spec.group.as_ref(), &by.name, &spec.name);
                let group = group.map_or("", |group| group.as_str());
                lines.push(format!(
                    "`{by}` requires `{on}` and comes before it in the rest-for-one group `{group}`, which starts \
                     `{on}` again when `{by}` fails, and not `{by}` when `{on}` fails: give `{on}` to the builder first"
                ));
            }
        }
    }
    lines
}

/// Whether the daemon ends when it is given up.
pub(crate) fn is_critical(spec: &Spec) -> bool {
    !spec.optional && spec.on_give_up.is_none()
}

/// `by` is critical, and `on` is not.
pub(crate) fn requires_optional(by: &str, on: &str) -> String {
    format!(
        "`{by}` is critical and requires `{on}`, which is optional: if `{on}` is given up, the daemon shuts down; make \
         both optional or both critical, or have `{by}` only start `after` it"
    )
}
