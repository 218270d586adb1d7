use crate::config::{Applied, ErasedSection, KeyChange, OnChange};

/// In which keys two configurations differ.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    changes: Vec<KeyChange>,
}

impl Difference {
    pub(crate) fn new(changes: Vec<KeyChange>) -> Self {
        Self { changes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Every key that has changed.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|change| &*change.key)
    }

    /// Whether a key of the section at that path has changed, or the section as a whole.
    pub(crate) fn touches(&self, section: &str) -> bool {
        self.keys().any(|key| is_in(key, section))
    }

    /// The changed keys of the section at that path.
    pub(crate) fn of<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a str> {
        self.keys().filter(move |key| is_in(key, section))
    }

    /// The keys that a running daemon cannot take: of its own, and of `sections`.
    pub(crate) fn beyond_reload(&self, sections: &[ErasedSection]) -> Vec<String> {
        let fixed =
            sections.iter().filter(|section| section.on_change() == Some(OnChange::Process));
        let fixed: Vec<_> = fixed.map(|section| &**section.path()).collect();
        let beyond = |change: &&KeyChange| match change.own {
            Some(applied) => applied == Applied::Process,
            None => fixed.iter().any(|section| is_in(&change.key, section)),
        };
        self.changes.iter().filter(beyond).map(|change| change.key.to_string()).collect()
    }
}

/// Whether `key` is `section`, or in it, or holds it.
fn is_in(key: &str, section: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    within(key, section) || within(section, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_touched_by_its_keys_and_by_what_holds_it() {
        assert!(is_in("http.port", "http") && is_in("http", "http") && is_in("http", "http.tls"));
        assert!(is_in("http.tls.key", "http.tls"));
        assert!(!is_in("https.port", "http") && !is_in("http.port", "http.tls"));
    }
}
