//! A mistake and its correction, for explanations.

use std::ops::Range;

/// What stands before the marked text of a bad example.
const OPEN: char = '⟦';
/// What stands behind it.
const CLOSE: char = '⟧';

/// A part of a text that makes a finding, and the same part without the mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The part with the mistake. What the finding points at stands between `⟦` and `⟧`.
    pub bad: &'static str,
    /// The same part without the mistake.
    pub good: &'static str,
}

impl Example {
    /// The part with the mistake as one would write it, and the bytes of it that the finding points at.
    pub fn marked(&self) -> (String, Range<usize>) {
        let start = self.bad.find(OPEN).unwrap_or_default();
        let end = self.bad.find(CLOSE).map_or(start, |end| end - OPEN.len_utf8());
        (self.bad.replace([OPEN, CLOSE], ""), start..end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_taken_out_and_remembered() {
        let example = Example { bad: "a: ⟦b⟧\nc: d\n", good: "" };
        assert_eq!(example.marked(), ("a: b\nc: d\n".to_owned(), 3..4));
        assert_eq!(Example { bad: "a: b", good: "" }.marked(), ("a: b".to_owned(), 0..0));
    }
}
