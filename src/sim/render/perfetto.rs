use crate::sim::Life;

pub(in crate::sim) fn perfetto(life: &Life) -> String {
    life.moments().map(|(at, moment)| format!("{at:?} {moment:?}\n")).collect()
}
