//! A section as a type of the user's, and what its deserializer says as an issue.

use figment::error::{Actual, Error, Kind};
use figment::value::{Dict, Value};
use proc_daemon_runtime::{PanicPayload, catch, discard};
use serde::de::DeserializeOwned;

use super::error::ConfigError;
use super::issue::{ConfigIssue, Location};
use super::layers::Layers;
use super::nearest::nearest;
use super::secret;
use super::variables::{Tweaks, Variables};

/// What was read, and warnings about variables of the environment.
pub(super) type Read<T> = (T, Vec<ConfigIssue>);

/// The section at `path`, names joined by dots. One that is absent is an empty table.
///
/// A variable of the environment that was taken for a number or the like where the type wants a text is
/// read as text; one that the type does not know is left out, with a warning.
pub(super) fn section<T: DeserializeOwned>(
    layers: Option<&Layers>,
    path: &str,
) -> Result<Read<T>, ConfigError> {
    let names: Vec<&str> = path.split('.').collect();
    if names.iter().any(|name| name.is_empty()) {
        let message = format!("`{path}` is no section: expected names joined by dots");
        return Err(ConfigError::invalid(vec![ConfigIssue::new(path, message)]));
    }
    let Some(layers) = layers else {
        let value = read(&Dict::new().into(), None, path, &names);
        return value.map(|value| (value, Vec::new())).map_err(|failure| failure.error);
    };
    let (mut tweaks, mut warnings) = (Tweaks::default(), Vec::new());
    // The failure before a guess, which may have been wrong.
    let mut guessed: Option<Failure> = None;
    loop {
        let tree = layers.tweaked(&tweaks);
        let empty = Value::from(Dict::new());
        let value = find(layers, &tree, &names)?.unwrap_or(&empty);
        let failure = match read(value, Some(layers), path, &names) {
            Ok(value) => return Ok((value, warnings)),
            Err(failure) => failure,
        };
        let same = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
        if let Some(first) = guessed.take().filter(|first| same(&first.path, &failure.path)) {
            return Err(first.error);
        }
        match layers.variables().and_then(|all| failure.cure(all, layers, &mut tweaks)) {
            Some(Cure::LeftOut(warning)) => warnings.push(warning),
            Some(Cure::AsText) => {}
            Some(Cure::Guess) => guessed = Some(failure),
            None => return Err(failure.error),
        }
    }
}

fn read<T: DeserializeOwned>(
    value: &Value,
    layers: Option<&Layers>,
    path: &str,
    names: &[&str],
) -> Result<T, Failure> {
    let failed = |errors: Error, secret| {
        let errors: Vec<Error> = errors.into_iter().collect();
        let issues = errors.iter().map(|error| explain(layers, names, error, secret)).collect();
        let first = errors.into_iter().next();
        let path = first.iter().flat_map(|error| &error.path).map(String::as_str);
        let path = names.iter().copied().chain(path).map(str::to_owned).collect();
        Failure { error: ConfigError::invalid(issues), path, kind: first.map(|error| error.kind) }
    };
    catch(|| {
        let (read, secret) = secret::watch(|| T::deserialize(value).map_err(Box::new));
        read.map_err(|errors| failed(*errors, secret))
    })
    .unwrap_or_else(|payload| {
        let issue = section_issue(layers, path, &panicked(payload));
        Err(Failure { error: ConfigError::invalid(vec![issue]), path: Vec::new(), kind: None })
    })
}

/// Why a section could not be read, and where that was found out.
struct Failure {
    error: ConfigError,
    path: Vec<String>,
    kind: Option<Kind>,
}

/// What is tried next.
enum Cure {
    /// A variable is left out.
    LeftOut(ConfigIssue),
    /// The variable that the failure names is read as text.
    AsText,
    /// The variables around or below the place of the failure are.
    Guess,
}

impl Failure {
    /// Changes how the environment is read, if it may be that which is wrong.
    fn cure(&self, all: &Variables, layers: &Layers, tweaks: &mut Tweaks) -> Option<Cure> {
        let mut path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match &self.kind {
            None | Some(Kind::MissingField(_)) => None,
            Some(Kind::UnknownField(field, known)) => {
                if path.last() != Some(&field.as_str()) {
                    path.push(field);
                }
                let found = all.paths_from(&path);
                let found: Vec<_> =
                    found.into_iter().filter(|path| !tweaks.without.contains(path)).collect();
                if found.is_empty() {
                    return None;
                }
                let place = Place { layers: Some(layers), path: path.clone(), secret: true };
                let warning = place.unknown(field, known).at(Some(all.locate(&path)));
                tweaks.without.extend(found);
                Some(Cure::LeftOut(warning))
            }
            Some(_) => {
                let found = all.readable_as_text(&path, &tweaks.as_text);
                if found.is_empty() {
                    return None;
                }
                let exact = found[0] == self.path;
                tweaks.as_text.extend(found);
                Some(if exact { Cure::AsText } else { Cure::Guess })
            }
        }
    }
}

/// What an issue says about a panic of the user's code.
pub(super) fn panicked(payload: PanicPayload) -> String {
    let text = format!("panicked: {payload}");
    // A payload is the user's value: its destructor may panic as well.
    discard(payload);
    text
}

/// An issue about the section as a whole: at its header, or at the file if it has none.
pub(super) fn section_issue(layers: Option<&Layers>, path: &str, message: &str) -> ConfigIssue {
    let names: Vec<&str> = path.split('.').collect();
    let at = layers.and_then(|layers| layers.locate_key(&names));
    ConfigIssue::new(path, format!("[{path}]: {message}")).at(at)
}

