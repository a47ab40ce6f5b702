//! A scalar's text, ready to be evaluated.

use std::sync::Arc;

use minijinja::value::merge_maps;
use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as Json;

use super::convert::as_text;
use super::engine::FILE;
use super::expression::{Expression, Failure};
use super::scan::{Piece, split};
use crate::recipe::files::Folder;

/// The longest text that a scalar may become.
const LONGEST_TEXT: usize = 1024 * 1024;

/// A scalar's text, ready to be evaluated.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
    /// The function that reads files, if an expression uses it.
    file: Option<Value>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Expression(Expression),
}

impl Template {
    /// Reads a scalar's text. Files that its expressions read are below `folder`.
    ///
    /// # Errors
    /// Every expression that cannot be read.
    pub fn compile(text: &str, folder: Option<&Arc<Folder>>) -> Result<Self, Vec<Failure>> {
        let unclosed = |range| {
            let failure = Failure::new("the expression is never closed", range);
            let help = "an expression ends with `}}`; if it holds ` #` or `: `, put the value in quotes";
            vec![Failure { help: Some(help.to_owned()), ..failure }]
        };
        let (mut parts, mut failures) = (Vec::new(), Vec::new());
        for piece in split(text).map_err(unclosed)? {
            match piece {
                Piece::Literal(range) => {
                    parts.push(Part::Literal(text.get(range).unwrap_or_default().to_owned()));
                }
                Piece::Expression(range) => {
                    match Expression::compile(text.get(range.clone()).unwrap_or_default(), range.start) {
                        Ok(expression) => parts.push(Part::Expression(expression)),
                        Err(failure) => failures.push(failure),
                    }
                }
            }
        }
        if !failures.is_empty() {
            return Err(failures);
        }
        let mut template = Self { parts, file: None };
        if template.expressions().any(|expression| expression.uses(FILE)) {
            template.file = Some(file_function(folder.cloned()));
        }
        Ok(template)
    }

    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(expression) => Some(expression),
            Part::Literal(_) => None,
        })
    }

    /// The expression that the text wholly consists of, if it does.
    pub(super) fn only_expression(&self) -> Option<&Expression> {
        match self.parts.as_slice() {
            [Part::Expression(expression)] => Some(expression),
            _ => None,
        }
    }

    /// The value for a context. Exactly one expression keeps its type; everything else becomes text.
    ///
    /// # Errors
    /// The first expression that has no value.
    pub fn evaluate(&self, context: &Value) -> Result<Json, Failure> {
        let with_file = self
            .file
            .as_ref()
            .map(|file| merge_maps([Value::from_pairs([(FILE, file.clone())]), context.clone()]));
        let context = with_file.as_ref().unwrap_or(context);
        if let Some(expression) = self.only_expression() {
            return expression.evaluate(context);
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Expression(expression) => text.push_str(&as_text(expression.evaluate(context)?)),
            }
            if text.len() > LONGEST_TEXT {
                let range = self.expressions().next().map_or(0..0, Expression::range);
                return Err(Failure::new(
                    format!("the text becomes longer than {LONGEST_TEXT} bytes"),
                    range,
                ));
            }
        }
        Ok(Json::String(text))
    }
}

/// `file("path")`: the text of a file below the folder.
fn file_function(folder: Option<Arc<Folder>>) -> Value {
    Value::from_function(move |path: &str| -> Result<Value, Error> {
        let failed = |message: String| Error::new(ErrorKind::InvalidOperation, message);
        let folder = folder
            .as_ref()
            .ok_or_else(|| failed("files can only be read where the text itself is a file".to_owned()))?;
        folder.text(path).map(Value::from).map_err(|error| failed(error.to_string()))
    })
}
