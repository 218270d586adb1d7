//! From a recipe to a configuration: reading the layers, and judging them together.

use std::any::Any;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content;
use super::document::Document;
use super::draft::{Draft, Given, Settings};
use super::error::{ConfigError, ConfigErrorKind};
use super::issue::{ConfigIssue, Location, Source};
use super::layer::{Layer, Overrides};
use super::layers::Layers;
use super::read::Reader;
use super::schema::Key;
use super::section::ErasedSection;
use super::size::Size;
use super::source::{ConfigSource, Directory, Environment, Origin, Place};
use super::variables::{DEEPEST, Found, Variables};
use super::{Config, walk};

/// What was read from the layers of a recipe.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) layers: Layers,
    /// Its paths are absolute.
    pub(super) source: ConfigSource,
    pub(super) warnings: Vec<ConfigIssue>,
}

/// The values of sections, in their order, and warnings about variables that are not in them.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) values: Vec<Arc<dyn Any + Send + Sync>>,
    pub(crate) warnings: Vec<ConfigIssue>,
}

/// Reads what `source` says. With `sections`, those are read as well, and tables that belong to none are
/// issues.
pub(super) fn load(
    source: &ConfigSource,
    sections: Option<&[ErasedSection]>,
) -> Result<(Config, Sections), ConfigError> {
    read(source, Reading::default(), None, sections)
}

/// The same in the place of `previous`, which is in force. A file that was read for it and is empty now is being
/// written, and neither the first one nor the directory of the others, if one of them was read, is left out because it is
/// missing: that does not mean the defaults. The limit of `previous` holds for the files.
pub(super) fn reload(
    source: &ConfigSource,
    previous: &Config,
    sections: &[ErasedSection],
) -> Result<(Config, Sections), ConfigError> {
    let before: Vec<_> = previous.layers().into_iter().flat_map(Layers::all).collect();
    let documents = before.into_iter().filter_map(Layer::document);
    let before = documents.filter(|document| !document.is_blank()).collect();
    let reading = Reading { before, ..Reading::default() };
    read(source, reading, Some(previous.config_file_limit()), Some(sections))
}

fn read(
    source: &ConfigSource,
    mut reading: Reading<'_>,
    limit: Option<Size>,
    sections: Option<&[ErasedSection]>,
) -> Result<(Config, Sections), ConfigError> {
    let source = source.anchored()?;
    // They say how much of a file is read, and are laid over the files.
    let mut found = reading.environment(&source);
    reading.overrides(&source);
    let mut above = std::mem::take(&mut reading.layers);
    reading.files(&source, Reader::new(limit.unwrap_or_else(|| limit_of(&above))));
    let Reading { mut layers, failures, mut issues, .. } = reading;
    layers.append(&mut above);

    let layers = Layers::new(layers);
    found.judge_strays(&source.prefix, layers.tree());
    issues.append(&mut found.issues);
    let claimed: Vec<&str> =
        sections.into_iter().flatten().map(|section| &**section.path()).collect();
    let settings = walk::settings(&layers, &claimed, failures.is_empty());
    let extracted = match sections {
        // What a missing file had in it is not known.
        Some(sections) if failures.is_empty() => extract_all(&layers, sections),
        Some(_) | None => Ok(Sections::default()),
    };
    let mut warnings = found.warnings;
    warnings.sort_by(|a, b| a.location().cmp(&b.location()));
    match (settings, extracted) {
        (Ok(settings), Ok(sections)) if failures.is_empty() && issues.is_empty() => {
            let given = Given::NONE;
            let loaded = Some(Arc::new(Loaded { layers, source, warnings }));
            Ok((Config { settings, given, loaded }, sections))
        }
        (settings, extracted) => {
            issues.extend(settings.err().into_iter().chain(extracted.err()).flatten());
            Err(ConfigError::all(&failures, issues))
        }
    }
}

