//! Texts under examination, and places in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which text a [`Span`] is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The position of the text in its [`Sources`].
    pub fn index(self) -> u32 {
        self.0
    }

    /// The text at a position of its [`Sources`].
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }
}

/// A place in a source: bytes `start..end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text it is in.
    pub source: SourceId,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Span {
    /// The place of `start..end` in `source`. Offsets beyond 4 GiB saturate; no source is ever that large.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let offset = |value| u32::try_from(value).unwrap_or(u32::MAX);
        Self { source, start: offset(start), end: offset(end.max(start)) }
    }

    /// The smallest place that holds both; `other` must be in the same source.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place as people name it: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The source's name, as the user gave it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One text: a file, or something that was given on the command line.
#[derive(Debug)]
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    text: String,
    /// A text may have as many lines as bytes, so these are small; no text is ever as large as 4 GiB.
    line_starts: Vec<u32>,
}

impl Source {
    fn new(name: String, path: Option<PathBuf>, text: String) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let starts = text.match_indices('\n').map(|(at, _)| offset(at + 1));
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { name, path, text, line_starts }
    }

    /// The name to show: a path, or a description in angle brackets.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that the text was read from, if it was.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line that holds a byte, counted from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    /// The bytes of a line counted from 0, without its line break. Lines past the end are empty.
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let start = self.line_starts.get(line).map_or(self.text.len(), |start| *start as usize);
        let end = self.line_starts.get(line + 1).map_or(self.text.len(), |next| *next as usize - 1);
        start..end.max(start)
    }

    /// Number of lines; a text without a line break has one.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    fn location(&self, offset: usize) -> Location {
        let line = self.line_of(offset);
        let start = self.line_range(line).start;
        let column =
            self.text.get(start..offset.min(self.text.len())).map_or(0, |before| before.chars().count());
        Location { file: self.name.clone(), line: line + 1, column: column + 1 }
    }
}

/// Every text that diagnostics may point into. Cloning it is cheap.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a text under the name that users know it by.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.push(Source::new(name.into(), None, text.into()))
    }

    /// Adds the text of a file.
    pub fn add_file(&mut self, path: &Path, text: impl Into<String>) -> SourceId {
        self.push(Source::new(path.display().to_string(), Some(path.to_owned()), text.into()))
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Arc::new(source));
        id
    }

    /// The ids of all sources.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..u32::try_from(self.0.len()).unwrap_or(u32::MAX)).map(SourceId)
    }

    /// The source with a name, and its id.
    pub fn find(&self, name: &str) -> Option<(SourceId, &Source)> {
        self.first(|source| source.name == name)
    }

    /// The source that was read from a file, and its id.
    pub fn find_file(&self, path: &Path) -> Option<(SourceId, &Source)> {
        self.first(|source| source.path() == Some(path))
    }

    fn first(&self, wanted: impl Fn(&Source) -> bool) -> Option<(SourceId, &Source)> {
        let (position, source) = self.0.iter().enumerate().find(|(_, source)| wanted(source))?;
        Some((SourceId(u32::try_from(position).ok()?), source))
    }

    /// A source by its id.
    pub fn get(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.0.get(id.0 as usize)
    }

    /// Where a span begins, in the words of an editor.
    pub fn start(&self, span: Span) -> Option<Location> {
        Some(self.get(span.source)?.location(span.start as usize))
    }

    /// Where a span ends, in the words of an editor.
    pub fn end(&self, span: Span) -> Option<Location> {
        Some(self.get(span.source)?.location(span.end as usize))
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> Option<&str> {
        self.get(span.source)?.text.get(span.start as usize..span.end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut sources = Sources::default();
        let id = sources.add("recipe.yaml", "é: 1\nname: x");
        let location = sources.start(Span::new(id, 3, 4)).unwrap();
        assert_eq!((location.line, location.column), (1, 3));
        let location = sources.start(Span::new(id, 12, 13)).unwrap();
        assert_eq!((location.line, location.column), (2, 7));
        assert_eq!(sources.slice(Span::new(id, 6, 10)), Some("name"));
    }

    #[test]
    fn places_outside_the_text_are_harmless() {
        let mut sources = Sources::default();
        let id = sources.add("empty", "");
        assert_eq!(sources.start(Span::new(id, 50, 60)).map(|at| (at.line, at.column)), Some((1, 1)));
        assert_eq!(sources.slice(Span::new(id, 50, 60)), None);
        assert_eq!(sources.get(id).unwrap().line_range(9), 0..0);
    }
}
