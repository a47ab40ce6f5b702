//! Splits a scalar's text into literal parts and expressions.

use std::ops::Range;

use crate::recipe::node::EXPRESSION_START;

/// A stretch of a scalar's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text to be taken as it is.
    Literal(Range<usize>),
    /// The inside of `${{ … }}`.
    Expression(Range<usize>),
}

/// The pieces of a text, or the place of a `${{` that is never closed.
pub(super) fn split(text: &str) -> Result<Vec<Piece>, Range<usize>> {
    let mut pieces = Vec::new();
    let mut position = 0;
    while let Some(found) = text.get(position..).and_then(|rest| rest.find(EXPRESSION_START)) {
        let start = position + found;
        if start > position {
            pieces.push(Piece::Literal(position..start));
        }
        let inside = start + EXPRESSION_START.len();
        let length = text.get(inside..).and_then(closing).ok_or(start..text.len())?;
        pieces.push(Piece::Expression(inside..inside + length));
        position = inside + length + 2;
    }
    if position < text.len() {
        pieces.push(Piece::Literal(position..text.len()));
    }
    Ok(pieces)
}

/// Where `}}` ends the expression: not inside a string, and not where it closes two maps.
fn closing(expression: &str) -> Option<usize> {
    let mut braces = 0_usize;
    let mut quote: Option<char> = None;
    let mut characters = expression.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => braces += 1,
            (None, '}') if braces > 0 => braces -= 1,
            (None, '}') if characters.peek().is_some_and(|(_, next)| *next == '}') => return Some(at),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expressions(text: &str) -> Vec<&str> {
        split(text)
            .unwrap()
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Expression(range) => text.get(range),
                Piece::Literal(_) => None,
            })
            .collect()
    }

    #[test]
    fn strings_and_maps_may_hold_the_closing_mark() {
        assert_eq!(expressions("a-${{ x }}-${{y}}"), [" x ", "y"]);
        assert_eq!(expressions("${{ '}}' }}"), [" '}}' "]);
        assert_eq!(expressions(r#"${{ "\"}}" }}"#), [r#" "\"}}" "#]);
        assert_eq!(expressions("${{ {'a': {'b': 1}} }}"), [" {'a': {'b': 1}} "]);
        assert_eq!(expressions("${{ '${{' }}"), [" '${{' "]);
        assert_eq!(expressions("$HOME {{ x }} ${x}"), Vec::<&str>::new());
    }

    #[test]
    fn an_unclosed_expression_is_found() {
        assert_eq!(split("ab ${{ x"), Err(3..8));
        assert_eq!(split("${{ 'x }}"), Err(0..9));
    }
}
