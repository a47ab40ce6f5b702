//! One expression.

use std::ops::Range;

use minijinja::{ErrorKind, Value};
use serde_json::Value as Json;

use super::convert::to_json;
use super::engine::{ENGINE, why_absent};
use super::filters::FILTERS;
use crate::recipe::suggest;

/// The longest expression, in bytes. Compiling recurses once per operator; a longer chain could exhaust a thread's stack.
const LONGEST_EXPRESSION: usize = 512;

/// One expression of a scalar.
pub(super) struct Expression {
    compiled: minijinja::Expression<'static, 'static>,
    source: String,
    /// Where the source begins in the scalar's text.
    offset: usize,
    /// The names that it uses, with one or more members: `params.nodes`.
    pub(super) names: Vec<String>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// Why an expression has no value.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub message: String,
    /// Where, in the scalar's text.
    pub range: Range<usize>,
    /// What to try.
    pub help: Option<String>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range, help: None }
    }
}

impl Expression {
    pub(super) fn compile(source: &str, offset: usize) -> Result<Self, Failure> {
        let whole = offset..offset + source.len();
        if source.trim().is_empty() {
            return Err(Failure::new("the expression is empty", whole));
        }
        if source.len() > LONGEST_EXPRESSION {
            let message = format!("the expression is longer than {LONGEST_EXPRESSION} bytes");
            return Err(Failure::new(message, whole));
        }
        let compiled = ENGINE
            .compile_expression_owned(source.to_owned())
            .map_err(|error| failure(&error, source, offset))?;
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        Ok(Self { compiled, source: source.to_owned(), offset, names })
    }

    pub(super) fn evaluate(&self, context: &Value) -> Result<Json, Failure> {
        let value = self
            .compiled
            .eval(context.clone())
            .map_err(|error| failure(&error, &self.source, self.offset))?;
        to_json(&value).map_err(|message| Failure::new(message, self.range()))
    }

    /// Whether the expression uses a name, or a member of it.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|used| used.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Whether the expression is nothing but this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.source.trim() == name
    }

    /// Where the expression stands in the scalar's text, without surrounding blanks.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.offset + (self.source.len() - self.source.trim_start().len());
        start..start + self.source.trim().len()
    }

    /// Where a name stands in the scalar's text; the whole expression if it is written in an unusual way.
    pub(super) fn find(&self, name: &str) -> Range<usize> {
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        for (at, _) in self.source.match_indices(name) {
            let before = self.source.get(..at).and_then(|text| text.chars().next_back());
            let after = self.source.get(at + name.len()..).and_then(|text| text.chars().next());
            if !before.is_some_and(|c| in_word(c) || c == '.' || c == '\'' || c == '"')
                && !after.is_some_and(in_word)
            {
                return self.offset + at..self.offset + at + name.len();
            }
        }
        self.range()
    }
}

fn failure(error: &minijinja::Error, source: &str, offset: usize) -> Failure {
    let trimmed = source.trim_end().len();
    let range = error.range().filter(|range| range.start < trimmed && range.end <= source.len());
    let range = range.map_or_else(
        || trimmed.saturating_sub(1)..trimmed,
        |range| range.start..range.end.max(range.start + 1),
    );
    let place = offset + range.start..offset + range.end;
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => Failure::new("the expression takes too many steps", place),
        ErrorKind::UnknownFilter => {
            let name = detail.trim_start_matches("filter ").trim_end_matches(" is unknown");
            Failure {
                help: Some(instead_of_filter(name)),
                ..Failure::new(format!("there is no filter `{name}`"), place)
            }
        }
        _ if detail.is_empty() => Failure::new(error.kind().to_string(), place),
        _ => Failure::new(detail, place),
    }
}

fn instead_of_filter(name: &str) -> String {
    if let Some(reason) = why_absent(name) {
        return reason.to_owned();
    }
    match suggest::nearest(name, FILTERS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", suggest::list_all(FILTERS.iter().copied())),
    }
}