/// How much of a file is read by `layers`, the highest last, or by default. A value that does not do is told with the
/// issues.
fn limit_of(layers: &[Layer]) -> Size {
    let limit = layers.iter().rev().find_map(|layer| {
        let value = layer.tree().get("limits")?.as_dict()?.get("config_file")?;
        let mut draft = Draft::default();
        Key::find("limits", "config_file")?.read(&mut draft, "config_file", value).ok()?;
        draft.config_file.filter(|limit| limit.bytes() > 0)
    });
    limit.unwrap_or(Settings::DEFAULT.config_file)
}

/// Reads every section, and judges the tables that belong to none.
pub(super) fn extract_all(
    layers: &Layers,
    sections: &[ErasedSection],
) -> Result<Sections, Vec<ConfigIssue>> {
    let claimed: Vec<&str> = sections.iter().map(|section| &**section.path()).collect();
    let (mut issues, warnings) = walk::unclaimed(layers, &claimed);
    let mut all = Sections { values: Vec::with_capacity(sections.len()), warnings };
    for section in sections {
        // One issue says that a section has to be there; the rest would repeat it.
        if let Some(issue) = walk::value_at_head(layers, section.path()) {
            issues.push(issue);
            continue;
        }
        match section.extract(Some(layers)) {
            Ok((value, warnings)) => {
                all.values.push(value);
                all.warnings.extend(warnings);
            }
            Err(error) => issues.extend_from_slice(error.issues()),
        }
    }
    if issues.is_empty() { Ok(all) } else { Err(issues) }
}

#[derive(Default)]
struct Reading<'a> {
    /// What was read for the configuration in force, of the files that were not empty.
    before: Vec<&'a Document>,
    layers: Vec<Layer>,
    /// Files that could not be read.
    failures: Vec<ConfigError>,
    issues: Vec<ConfigIssue>,
}

impl Reading<'_> {
    fn files(&mut self, source: &ConfigSource, mut reader: Reader) {
        match &source.origin {
            Origin::Text(shelf) => self.add(Document::parse("<text>", shelf.text().as_bytes())),
            Origin::File(place) => match document(place, 0, &mut reader) {
                Err(error) if source.optional && error.kind() == ConfigErrorKind::Missing => {
                    if self.before.iter().any(|before| before.is_base()) {
                        self.failures.push(gone(
                            place,
                            0,
                            "no such file, and there was one: for the defaults, leave a comment in it",
                        ));
                    }
                }
                document => self.add(document),
            },
        }
        let (place, may_miss) = match (&source.directory, &source.origin) {
            (Directory::Named(place), _) => (place.clone(), source.optional),
            (Directory::Beside, Origin::File(place)) => (place.beside("conf.d"), true),
            (Directory::Beside, _) | (Directory::None, _) => return,
        };
        // Where nothing can be beside the file, the file says why.
        let beside = matches!(source.directory, Directory::Beside);
        if beside && std::fs::symlink_metadata(&place.path).is_err() && !self.had_parts(&place) {
            return;
        }
        match self.entries(&place) {
            Ok(names) => {
                for (rank, name) in (1..).zip(names) {
                    let document = document(&place.inside(&name), rank, &mut reader);
                    self.add(document);
                }
            }
            Err(error) if may_miss && error.kind() == ConfigErrorKind::Missing => {
                if self.had_parts(&place) {
                    self.failures.push(gone(
                        &place,
                        1,
                        "no such directory, and there was one with files: for none of them, leave it empty",
                    ));
                }
            }
            Err(error) => self.failures.push(error),
        }
    }

    /// The names of the files in the directory that are read, in order.
    fn entries(&self, place: &Place) -> Result<Vec<PathBuf>, ConfigError> {
        let failed = |error: io::Error| {
            let location = Location::new(Source::file(&place.shown(), 1), None);
            if error.kind() == io::ErrorKind::NotFound {
                let message = "no such directory".to_owned();
                return ConfigError::file(ConfigErrorKind::Missing, location, message);
            }
            ConfigError::io(location, "listed", &error)
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&place.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name() else { continue };
            let is_named = !name.as_encoded_bytes().starts_with(b".")
                && path.extension().is_some_and(|extension| extension == "toml");
            if is_named && self.is_part(&path) {
                names.push(PathBuf::from(name));
            }
        }
        names
            .sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        Ok(names)
    }

    /// Whether `path`, of that directory, is read: what is no file is so only if it was one for the configuration in
    /// force, and is refused then.
    fn is_part(&self, path: &Path) -> bool {
        // What cannot be examined is left to the reading, which says why.
        std::fs::metadata(path).map_or(true, |there| {
            let is_refused = there.is_dir() || content::no_file(&there).is_some();
            there.is_file() || is_refused && self.before.iter().any(|b| b.path() == Some(path))
        })
    }

    fn add(&mut self, document: Result<Document, ConfigError>) {
        match document {
            Ok(document) if self.is_emptied(&document) => {
                let message =
                    "is empty, and was not before: for the defaults, leave a comment in it";
                let kind = ConfigErrorKind::Empty;
                self.failures.push(ConfigError::file(kind, document.whole(), message.to_owned()));
            }
            Ok(document) => self.layers.push(Layer::File(Box::new(document))),
            Err(error) => self.failures.push(error),
        }
    }

    /// Whether files of that directory are in force.
    fn had_parts(&self, place: &Place) -> bool {
        let is_part = |before: &&Document| {
            !before.is_base() && before.path().and_then(Path::parent) == Some(&place.path)
        };
        self.before.iter().any(is_part)
    }

    fn is_emptied(&self, document: &Document) -> bool {
        let is_it = |before: &&Document| before.path() == document.path();
        document.is_blank() && document.path().is_some() && self.before.iter().any(is_it)
    }

    fn environment(&mut self, source: &ConfigSource) -> Found {
        let prefix = &source.prefix;
        let (variables, found) = match &source.environment {
            Environment::None => return Found::default(),
            _ if prefix.is_empty() => {
                let message =
                    "an empty prefix would take every variable of the environment".to_owned();
                self.issues.push(in_code("", message));
                return Found::default();
            }
            Environment::OfProcess => Variables::read(prefix, std::env::vars_os()),
            Environment::Given(given) => Variables::read(prefix, given.iter().cloned()),
        };
        self.layers.push(Layer::Variables(variables));
        found
    }

    fn overrides(&mut self, source: &ConfigSource) {
        let mut overrides = Overrides::default();
        for (key, value) in &source.overrides {
            let path: Vec<&str> = key.split('.').collect();
            if path.len() > DEEPEST || path.iter().any(|name| name.is_empty()) {
                let message = format!("`{key}` is no key: expected names joined by dots");
                self.issues.push(in_code(key, message));
            } else {
                overrides.set(&path, value.clone());
            }
        }
        if !source.overrides.is_empty() {
            self.layers.push(Layer::Code(overrides));
        }
    }
}

