//! From a stretch of a scalar's text back to the bytes of the file.

use std::ops::Range;

use crate::diagnostic::{Sources, Span};
use crate::recipe::node::{Scalar, Style};

/// The place in the file of `range` in the scalar's text; the whole scalar where YAML has rewritten the text.
pub(super) fn locate(scalar: &Scalar, span: Span, range: &Range<usize>, sources: &Sources) -> Span {
    let written = sources.slice(span).unwrap_or_default();
    let offset = match scalar.style {
        Style::Plain | Style::Folded if written.starts_with(&scalar.text) => Some(0),
        Style::Quoted if written.get(1..written.len().saturating_sub(1)) == Some(&scalar.text) => Some(1),
        Style::Literal => return in_block(scalar, span, range, sources).unwrap_or(span),
        _ => None,
    };
    let Some(offset) = offset else { return span };
    let start = span.start as usize + offset;
    Span::new(span.source, start + range.start, start + range.end)
}

/// A literal block keeps its lines, each indented alike: the place is found line by line, and checked against the text.
fn in_block(scalar: &Scalar, span: Span, range: &Range<usize>, sources: &Sources) -> Option<Span> {
    let source = sources.get(span.source)?;
    let first_line = source.line_of(span.start as usize);
    let indentation = span.start as usize - source.line_range(first_line).start;
    let leading = scalar.text.len() - scalar.text.trim_start_matches('\n').len();
    let before = scalar.text.get(leading..range.start)?;
    let line = before.matches('\n').count();
    let line_start = before.rfind('\n').map_or(leading, |at| leading + at + 1);
    let decoded = scalar.text.get(line_start..)?.lines().next().unwrap_or_default();

    let written = source.line_range(first_line + line);
    let start = written.start + indentation;
    if source.text().get(start..start + decoded.len()) != Some(decoded) {
        return None;
    }
    let begin = start + (range.start - line_start);
    let end = begin + range.len();
    // An expression over several lines is marked on its first one.
    Some(Span::new(span.source, begin, end.min(written.end)))
}
