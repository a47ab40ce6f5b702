//! Reads `$filter` expressions: a recursive descent over a few tokens, with a limit on depth.

use super::{Comparison, Filter, InvalidFilter, Literal};
use crate::batch::DateTime;

/// How deeply parentheses may nest; filters come from outside.
const MAX_DEPTH: usize = 64;
/// How many comparisons a filter may have: more than anybody writes, fewer than a database's expression may nest.
const MAX_TERMS: usize = 256;

pub(super) fn parse(text: &str) -> Result<Filter, InvalidFilter> {
    let mut parser = Parser { text, position: 0, depth: 0, terms: 0 };
    let filter = parser.disjunction()?;
    parser.skip_spaces();
    match parser.rest() {
        "" => Ok(filter),
        _ => Err(parser.error("expected `and`, `or` or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    position: usize,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn error(&self, problem: impl Into<String>) -> InvalidFilter {
        let position = self.text.get(..self.position).map_or(0, |before| before.chars().count()) + 1;
        InvalidFilter { problem: problem.into(), position }
    }

    fn skip_spaces(&mut self) {
        self.position += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, symbol: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(symbol);
        if found {
            self.position += symbol.len_utf8();
        }
        found
    }

    fn peek_word(&mut self) -> &'a str {
        self.skip_spaces();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '/')).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(word);
        if found {
            self.position += word.len();
        }
        found
    }

    fn disjunction(&mut self) -> Result<Filter, InvalidFilter> {
        let mut filter = self.conjunction()?;
        while self.eat_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.conjunction()?));
        }
        Ok(filter)
    }

    fn conjunction(&mut self) -> Result<Filter, InvalidFilter> {
        let mut filter = self.term()?;
        while self.eat_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.term()?));
        }
        Ok(filter)
    }

    fn term(&mut self) -> Result<Filter, InvalidFilter> {
        if self.eat('(') {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.error("too many nested parentheses"));
            }
            let filter = self.disjunction()?;
            self.depth -= 1;
            return if self.eat(')') { Ok(filter) } else { Err(self.error("expected `)`")) };
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.error("too many comparisons"));
        }
        let word = self.path()?;
        if word.eq_ignore_ascii_case("startswith") && self.eat('(') {
            let path = self.path()?;
            if !self.eat(',') {
                return Err(self.error("expected `,`"));
            }
            let prefix = self.quoted()?;
            return if self.eat(')') {
                Ok(Filter::StartsWith(segments(path), prefix))
            } else {
                Err(self.error("expected `)`"))
            };
        }
        let comparison = self.comparison()?;
        Ok(Filter::Compare(segments(word), comparison, self.literal()?))
    }

    fn path(&mut self) -> Result<&'a str, InvalidFilter> {
        let word = self.peek_word();
        if word.is_empty() {
            return Err(self.error("expected a property"));
        }
        self.position += word.len();
        Ok(word)
    }

    fn comparison(&mut self) -> Result<Comparison, InvalidFilter> {
        let word = self.peek_word();
        let comparison = match word.to_ascii_lowercase().as_str() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            _ => return Err(self.error("expected one of eq, ne, gt, ge, lt, le")),
        };
        self.position += word.len();
        Ok(comparison)
    }

    fn literal(&mut self) -> Result<Literal, InvalidFilter> {
        self.skip_spaces();
        if self.rest().starts_with('\'') {
            return self.quoted().map(Literal::Text);
        }
        if self.rest().starts_with('-') {
            self.position += 1;
            return self.number().map(|number| Literal::Number(-number));
        }
        let word = self.peek_word();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.number().map(Literal::Number);
        }
        if self.eat_word("datetime") {
            let place = self.error("expected a time such as DateTime'2026-01-01T00:00:00Z'");
            let text = self.quoted()?;
            return text
                .parse()
                .ok()
                .or_else(|| DateTime::from_rfc1123(&text))
                .map(Literal::Time)
                .ok_or(place);
        }
        if self.eat_word("true") {
            return Ok(Literal::Boolean(true));
        }
        if self.eat_word("false") {
            return Ok(Literal::Boolean(false));
        }
        Err(self.error("expected a literal"))
    }

    fn number(&mut self) -> Result<i64, InvalidFilter> {
        let word = self.peek_word();
        let number = word.parse().map_err(|_| self.error("expected an integer"))?;
        self.position += word.len();
        Ok(number)
    }

    /// A text in single quotes; two of them stand for one.
    fn quoted(&mut self) -> Result<String, InvalidFilter> {
        if !self.eat('\'') {
            return Err(self.error("expected a text in single quotes"));
        }
        let start = self.error("the text is never closed");
        let mut text = String::new();
        loop {
            let Some(end) = self.rest().find('\'') else {
                return Err(InvalidFilter { position: start.position - 1, ..start });
            };
            text.push_str(self.rest().get(..end).unwrap_or_default());
            self.position += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(text);
            }
            text.push('\'');
            self.position += 1;
        }
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
