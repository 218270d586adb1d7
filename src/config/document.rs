//! One parsed file: its values as a tree that can be merged, and where each of them stands.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use figment::value::{Dict, Value};
use toml_edit::{Item, TableLike};

use super::error::{ConfigError, ConfigErrorKind};
use super::file_read::FileRead;
use super::issue::{Location, Source};

/// A TOML text with its values and positions.
pub(super) struct Document {
    source: Source,
    read: Option<FileRead>,
    toml: toml_edit::Document<Arc<str>>,
    tree: Dict,
    /// Where each line begins: a file of nothing but issues must not cost a square of its length.
    lines: Vec<usize>,
}

impl Document {
    /// Parses `bytes`, called `source` in every issue. A byte order mark is skipped.
    pub(super) fn parse(source: impl Into<Source>, bytes: &[u8]) -> Result<Self, ConfigError> {
        let source = source.into();
        let text = utf8(&source, bytes)?;
        let toml = toml_edit::Document::parse(Arc::clone(&text))
            .map_err(|error| syntax(&source, &text, &error))?;
        let tree = dict(toml.as_table());
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = std::iter::once(0).chain(after_newlines).collect();
        Ok(Self { source, read: None, toml, tree, lines })
    }

    /// The same, read in that way from a path that is absolute.
    pub(super) fn read_as(mut self, read: FileRead) -> Self {
        self.read = Some(read);
        self
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.read().map(FileRead::path)
    }

    /// How it was read, if it is a file.
    pub(super) const fn read(&self) -> Option<&FileRead> {
        self.read.as_ref()
    }

    pub(super) fn tree(&self) -> &Dict {
        &self.tree
    }

    /// Whether it is the file or text that the other layers are laid over.
    pub(super) const fn is_base(&self) -> bool {
        self.source.is_base()
    }

    /// Whether there is nothing in it, not even a comment.
    pub(super) fn is_blank(&self) -> bool {
        self.toml.raw().trim().is_empty()
    }

    /// The file as a whole.
    pub(super) fn whole(&self) -> Location {
        Location::new(self.source.clone(), None)
    }

    /// Where the value at `path` begins: for a section, its header. Failing that, the deepest table
    /// on the way that has a place; failing that, the file.
    pub(super) fn locate(&self, path: &[&str]) -> Location {
        let mut place = None;
        let mut node = Node::Table(self.toml.as_table());
        for name in path {
            let Some(child) = node.child(name) else { break };
            place = child.start().or_else(|| node.key_start(name)).or(place);
            node = child;
        }
        self.at(place)
    }

    /// Where the key at `path` begins; for a section, its header.
    pub(super) fn locate_key(&self, path: &[&str]) -> Location {
        let Some((last, above)) = path.split_last() else {
            return self.whole();
        };
        match self.node(above) {
            Some(parent) if !parent.child(last).is_some_and(Node::has_header) => {
                self.at(parent.key_start(last))
            }
            _ => self.locate(path),
        }
    }

    /// The value at `path` as written, on one line and shortened. A table or an array is not quoted: what
    /// is in it may be a secret.
    pub(super) fn quote(&self, path: &[&str]) -> Option<String> {
        let node = self.node(path)?;
        if let Some(what) = node.container() {
            return Some(what.to_owned());
        }
        let text = self.toml.raw().get(node.span()?)?;
        let line = text.lines().next().unwrap_or_default();
        let mut quoted: String = line.chars().take(LONGEST_QUOTE).collect();
        if quoted.len() < text.len() {
            quoted.push_str("...");
        }
        Some(quoted)
    }

    /// Whether the value at `path` is a table or tables under a header of their own.
    pub(super) fn has_header(&self, path: &[&str]) -> bool {
        self.node(path).is_some_and(Node::has_header)
    }

    /// The section whose header comes first, without its brackets.
    pub(super) fn first_section(&self) -> Option<String> {
        let mut first = None;
        headers(self.toml.as_table(), "", &mut |place, name| {
            if first.as_ref().is_none_or(|(least, _)| place < *least) {
                first = Some((place, name.to_owned()));
            }
        });
        first.map(|(_, name)| name)
    }

    fn node(&self, path: &[&str]) -> Option<Node<'_>> {
        let root = Node::Table(self.toml.as_table());
        path.iter().try_fold(root, |node, name| node.child(name))
    }

    fn at(&self, offset: Option<usize>) -> Location {
        let position = offset.map(|offset| {
            let line = self.lines.partition_point(|&start| start <= offset);
            let start = self.lines[line - 1];
            (line, column(self.toml.raw(), start, offset))
        });
        Location::new(self.source.clone(), position)
    }
}

/// The text may hold secrets: only its name is printed.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("source", &self.source.name())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

/// Characters of a value that an issue quotes.
const LONGEST_QUOTE: usize = 60;

