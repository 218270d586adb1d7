//! A range as a fault plan was given it.
//!
//! 1. It is kept as it was written, so that a refusal can say it.
//! 2. Nothing here overflows: an end that does not fit is the last value.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::time::Duration;

/// A range of numbers or durations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<T>(Bound<T>, Bound<T>);

/// What a [`Span`] can be of.
pub(super) trait Step: Copy + Ord + fmt::Debug {
    const FIRST: Self;

    fn next(self) -> Option<Self>;
    fn previous(self) -> Option<Self>;
    /// Where a range from here ends that was given no end.
    fn open_end(self) -> Self;
}

impl Step for u32 {
    const FIRST: Self = 0;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn previous(self) -> Option<Self> {
        self.checked_sub(1)
    }

    fn open_end(self) -> Self {
        self.saturating_add(16)
    }
}

impl Step for Duration {
    const FIRST: Self = Self::ZERO;

    fn next(self) -> Option<Self> {
        self.checked_add(Self::from_nanos(1))
    }

    fn previous(self) -> Option<Self> {
        self.checked_sub(Self::from_nanos(1))
    }

    fn open_end(self) -> Self {
        self.saturating_add(Self::from_secs(3600))
    }
}

impl<T: Step> Span<T> {
    pub(super) fn of(range: &impl RangeBounds<T>) -> Self {
        Self(range.start_bound().cloned(), range.end_bound().cloned())
    }

    /// The least and the largest value; none if there is no value in it.
    pub(super) fn ends(&self) -> Option<(T, T)> {
        let from = match self.0 {
            Bound::Included(from) => from,
            Bound::Excluded(from) => from.next()?,
            Bound::Unbounded => T::FIRST,
        };
        let to = match self.1 {
            Bound::Included(to) => to,
            Bound::Excluded(to) => to.previous()?,
            Bound::Unbounded => from.open_end(),
        };
        (from <= to).then_some((from, to))
    }
}

impl<T: fmt::Debug> fmt::Display for Span<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Bound::Included(from) => write!(f, "{from:?}")?,
            Bound::Excluded(from) => write!(f, "{from:?}<")?,
            Bound::Unbounded => {}
        }
        match &self.1 {
            Bound::Included(to) => write!(f, "..={to:?}"),
            Bound::Excluded(to) => write!(f, "..{to:?}"),
            Bound::Unbounded => f.write_str(".."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_those_of_the_range() {
        let after = |n| (Bound::Excluded(n), Bound::Unbounded);
        assert_eq!(Span::of(&(2..5)).ends(), Some((2, 4)));
        assert_eq!(Span::of(&(2..=2)).ends(), Some((2, 2)));
        assert_eq!(Span::of(&(..)).ends(), Some((0, 16)));
        assert_eq!(Span::of(&(u32::MAX..)).ends(), Some((u32::MAX, u32::MAX)));
        assert_eq!(Span::of(&after(3)).ends(), Some((4, 20)));
        let most = Duration::MAX;
        assert_eq!(Span::of(&(most..)).ends(), Some((most, most)));
        assert_eq!(Span::of(&(..Duration::from_nanos(1))).ends(), Some((most - most, most - most)));
        assert_eq!(Span::of(&(most..most)).ends(), None);
        assert_eq!(Span::of(&(Bound::Excluded(most), Bound::Unbounded)).ends(), None);
        assert_eq!(Span::of(&(..Duration::ZERO)).ends(), None);
        #[expect(clippy::reversed_empty_ranges, reason = "what is tested")]
        for empty in [5..5, 0..0, 5..2] {
            assert_eq!(Span::of(&empty).ends(), None, "{empty:?}");
        }
    }

    #[test]
    fn it_is_told_as_it_was_written() {
        let ms = Duration::from_millis;
        assert_eq!(Span::of(&(5..5)).to_string(), "5..5");
        assert_eq!(Span::of(&(..=ms(5))).to_string(), "..=5ms");
        assert_eq!(Span::of(&(ms(1)..)).to_string(), "1ms..");
    }
}
