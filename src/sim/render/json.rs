use crate::sim::Life;

pub(in crate::sim) fn json_lines(life: &Life) -> String {
    life.moments().map(|(at, moment)| format!("{at:?} {moment:?}\n")).collect()
}
