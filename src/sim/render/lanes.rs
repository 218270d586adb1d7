use crate::sim::Life;

pub(in crate::sim) fn lanes(life: &Life, rows: usize) -> String {
    let _ = rows;
    life.moments().map(|(at, moment)| format!("{at:?} {moment:?}\n")).collect()
}