#[derive(Clone, Copy)]
enum Node<'a> {
    Table(&'a toml_edit::Table),
    Item(&'a Item),
    Value(&'a toml_edit::Value),
}

impl<'a> Node<'a> {
    fn table(self) -> Option<&'a dyn TableLike> {
        match self {
            Self::Table(table) => Some(table),
            Self::Item(item) => item.as_table_like(),
            Self::Value(value) => value.as_inline_table().map(|table| table as &dyn TableLike),
        }
    }

    fn child(self, name: &str) -> Option<Self> {
        if let Some(table) = self.table() {
            return table.get(name).map(Self::Item);
        }
        let index: usize = name.parse().ok()?;
        match self {
            Self::Item(Item::ArrayOfTables(tables)) => tables.get(index).map(Node::Table),
            Self::Item(Item::Value(value)) | Self::Value(value) => {
                value.as_array()?.get(index).map(Self::Value)
            }
            _ => None,
        }
    }

    fn span(self) -> Option<Range<usize>> {
        match self {
            Self::Table(table) => table.span(),
            Self::Item(item) => item.span(),
            Self::Value(value) => value.span(),
        }
    }

    /// Where it begins. A table that only has sub-tables begins with the first of their headers.
    fn start(self) -> Option<usize> {
        match self {
            Self::Table(table) | Self::Item(Item::Table(table))
                if table.is_implicit() && !table.is_dotted() =>
            {
                table.iter().filter_map(|(_, item)| Node::Item(item).start()).min()
            }
            _ => self.span().map(|span| span.start),
        }
    }

    fn key_start(self, name: &str) -> Option<usize> {
        Some(self.table()?.key(name)?.span()?.start)
    }

    /// `a.b = 1` makes a table `a` without a header.
    fn has_header(self) -> bool {
        match self {
            Self::Table(table) | Self::Item(Item::Table(table)) => !table.is_dotted(),
            Self::Item(Item::ArrayOfTables(_)) => true,
            Self::Item(_) | Self::Value(_) => false,
        }
    }

    /// What it is, if it holds other values.
    fn container(self) -> Option<&'static str> {
        match self {
            Self::Item(Item::ArrayOfTables(_)) => Some("an array of tables"),
            Self::Item(Item::Value(value)) | Self::Value(value) if value.is_array() => {
                Some("an array")
            }
            _ => self.table().map(|_| "a table"),
        }
    }
}

/// Calls `found` with the place and name of every header below `table`, which is called `above`.
fn headers(table: &dyn TableLike, above: &str, found: &mut dyn FnMut(usize, &str)) {
    for (name, item) in table.iter() {
        let name = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        if let (true, Some(span)) = (Node::Item(item).has_header(), item.span()) {
            found(span.start, &name);
        }
        if let Item::Table(inner) = item {
            headers(inner, &name, found);
        }
    }
}

fn utf8(source: &Source, bytes: &[u8]) -> Result<Arc<str>, ConfigError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map(Arc::from).map_err(|error| {
        let (good, rest) = bytes.split_at(error.valid_up_to());
        let bad = rest[0];
        let before = String::from_utf8_lossy(good);
        let location = Location::new(source.clone(), Some(position(&before, good.len())));
        let message = format!("byte 0x{bad:02x} is not UTF-8, which TOML has to be");
        ConfigError::file(ConfigErrorKind::NotUtf8, location, message)
    })
}

fn syntax(source: &Source, text: &str, error: &toml_edit::TomlError) -> ConfigError {
    let span = error.span();
    let mut message = error.message().to_owned();
    if message == "duplicate key"
        && let Some(key) = span.clone().and_then(|span| text.get(span))
    {
        message = format!("duplicate key `{key}`");
    }
    let location = Location::new(source.clone(), span.map(|span| position(text, span.start)));
    ConfigError::file(ConfigErrorKind::Syntax, location, message)
}

/// Line and column of a byte, both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    (line, column(text, start, offset))
}

/// The column, from 1 and in characters, of a byte in the line that begins at `start`.
fn column(text: &str, start: usize, offset: usize) -> usize {
    text.get(start..offset).unwrap_or_default().chars().count() + 1
}

fn dict(table: &dyn TableLike) -> Dict {
    table.iter().map(|(name, item)| (name.to_owned(), item_value(item))).collect()
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::from(Dict::new()),
        Item::Value(value) => plain_value(value),
        Item::Table(table) => Value::from(dict(table)),
        Item::ArrayOfTables(tables) => {
            Value::from(tables.iter().map(|table| Value::from(dict(table))).collect::<Vec<_>>())
        }
    }
}

/// Dates and times become text, as the crates that know them read it.
pub(super) fn plain_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(truth) => Value::from(*truth.value()),
        toml_edit::Value::Datetime(moment) => Value::from(moment.value().to_string()),
        toml_edit::Value::Array(values) => {
            Value::from(values.iter().map(plain_value).collect::<Vec<_>>())
        }
        toml_edit::Value::InlineTable(table) => Value::from(dict(table)),
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
