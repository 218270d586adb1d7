//! The name that was probably meant.

/// The candidate that takes the fewest edits to reach from `name`, if that is at most a third of
/// the longer one's characters. Of equals, the first.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let edits = distance(name, candidate);
        let longer = name.chars().count().max(candidate.chars().count());
        let allowed = longer.min(LONGEST) / 3;
        if edits <= allowed && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(LONGEST).collect();
    let to: Vec<char> = to.chars().take(LONGEST).collect();
    let mut before = vec![0; to.len() + 1];
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut row = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let differs = usize::from(from[i - 1] != to[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + differs);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

/// Characters compared: a key of a megabyte must not cost a square of it.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("htpp", "http", 1),
            ("worker_thread", "worker_threads", 1),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(from, to), edits, "{from} {to}");
            assert_eq!(distance(to, from), edits, "{to} {from}");
        }
    }

    #[test]
    fn the_nearest_is_the_one_with_the_fewest_edits() {
        assert_eq!(nearest("levl", ["lever", "level"]), Some("level"));
        assert_eq!(nearest("kill_ms", ["name", "level"]), None);
        assert_eq!(nearest("x", ["y"]), None);
    }

    #[test]
    fn a_long_name_costs_no_more_than_a_short_one() {
        assert_eq!(nearest(&"a".repeat(1 << 20), ["level"]), None);
    }
}
