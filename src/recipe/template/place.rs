//! From a stretch of a scalar's text back to the bytes of the file.

use std::ops::Range;

use crate::diagnostic::{Sources, Span};
use crate::recipe::node::{Scalar, Style};

/// The place in the file of `range` in the scalar's text. Where the text cannot be found again, which would be a mistake
/// of this module, the whole scalar.
pub(super) fn locate(scalar: &Scalar, span: Span, range: &Range<usize>, sources: &Sources) -> Span {
    let written = sources.slice(span).unwrap_or_default();
    let Some(range) = align(&scalar.text, written, scalar.style, range) else { return span };
    let start = span.start as usize;
    Span::new(span.source, start + range.start, start + range.end)
}

/// The same for the text of a value that has been decoded. What an expression made is not found, and all of it is marked.
pub fn locate_text(text: &str, span: Span, range: &Range<usize>, sources: &Sources) -> Span {
    let written = sources.slice(span).unwrap_or_default();
    let style = if written.starts_with(['"', '\'']) { Style::Quoted } else { Style::Literal };
    let Some(range) = align(text, written, style, range) else { return span };
    let start = span.start as usize;
    Span::new(span.source, start + range.start, start + range.end)
}

/// Walks through a scalar's text and what was written for it, side by side.
///
/// YAML rewrites blanks when it folds lines and strips indentation, and undoes quotes and escapes; all other characters
/// stay what and in the order they are. So each of them is found by stepping over blanks that do not agree.
fn align(text: &str, written: &str, style: Style, range: &Range<usize>) -> Option<Range<usize>> {
    let mut cursor = Cursor { written, at: 0, style: Notation::of(style, written) };
    if matches!(cursor.style, Notation::Single | Notation::Double) {
        cursor.at = 1;
    }
    let (mut start, mut end) = (None, None);
    for (offset, character) in text.char_indices() {
        if offset >= range.end {
            break;
        }
        let found = cursor.step(character)?;
        if offset >= range.start {
            start.get_or_insert(found.start);
            end = Some(found.end);
        }
    }
    Some(start?..end?)
}

/// How a scalar is written, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// Plain or as a block: every character stands for itself.
    Bare,
    /// In single quotes, of which two stand for one.
    Single,
    /// In double quotes, with escapes.
    Double,
}

impl Notation {
    fn of(style: Style, written: &str) -> Self {
        match style {
            Style::Quoted if written.starts_with('"') => Self::Double,
            Style::Quoted => Self::Single,
            Style::Plain | Style::Literal | Style::Folded => Self::Bare,
        }
    }
}

struct Cursor<'a> {
    written: &'a str,
    at: usize,
    style: Notation,
}

