//! The parser's errors in a recipe author's words.

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::{Diagnostic, Span, quote};
use crate::recipe::codes;
use crate::recipe::node::EXPRESSION_START;

/// Says where the text of a place stops being YAML, and, where the cause can be guessed, what to do.
pub(super) fn describe(error: &ScanError, place: Span, text: &str) -> Diagnostic {
    let offset = floor_boundary(text, error.marker().byte_offset().unwrap_or(0));
    let width = text
        .get(offset..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| *c != '\n')
        .map_or(0, char::len_utf8);
    let diagnostic = Diagnostic::new(&codes::SYNTAX, message(error.kind())).at(
        Span::new(place.source, place.start as usize + offset, place.start as usize + offset + width),
        "",
    );
    diagnostic.maybe_help(help(error.kind(), line_at(text, offset)))
}

fn message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            "a tab where YAML wants spaces".to_owned()
        }
        ErrorKind::MappingValueNotAllowed => "a second `:` in one value".to_owned(),
        ErrorKind::UnexpectedCharacter { character } => {
            format!("a value cannot begin with {}", quote(&character.to_string()))
        }
        ErrorKind::UnclosedQuotedScalar => "the closing quote is missing".to_owned(),
        ErrorKind::UnclosedFlowCollection { open } => format!("the bracket `{open}` is never closed"),
        ErrorKind::ExpectedFlowMappingSeparator => "expected `,` or `}`".to_owned(),
        ErrorKind::ExpectedFlowSequenceSeparator => "expected `,` or `]`".to_owned(),
        ErrorKind::RecursionLimitExceeded => "nested too deeply".to_owned(),
        other => other.to_string(),
    }
}

fn help(kind: &ErrorKind, line: &str) -> Option<String> {
    if line.contains(EXPRESSION_START) {
        return Some("put the value that holds the expression in quotes: \"${{ … }}\"".to_owned());
    }
    match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            Some("replace the tab by spaces; YAML never accepts tabs as indentation".to_owned())
        }
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::UnexpectedCharacter { .. }
        | ErrorKind::InvalidColonPlacement => Some("if this is text, put it in quotes".to_owned()),
        _ => None,
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