/// What `tree` has at `names`; an issue if no table leads there. The value in the way is not quoted: it
/// may be a secret.
fn find<'a>(
    layers: &Layers,
    tree: &'a Dict,
    names: &[&str],
) -> Result<Option<&'a Value>, ConfigError> {
    let mut table = tree;
    for (n, name) in names.iter().enumerate() {
        match table.get(*name) {
            None => return Ok(None),
            Some(value) if n + 1 == names.len() => return Ok(Some(value)),
            Some(Value::Dict(_, inner)) => table = inner,
            Some(_) => {
                let path = &names[..=n];
                let full = path.join(".");
                let message = format!("`{full}` is a value: expected a section, [{full}]");
                let issue = ConfigIssue::new(full, message).at(layers.locate(path));
                return Err(ConfigError::invalid(vec![issue]));
            }
        }
    }
    Ok(None)
}

struct Place<'a> {
    layers: Option<&'a Layers>,
    path: Vec<&'a str>,
    /// A secret was refused on the way: nothing is quoted.
    secret: bool,
}

impl<'a> Place<'a> {
    fn full(&self) -> String {
        self.path.join(".")
    }

    fn value(&self) -> Option<Location> {
        self.layers.and_then(|layers| layers.locate(&self.path))
    }

    fn quote(&self) -> Option<String> {
        if self.secret { None } else { self.layers.and_then(|layers| layers.quote(&self.path)) }
    }

    /// An issue about the value here, which is quoted.
    fn wrong(&self, message: String) -> ConfigIssue {
        let found = self.quote();
        let message = if found.is_some() { message } else { format!("{}: {message}", self.full()) };
        ConfigIssue::new(self.full(), message).at(self.value()).showing(found)
    }

    /// An issue about the value here, which is not quoted.
    fn unfit(&self, message: &str) -> ConfigIssue {
        let full = self.full();
        ConfigIssue::new(full.as_str(), format!("{full}: {message}")).at(self.value())
    }

    /// An issue in the user's own words about the value here.
    fn refused(&self, message: &str) -> ConfigIssue {
        if self.layers.is_none_or(|layers| layers.has_header(&self.path)) {
            return section_issue(self.layers, &self.full(), message);
        }
        self.wrong(message.to_owned())
    }

    fn missing(&self, field: &str) -> ConfigIssue {
        let (table, full) = (self.full(), format!("{}.{field}", self.full()));
        let mut message = format!("missing key `{full}`");
        if !self.layers.is_some_and(|layers| layers.has(&self.path)) {
            message.push_str(&format!(": there is no section [{table}]"));
        }
        ConfigIssue::new(full, message).at(self.value())
    }

    /// `self` is the place of the key.
    fn unknown(mut self, field: &str, known: &'static [&'static str]) -> ConfigIssue {
        if self.path.last() != Some(&field) {
            return self.refused(&format!("unknown key `{field}`"));
        }
        let at = self.layers.and_then(|layers| layers.locate_unknown(&self.path));
        let full = self.full();
        self.path.pop();
        let message = format!("unknown key `{field}` in [{}]", self.full());
        let near = nearest(field, known.iter().copied()).map(str::to_owned);
        ConfigIssue::new(full, message).at(at).suggest(near)
    }
}

fn explain(layers: Option<&Layers>, section: &[&str], error: &Error, secret: bool) -> ConfigIssue {
    let inside = error.path.iter().map(String::as_str);
    let place = Place { layers, path: section.iter().copied().chain(inside).collect(), secret };
    let expected = |what: &str| {
        let message = format!("expected {}", in_words(what));
        if is_plain(what) { place.wrong(message) } else { place.unfit(&message) }
    };
    match &error.kind {
        // None of an enum's types has read it: one of them may hold a secret.
        Kind::Message(message) if message.contains("did not match any variant") => {
            place.unfit(message)
        }
        Kind::Message(message) => place.refused(message),
        Kind::MissingField(field) => place.missing(field),
        Kind::UnknownField(field, known) => place.unknown(field, known),
        Kind::UnknownVariant(name, known) => {
            let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let near = nearest(name, known.iter().copied()).map(str::to_owned);
            let message = format!("expected {}", one_of(&names));
            // The name may be that of a key, with a secret as its value; and what is near no name may be a
            // value that belongs below one.
            let is_key = place.path.last() == Some(&name.as_str());
            if near.is_some() && !is_key {
                place.wrong(message).suggest(near)
            } else {
                place.unfit(&message)
            }
        }
        Kind::InvalidType(_, what) | Kind::InvalidLength(_, what) => expected(what),
        Kind::InvalidValue(found, what) => match found {
            Actual::Other(text) => place.wrong(format!("{text}: expected {}", in_words(what))),
            _ => expected(what),
        },
        Kind::DuplicateField(field) => place.refused(&format!("`{field}` is given twice")),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => {
            place.wrong("expected a smaller number".to_owned())
        }
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => {
            place.refused("the type that reads it asks for what TOML cannot say")
        }
    }
}

/// Whether what is expected is one value of a plain type: what stands there instead can be quoted. Where
/// a table or a list is expected it could be a secret, one level too high.
fn is_plain(expected: &str) -> bool {
    const PLAIN: [&str; 20] = [
        super::size::EXPECTED,
        super::span::EXPECTED,
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "f32",
        "f64",
        "a boolean",
        "a string",
        "string",
        "str",
    ];
    PLAIN.contains(&expected) || expected.contains("integer") || expected.starts_with("a nonzero")
}

fn one_of(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// serde's name for what it expects, in the words of a configuration file.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" | "str" => "text",
        "a sequence" => "an array",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
