//! Writes every bug into the copy, each behind a switch.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Failure;
use crate::bug::Bug;
use crate::copy::Files;

/// What stands for "this bug is on" in an edit.
const SWITCH: &str = "PLANTED";

/// The switch itself: the core has it from the runtime crate, so there is one.
const MODULE: &str = "
#[doc(hidden)]
pub mod planted {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering};

    static BUG: AtomicU32 = AtomicU32::new(0);

    std::thread_local! {
        static CLEAN: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `body` without any bug on this thread.
    pub fn cleanly<T>(body: impl FnOnce() -> T) -> T {
        let before = CLEAN.replace(true);
        let value = body();
        CLEAN.set(before);
        value
    }

    /// Switches this bug on, and every other off. 0 is none.
    pub fn choose(bug: u32) {
        BUG.store(bug, Ordering::Relaxed);
    }

    pub fn is(bug: u32) -> bool {
        BUG.load(Ordering::Relaxed) == bug && !CLEAN.try_with(Cell::get).unwrap_or_default()
    }
}
";

/// An edit of one file, with the text that it puts there.
struct Place {
    range: Range<usize>,
    to: String,
    id: &'static str,
}

/// Plants `bugs` into `files`, of which `program` is to be built: its folder becomes a member.
///
/// # Errors
///
/// Which entries do not fit the source any more.
pub fn plant(files: &mut Files, bugs: &[Bug], program: &str) -> Result<(), Failure> {
    let mut places: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    let mut amiss = Vec::new();
    for (number, bug) in (1..).zip(bugs) {
        for edit in bug.edits {
            let text = text(files, edit.file).unwrap_or_default();
            let found: Vec<usize> = text.match_indices(edit.from).map(|(at, _)| at).collect();
            let [at] = found[..] else {
                let (id, file, from, times) = (bug.id, edit.file, edit.from, found.len());
                amiss.push(format!(
                    "`{id}` wants this once in {file}, there {times} times:\n{from}"
                ));
                continue;
            };
            let to = edit.to.replace(SWITCH, &format!("crate::planted::is({number})"));
            let range = at..at + edit.from.len();
            places.entry(edit.file).or_default().push(Place { range, to, id: bug.id });
        }
    }
    if !amiss.is_empty() {
        let amiss = amiss.join("\n\n");
        return Err(format!("mend these entries:\n{amiss}").into());
    }
    for (file, mut places) in places {
        places.sort_by_key(|place| place.range.start);
        let planted = replaced(text(files, file)?, &places).map_err(|[one, other]| {
            format!("`{one}` and `{other}` edit the same text of {file}")
        })?;
        files.insert(file.to_owned(), planted.into());
    }
    append(files, "runtime/src/lib.rs", MODULE)?;
    append(files, "src/lib.rs", "\n#[doc(hidden)]\npub use proc_daemon_runtime::planted;\n")?;
    join_workspace(files, program)
}

/// `text` with everything in its place; the places are in order.
fn replaced(text: &str, places: &[Place]) -> Result<String, [&'static str; 2]> {
    let (mut planted, mut end, mut last) = (String::new(), 0, "");
    for place in places {
        let Some(between) = text.get(end..place.range.start) else {
            return Err([last, place.id]);
        };
        planted.push_str(between);
        planted.push_str(&place.to);
        (end, last) = (place.range.end, place.id);
    }
    planted.push_str(&text[end..]);
    Ok(planted)
}

fn append(files: &mut Files, file: &str, code: &str) -> Result<(), Failure> {
    let text = text(files, file)?.to_owned() + code;
    files.insert(file.to_owned(), text.into());
    Ok(())
}

/// Makes the program a member of the copy, which then has the versions of the workspace's lock file.
fn join_workspace(files: &mut Files, program: &str) -> Result<(), Failure> {
    const MEMBERS: &str = "[workspace]\nmembers = [";
    let manifest = text(files, "Cargo.toml")?;
    if !manifest.contains(MEMBERS) {
        return Err(format!("Cargo.toml does not begin a list of members: {MEMBERS}").into());
    }
    let joined = manifest.replacen(MEMBERS, &format!("{MEMBERS}\"{program}\", "), 1);
    files.insert("Cargo.toml".to_owned(), joined.into());
    Ok(())
}

fn text<'a>(files: &'a Files, file: &str) -> Result<&'a str, Failure> {
    let content = files.get(file).ok_or_else(|| format!("there is no file {file}"))?;
    Ok(std::str::from_utf8(content)?)
}