fn in_code(key: &str, message: String) -> ConfigIssue {
    ConfigIssue::new(key, message).at(Some(Location::new(Source::code(), None)))
}

/// What may be missing, and was there.
fn gone(place: &Place, rank: usize, message: &str) -> ConfigError {
    let location = Location::new(Source::file(&place.shown(), rank), None);
    ConfigError::file(ConfigErrorKind::Missing, location, message.to_owned())
}

fn document(place: &Place, rank: usize, reader: &mut Reader) -> Result<Document, ConfigError> {
    let source = Source::file(&place.shown(), rank);
    let (bytes, read) = reader.bytes(&place.path, &source)?;
    Ok(Document::parse(source, &bytes)?.read_as(read))
}

impl Place {
    /// What issues call it.
    fn shown(&self) -> Cow<'_, str> {
        match self.given.to_string_lossy() {
            name if name.is_empty() => "<empty path>".into(),
            name => name,
        }
    }

    /// Makes the path absolute, from the working directory as it is.
    pub(super) fn anchor(&mut self) -> Result<(), ConfigError> {
        self.path = std::path::absolute(&self.path).map_err(|error| {
            let source = Source::file(&self.shown(), 0);
            ConfigError::io(Location::new(source, None), "made absolute", &error)
        })?;
        Ok(())
    }

    fn beside(&self, name: &str) -> Self {
        Self { given: self.given.with_file_name(name), path: self.path.with_file_name(name) }
    }

    fn inside(&self, name: &Path) -> Self {
        Self { given: self.given.join(name), path: self.path.join(name) }
    }
}
