//! A section as a type of the user's, and what its deserializer says as an issue.

use figment::error::{Actual, Error, Kind};
use figment::value::{Dict, Value};
use proc_daemon_runtime::{PanicPayload, catch, discard};
use serde::de::DeserializeOwned;

use super::document::Document;
use super::error::ConfigError;
use super::issue::{ConfigIssue, Location};
use super::nearest::nearest;

/// The section at `path`, names joined by dots. One that is absent is an empty table.
pub(super) fn section<T: DeserializeOwned>(
    document: Option<&Document>,
    path: &str,
) -> Result<T, ConfigError> {
    let names: Vec<&str> = path.split('.').collect();
    if names.iter().any(|name| name.is_empty()) {
        let message = format!("`{path}` is no section: expected names joined by dots");
        return Err(ConfigError::invalid(vec![ConfigIssue::new(path, message)]));
    }
    let empty = Value::from(Dict::new());
    let value = match document {
        Some(document) => find(document, &names)?.unwrap_or(&empty),
        None => &empty,
    };
    let read = || {
        value.deserialize().map_err(|error| {
            let issues = error.into_iter().map(|error| explain(document, &names, &error));
            ConfigError::invalid(issues.collect())
        })
    };
    catch(read).unwrap_or_else(|payload| {
        let issue = section_issue(document, path, &panicked(payload));
        Err(ConfigError::invalid(vec![issue]))
    })
}

/// What an issue says about a panic of the user's code.
pub(super) fn panicked(payload: PanicPayload) -> String {
    let text = format!("panicked: {payload}");
    // A payload is the user's value: its destructor may panic as well.
    discard(payload);
    text
}

/// An issue about the section as a whole: at its header, or at the file if it has none.
pub(super) fn section_issue(document: Option<&Document>, path: &str, message: &str) -> ConfigIssue {
    let names: Vec<&str> = path.split('.').collect();
    let at = document.map(|document| document.locate_key(&names));
    ConfigIssue::new(path, format!("[{path}]: {message}")).at(at)
}

fn find<'a>(document: &'a Document, names: &[&str]) -> Result<Option<&'a Value>, ConfigError> {
    let mut table = document.tree();
    for (n, name) in names.iter().enumerate() {
        match table.get(*name) {
            None => return Ok(None),
            Some(value) if n + 1 == names.len() => return Ok(Some(value)),
            Some(Value::Dict(_, inner)) => table = inner,
            Some(_) => {
                let path = &names[..=n];
                let message = format!("expected a section, [{}]", path.join("."));
                let issue = ConfigIssue::new(path.join("."), message);
                let issue = issue.at(Some(document.locate(path))).showing(document.quote(path));
                return Err(ConfigError::invalid(vec![issue]));
            }
        }
    }
    Ok(None)
}

struct Place<'a> {
    document: Option<&'a Document>,
    path: Vec<&'a str>,
}

impl<'a> Place<'a> {
    fn full(&self) -> String {
        self.path.join(".")
    }

    fn value(&self) -> Option<Location> {
        self.document.map(|document| document.locate(&self.path))
    }

    fn quote(&self) -> Option<String> {
        self.document.and_then(|document| document.quote(&self.path))
    }

    /// An issue about the value here, quoted if it is there.
    fn wrong(&self, message: String) -> ConfigIssue {
        let found = self.quote();
        let message = if found.is_some() { message } else { format!("{}: {message}", self.full()) };
        ConfigIssue::new(self.full(), message).at(self.value()).showing(found)
    }

    /// An issue in the user's own words about the value here; a table is not quoted.
    fn refused(&self, message: &str) -> ConfigIssue {
        if self.document.is_none_or(|document| document.has_header(&self.path)) {
            return section_issue(self.document, &self.full(), message);
        }
        self.wrong(message.to_owned())
    }

    fn missing(&self, field: &str) -> ConfigIssue {
        let (table, full) = (self.full(), format!("{}.{field}", self.full()));
        let mut message = format!("missing key `{full}`");
        if self.quote().is_none() {
            message.push_str(&format!(": there is no section [{table}]"));
        }
        ConfigIssue::new(full, message).at(self.value())
    }

    /// `self` is the place of the key.
    fn unknown(mut self, field: &str, known: &'static [&'static str]) -> ConfigIssue {
        if self.path.last() != Some(&field) {
            return self.refused(&format!("unknown key `{field}`"));
        }
        let at = self.document.map(|document| document.locate_key(&self.path));
        let full = self.full();
        self.path.pop();
        let message = format!("unknown key `{field}` in [{}]", self.full());
        let near = nearest(field, known.iter().copied()).map(str::to_owned);
        ConfigIssue::new(full, message).at(at).suggest(near)
    }
}

fn explain(document: Option<&Document>, section: &[&str], error: &Error) -> ConfigIssue {
    let inside = error.path.iter().map(String::as_str);
    let place = Place { document, path: section.iter().copied().chain(inside).collect() };
    match &error.kind {
        Kind::Message(message) => place.refused(message),
        Kind::MissingField(field) => place.missing(field),
        Kind::UnknownField(field, known) => place.unknown(field, known),
        Kind::UnknownVariant(name, known) => {
            let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let near = nearest(name, known.iter().copied()).map(str::to_owned);
            place.wrong(format!("expected {}", one_of(&names))).suggest(near)
        }
        Kind::InvalidType(_, what) | Kind::InvalidLength(_, what) => {
            place.wrong(format!("expected {}", in_words(what)))
        }
        Kind::InvalidValue(found, what) => match found {
            Actual::Other(text) => place.wrong(format!("{text}: expected {}", in_words(what))),
            _ => place.wrong(format!("expected {}", in_words(what))),
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
