//! The command line.

use crate::plan::Scale;
use crate::table::Format;

/// What `--help` prints.
pub const HELP: &str = "\
cargo bench -p proc-daemon-bench -- [WORD..] [--quick] [--processes N] [--format text|md|json]
                                    [--peer-all] [--seed N] [--list]

WORD         run only the jobs whose description has every word: `-- start-stop tokio`
--quick      fewer rounds and processes, no 100 000, an idle phase of 2 s
--processes  processes for each job
--format     how the tables are printed
--peer-all   also the peer's 100 000, whose stop is quadratic: seconds each
--seed       the order of the jobs
--list       print the jobs and end
";

/// The command line, read.
#[derive(Clone, Debug)]
pub struct Args {
    /// How much is run.
    pub scale: Scale,
    /// Which jobs.
    pub words: Vec<String>,
    /// How many processes a job gets; the scale's own by default.
    pub processes: Option<u32>,
    /// How the tables are printed.
    pub format: Format,
    /// Whether the peer runs with 100 000 as well.
    pub peer_all: bool,
    /// The order of the jobs.
    pub seed: Option<u64>,
    /// Print the jobs only.
    pub list: bool,
}

impl Args {
    /// Reads the arguments after the program's name. Without `--bench`, which `cargo bench` gives, it is
    /// a test of the harness: the smallest scale.
    ///
    /// # Errors
    ///
    /// What is wrong, for the user; the help if that was asked for.
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            scale: Scale::Smoke,
            words: Vec::new(),
            processes: None,
            format: Format::Text,
            peer_all: false,
            seed: None,
            list: false,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| format!("`{arg}` needs a value\n\n{HELP}"));
            match arg.as_str() {
                "--bench" if read.scale == Scale::Smoke => read.scale = Scale::Full,
                "--bench" => {}
                "--quick" => read.scale = Scale::Quick,
                "--processes" => read.processes = Some(number(&arg, &value()?)?),
                "--seed" => read.seed = Some(number(&arg, &value()?)?),
                "--format" => read.format = Format::from_name(&value()?).ok_or(HELP)?,
                "--peer-all" => read.peer_all = true,
                "--list" => read.list = true,
                // The seed's own line has it: `-- --verbose`. There is nothing to add.
                "--verbose" => {}
                word if !word.starts_with('-') => read.words.push(word.to_owned()),
                _ => return Err(HELP.to_owned()),
            }
        }
        Ok(read)
    }
}

fn number<T: std::str::FromStr>(arg: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{arg}` needs a number, not `{text}`\n\n{HELP}"))
}