impl Cursor<'_> {
    /// The bytes that stand for the next character of the text; none, at the right place, for a blank that YAML has made.
    fn step(&mut self, character: char) -> Option<Range<usize>> {
        if is_blank(character) {
            return Some(self.blank(character));
        }
        self.skip_blanks();
        let (length, found) = self.next()?;
        let start = self.at;
        self.at += length;
        (found == character).then_some(start..self.at)
    }

    fn blank(&mut self, character: char) -> Range<usize> {
        let start = self.at;
        match self.next() {
            // A line break in the file is a space in the text, or a break, or nothing: the next character tells.
            Some((length, found)) if found == character && !self.begins_fold() => self.at += length,
            _ => {}
        }
        start..self.at
    }

    /// Whether a blank belongs to the end of a line that is folded.
    fn begins_fold(&self) -> bool {
        let rest = self.written.get(self.at..).unwrap_or_default();
        let is_raw = rest.starts_with(is_blank);
        let after = rest.trim_start_matches([' ', '\t']);
        is_raw && self.style != Notation::Bare && after.starts_with(['\n', '\r'])
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.written.get(self.at..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
            if blanks > 0 {
                self.at += blanks;
                continue;
            }
            match escape(rest) {
                _ if self.style != Notation::Double => return,
                // An escaped line break joins two lines.
                _ if rest.starts_with("\\\n") || rest.starts_with("\\\r") => self.at += 2,
                Some((length, character)) if is_blank(character) => self.at += length,
                _ => return,
            }
        }
    }

    /// The next character as YAML reads it, and how many bytes stand for it.
    fn next(&self) -> Option<(usize, char)> {
        let rest = self.written.get(self.at..)?;
        let first = rest.chars().next()?;
        match (self.style, first) {
            (Notation::Single, '\'') => rest.starts_with("''").then_some((2, '\'')),
            (Notation::Double, '"') => None,
            (Notation::Double, '\\') => escape(rest),
            _ => Some((first.len_utf8(), first)),
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// An escape of YAML 1.2, §5.7: its length, and the character that it stands for.
fn escape(text: &str) -> Option<(usize, char)> {
    let code = text.strip_prefix('\\')?.chars().next()?;
    let hexadecimal = |digits: usize| {
        let number = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((2 + digits, char::from_u32(number)?))
    };
    let character = match code {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => return hexadecimal(2),
        'u' => return hexadecimal(4),
        'U' => return hexadecimal(8),
        ' ' | '"' | '/' | '\\' => code,
        _ => return None,
    };
    Some((2, character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Collector;
    use crate::recipe::node::NodeKind;
    use crate::recipe::parse::parse;

    /// Where `needle`, in the text of the value of `a`, stands in the file: the text there, and line and column.
    fn found(yaml: &str, needle: &str) -> (String, usize, usize) {
        let mut sources = Sources::default();
        let id = sources.add("x", yaml);
        let tree = parse(id, &sources, &mut Collector::default()).unwrap();
        let node = tree.get("a").unwrap();
        let NodeKind::Scalar(scalar) = &node.kind else { panic!("{node:?}") };
        let at = scalar.text.find(needle).unwrap();
        let span = locate(scalar, node.span, &(at..at + needle.len()), &sources);
        let start = sources.start(span).unwrap();
        (sources.slice(span).unwrap().to_owned(), start.line, start.column)
    }

    #[track_caller]
    fn finds(yaml: &str, needle: &str, line: usize, column: usize) {
        assert_eq!(found(yaml, needle), (needle.to_owned(), line, column), "{yaml}");
    }

    #[test]
    fn plain_and_quoted_text_is_found() {
        finds("a: x ${{ y }}", "y", 1, 10);
        finds("a: 'x ${{ y }}'", "y", 1, 11);
        finds("a: \"x ${{ y }}\"", "y", 1, 11);
        finds("a: é ${{ y }}", "y", 1, 10);
    }

    #[test]
    fn text_behind_escapes_and_doubled_quotes_is_found() {
        finds(r#"a: "\x62 ${{ y }}""#, "y", 1, 14);
        finds(r#"a: "\"\\ \u00e9\U0001F600 ${{ y }}""#, "y", 1, 31);
        finds(r#"a: "\t\n\ \_${{ y }}""#, "y", 1, 17);
        finds("a: 'it''s ${{ y }}'", "y", 1, 15);
        assert_eq!(found(r#"a: "${{ '\x79' }}""#, "'y'"), (r"'\x79'".to_owned(), 1, 9));
        assert_eq!(found("a: '${{ ''y'' }}'", "'y'"), ("''y''".to_owned(), 1, 9));
    }

    #[test]
    fn text_in_literal_blocks_is_found() {
        finds("a: |\n\n    first\n      echo ${{ y }}\n", "y", 4, 16);
        finds("a: |2-\n    first\n  ${{ y }}", "y", 3, 7);
        finds("b: 1\na: |+\n  x\n\n\n  ${{ y }}\n\n", "y", 6, 7);
    }

    #[test]
    fn text_in_folded_blocks_is_found() {
        finds("a: >\n  first\n  ${{ y }}\n", "y", 3, 7);
        finds("a: >-\n\n  first\n\n  second\n    more\n\n    ${{ x }}\n  ${{ y }}\n", "y", 9, 7);
        finds("a: >\n    x\n    é ${{ y }}", "y", 3, 11);
    }

    #[test]
    fn text_of_several_lines_is_found() {
        finds("a: first\n  second\n\n  ${{ y }}\nb: 1", "y", 4, 7);
        finds("a: 'first  \n\n   ${{ y }}'", "y", 3, 8);
        finds("a: \"first \\\n   \\  ${{ y }}\\\n  \"", "y", 2, 11);
        finds("{ a: \"x\n  ${{ y }}\" }", "y", 2, 7);
    }

    #[test]
    fn a_stretch_over_several_lines_ends_where_it_ends() {
        let (text, line, column) = found("a: >\n  x ${{ y\n  + 1 }} z", "y + 1");
        assert_eq!((text.as_str(), line, column), ("y\n  + 1", 2, 9));
    }
}
