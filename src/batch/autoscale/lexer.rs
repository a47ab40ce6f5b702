//! From the text of a formula to its words.

use std::ops::Range;

use super::error::{FormulaError, FormulaErrorKind};

/// A word of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// The name of a variable, function, method or constant, with its `$` if it has one.
    Name(String),
    /// A number.
    Number(f64),
    /// A string, without its quotes.
    Text(String),
    /// An operator or another sign.
    Sign(&'static str),
}

impl Token {
    /// What it is, in a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::Text(_) => "a string".to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// A word and its bytes.
pub(super) type Spanned = (Token, Range<usize>);

/// Signs; of two with the same beginning the longer one comes first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "=", "!", "+", "-", "*", "/", "?", ":", "(", ")", ",", ".",
    ";",
];

/// All words of a text, and what is no word.
pub(super) fn tokens(text: &str) -> (Vec<Spanned>, Vec<FormulaError>) {
    let mut lexer = Lexer { text, position: 0, tokens: Vec::new(), errors: Vec::new() };
    while lexer.position < text.len() {
        lexer.next();
    }
    (lexer.tokens, lexer.errors)
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
    tokens: Vec<Spanned>,
    errors: Vec<FormulaError>,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        if first.is_whitespace() {
            self.position += first.len_utf8();
        } else if rest.starts_with("//") {
            self.position += rest.find('\n').unwrap_or(rest.len());
        } else if first.is_ascii_alphabetic() || matches!(first, '_' | '$') {
            self.name();
        } else if first.is_ascii_digit() || is_fraction(rest) {
            self.number();
        } else if first == '"' {
            self.string();
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            let range = self.take(sign.len());
            self.tokens.push((Token::Sign(sign), range));
        } else {
            let range = self.take(first.len_utf8());
            self.error(FormulaErrorKind::UnknownCharacter { character: first }, range);
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> Range<usize> {
        let start = self.position;
        self.position += length;
        start..self.position
    }

    fn error(&mut self, kind: FormulaErrorKind, range: Range<usize>) {
        self.errors.push(FormulaError::new(kind, range));
    }

    fn name(&mut self) {
        let rest = self.rest();
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length =
            rest.char_indices().skip(1).find(|(_, c)| !is_inner(*c)).map_or(rest.len(), |(at, _)| at);
        let name = rest.get(..length).unwrap_or_default().to_owned();
        let range = self.take(length);
        if name == "$" {
            self.error(FormulaErrorKind::UnknownCharacter { character: '$' }, range);
        } else {
            self.tokens.push((Token::Name(name), range));
        }
    }

    fn number(&mut self) {
        let rest = self.rest();
        let mut end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = |from: usize| {
            let tail = rest.get(from..).unwrap_or_default();
            tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len())
        };
        if rest.get(end..).is_some_and(is_fraction) {
            end += 1 + digits(end + 1);
        }
        if let Some(exponent) = rest.get(end..).and_then(|tail| tail.strip_prefix(['e', 'E'])) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            let count = digits(end + 1 + sign);
            if count > 0 {
                end += 1 + sign + count;
            }
        }
        // `5x` is no number followed by a name.
        let tail = rest.get(end..).unwrap_or_default();
        end += tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(tail.len());
        let text = rest.get(..end).unwrap_or_default();
        let range = self.take(end);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => self.tokens.push((Token::Number(number), range)),
            _ => self.error(FormulaErrorKind::InvalidNumber { text: text.to_owned() }, range),
        }
    }

    fn string(&mut self) {
        let inside = self.rest().get(1..).unwrap_or_default();
        match inside.find(['"', '\n']) {
            Some(length) if inside.get(length..).is_some_and(|tail| tail.starts_with('"')) => {
                let text = inside.get(..length).unwrap_or_default().to_owned();
                let range = self.take(length + 2);
                self.tokens.push((Token::Text(text), range));
            }
            end => {
                let range = self.take(end.unwrap_or(inside.len()) + 1);
                self.error(FormulaErrorKind::OpenQuote, range);
            }
        }
    }
}

/// Whether a text begins with a dot and a digit.
fn is_fraction(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_digit()))
}
