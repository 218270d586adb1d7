use std::cell::Cell;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::thread;

use super::life::Life;
use crate::backends::sim::Tape;

thread_local! {
    /// This thread lives a life for a check, which shows it.
    static IN_CHECK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `life` as part of a check.
pub(super) fn in_check<T>(life: impl FnOnce() -> T) -> T {
    let before = IN_CHECK.replace(true);
    let lived = life();
    IN_CHECK.set(before);
    lived
}

/// What the environment asks of a check.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) seeds: Option<Vec<u64>>,
    pub(super) tape: Option<Tape>,
    show: Option<Show>,
}

/// How a timeline is shown.
#[derive(Clone, Copy)]
enum Show {
    Text,
    Json,
    Perfetto,
}

impl Environment {
    /// Reads `SIM_SEED`, `SIM_SEEDS`, `SIM_TAPE` and `SIM_TRACE`.
    pub(super) fn read() -> Result<Self, String> {
        let get = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let wrong =
            |name: &str, value: &str, wanted: &str| format!("{name}={value}: expected {wanted}");
        let seed = get("SIM_SEED").map(|value| {
            value.parse().map(|seed| vec![seed]).map_err(|_| wrong("SIM_SEED", &value, "a number"))
        });
        let seeds = get("SIM_SEEDS").map(|value| {
            range(&value)
                .ok_or_else(|| wrong("SIM_SEEDS", &value, "a number of seeds, or a range `a..b`"))
        });
        let tape = get("SIM_TAPE").map(|path| {
            let text = fs::read_to_string(&path).map_err(|e| format!("SIM_TAPE={path}: {e}"))?;
            text.parse::<Tape>().map_err(|error| format!("SIM_TAPE={path}: {error}"))
        });
        let show = get("SIM_TRACE").map(|value| match value.as_str() {
            "text" | "1" => Ok(Show::Text),
            "json" => Ok(Show::Json),
            "perfetto" => Ok(Show::Perfetto),
            other => Err(wrong("SIM_TRACE", other, "`text`, `json` or `perfetto`")),
        });
        Ok(Self {
            seeds: seed.or(seeds).transpose()?,
            tape: tape.transpose()?,
            show: show.transpose()?,
        })
    }

    /// Shows the timeline of a life outside of a check, if that was asked for.
    pub(super) fn show_alone(life: &Life) {
        if IN_CHECK.get() {
            return;
        }
        match Self::read() {
            Ok(environment) => environment.show(life),
            Err(error) => eprintln!("{error}"),
        }
    }

    /// Shows the timeline, if that was asked for.
    pub(super) fn show(&self, life: &Life) {
        match self.show {
            None => {}
            Some(Show::Text) => eprint!("{}", life.lanes(usize::MAX)),
            Some(Show::Json) => eprint!("{}", life.json_lines()),
            Some(Show::Perfetto) => {
                let name = life.seed().map_or_else(|| "tape".to_owned(), |seed| seed.to_string());
                match keep("sim-traces", &name, "json", &life.perfetto()) {
                    Ok(path) => eprintln!("the timeline, for ui.perfetto.dev: {}", path.display()),
                    Err(error) => eprintln!("the timeline could not be kept: {error}"),
                }
            }
        }
    }

    /// Writes the tape to a file, and how to live that life again.
    pub(super) fn commands(&self, text: &mut String, seed: u64, tape: Option<&Tape>) {
        let test = test();
        let _ = writeln!(text, "this life again: SIM_SEED={seed} cargo test {test} -- --exact");
        let kept = tape.map(|tape| keep("sim-tapes", &seed.to_string(), "tape", &tape.to_string()));
        let _ = match kept {
            Some(Ok(path)) => {
                writeln!(
                    text,
                    "the short one: SIM_TAPE={} cargo test {test} -- --exact",
                    path.display()
                )
            }
            Some(Err(error)) => writeln!(text, "the tape could not be kept: {error}"),
            None => Ok(()),
        };
        let _ = writeln!(text, "with SIM_TRACE=text, json or perfetto for the whole timeline");
    }
}

/// The name of the test that runs on this thread; empty outside of one.
fn test() -> String {
    thread::current().name().map(str::to_owned).filter(|name| name != "main").unwrap_or_default()
}

/// A text in a file of the target folder, named for the test.
pub(super) fn keep(
    folder: &str,
    name: &str,
    extension: &str,
    text: &str,
) -> std::io::Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let folder = if target.is_dir() { target } else { env::temp_dir() }.join(folder);
    fs::create_dir_all(&folder)?;
    let test: String = test().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let path = std::path::absolute(folder.join(format!("{test}-{name}.{extension}")))?;
    fs::write(&path, text)?;
    Ok(path)
}

/// `100` for the first hundred, `5..9` for a range.
fn range(text: &str) -> Option<Vec<u64>> {
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
        None => (0, text.parse().ok()?),
    };
    (from < to).then(|| (from..to).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_or_a_range() {
        assert_eq!(range("3"), Some(vec![0, 1, 2]));
        assert_eq!(range("5..7"), Some(vec![5, 6]));
        for bad in ["", "0", "7..5", "x", "1..x"] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
