use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;

/// The name of a task or a subsystem, and where it was spawned, if that is known. A literal costs no
/// allocation; a clone costs at most one count.
///
/// Two names are equal if their texts are.
#[derive(Clone)]
pub struct TaskName {
    text: Repr,
    site: Option<&'static Location<'static>>,
}

#[derive(Clone)]
enum Repr {
    Literal(&'static str),
    Shared(Arc<str>),
}

impl TaskName {
    /// A name that lives for the whole program.
    #[must_use]
    pub const fn literal(name: &'static str) -> Self {
        Self { text: Repr::Literal(name), site: None }
    }

    /// The same name, of a task spawned at `site`.
    #[must_use]
    pub fn at(mut self, site: &'static Location<'static>) -> Self {
        self.site = Some(site);
        self
    }

    /// Where the task was spawned, if whoever named it said so.
    #[must_use]
    pub const fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.text {
            Repr::Literal(name) => name,
            Repr::Shared(name) => name,
        }
    }

    /// The name as a shared string; allocates if it was a literal.
    #[must_use]
    pub fn to_shared(&self) -> Arc<str> {
        match &self.text {
            Repr::Literal(name) => Arc::from(*name),
            Repr::Shared(name) => Arc::clone(name),
        }
    }
}

impl Deref for TaskName {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&'static str> for TaskName {
    fn from(name: &'static str) -> Self {
        Self::literal(name)
    }
}

impl From<String> for TaskName {
    fn from(name: String) -> Self {
        Self::from(Arc::<str>::from(name))
    }
}

impl From<Arc<str>> for TaskName {
    fn from(name: Arc<str>) -> Self {
        Self { text: Repr::Shared(name), site: None }
    }
}

impl From<Cow<'static, str>> for TaskName {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => name.into(),
            Cow::Owned(name) => name.into(),
        }
    }
}

impl PartialEq for TaskName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for TaskName {}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
