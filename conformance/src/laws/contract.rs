//! Which scenarios check which law of the contract, by the numbers on the front page of `proc-daemon-runtime`.

/// A law's number, and the scenarios that fail where it does not hold.
pub(crate) const CONTRACT: [(&str, &[&str]); 16] = [
    ("L1", &["SPAWN-02", "SPAWN-04", "BLOCK-04"]),
    ("L2", &["PANIC-02", "PANIC-03"]),
    ("L3", &["PANIC-01", "PANIC-04", "PANIC-05"]),
    ("L4", &["ABORT-01", "ABORT-02", "ABORT-03", "ABORT-04", "ABORT-05"]),
    ("L5", &["SLEEP-03"]),
    ("L6", &["SLEEP-05", "SLEEP-06"]),
    ("L7", &["SLEEP-04"]),
    ("L8", &["SLEEP-01", "SLEEP-02"]),
    ("L9", &["SLEEP-11", "SLEEP-12", "SLEEP-13", "SLEEP-14"]),
    ("L10", &["CLOCK-01", "CLOCK-02"]),
    ("L11", &["SIGNAL-02"]),
    ("L12", &["SIGNAL-03", "SIGNAL-04", "SIGNAL-10"]),
    ("L13", &["SIGNAL-05", "SIGNAL-06"]),
    ("L14", &["SIGNAL-08"]),
    ("L15", &["BUILD-01", "BUILD-02", "BUILD-03", "BUILD-04", "BUILD-05"]),
    ("L16", &["SPAWN-05", "SPAWN-06", "SPAWN-09"]),
];

/// The law that a scenario checks; none for what has no number of its own.
pub(crate) fn law_of(id: &str) -> Option<&'static str> {
    CONTRACT.iter().find(|(_, ids)| ids.contains(&id)).map(|(law, _)| *law)
}

#[cfg(test)]
mod tests {
    use proc_daemon_sim::Simulator;

    use super::*;

    #[test]
    fn each_law_of_the_contract_has_scenarios_and_the_docs_name_them() {
        let laws = crate::laws::all::<Simulator>();
        let contract = include_str!("../../../runtime/src/lib.rs");
        let docs = include_str!("../lib.rs");
        let rows = contract.lines().filter(|line| line.starts_with("//! | L"));
        assert_eq!(rows.clone().count(), CONTRACT.len());
        for (row, (law, ids)) in rows.zip(CONTRACT) {
            assert!(row.starts_with(&format!("//! | {law} ")), "{row}: its place is that of {law}");
            for id in ids {
                assert!(laws.iter().any(|law| law.scenario.id == *id), "{law}: there is no {id}");
            }
            let row = format!("//! | {law} | {} |\n", ids.join(", "));
            assert!(
                docs.contains(&row),
                "the table in conformance/src/lib.rs needs this row:\n{row}"
            );
        }
    }
}
