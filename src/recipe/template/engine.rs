//! Compiles and evaluates expressions.

use std::ops::Range;
use std::sync::LazyLock;

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};

use super::scan::{Piece, split};

/// The longest expression, in bytes. Compiling recurses once per operator; a longer chain could exhaust a thread's stack.
const LONGEST_EXPRESSION: usize = 512;
/// Steps that one expression may take; also bounds the memory it may fill, to about six megabytes.
const FUEL: u64 = 100_000;
/// The longest text that a scalar may become.
const LONGEST_TEXT: usize = 1024 * 1024;
/// The most values that an expression may produce.
const MOST_VALUES: usize = 100_000;
/// The deepest nesting of what an expression produces.
const DEEPEST: usize = 32;

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    // It prints the whole context, which no value should depend on.
    engine.remove_global("debug");
    engine
});

/// Whether a name is one of the functions that every expression knows.
pub(super) fn is_global(name: &str) -> bool {
    ENGINE.globals().any(|(global, _)| global == name)
}

/// A scalar's text, ready to be evaluated.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Expression(Expression),
}

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
}

impl Template {
    /// Reads a scalar's text.
    ///
    /// # Errors
    /// Every expression that cannot be read.
    pub fn compile(text: &str) -> Result<Self, Vec<Failure>> {
        let unclosed = |range| vec![Failure { message: "the expression is never closed".to_owned(), range }];
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
        if failures.is_empty() { Ok(Self { parts }) } else { Err(failures) }
    }

    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(expression) => Some(expression),
            Part::Literal(_) => None,
        })
    }

    /// The value for a context. Exactly one expression keeps its type; everything else becomes text.
    ///
    /// # Errors
    /// The first expression that has no value.
    pub fn evaluate(&self, context: &Value) -> Result<Json, Failure> {
        if let [Part::Expression(expression)] = self.parts.as_slice() {
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
                return Err(Failure {
                    message: format!("the text becomes longer than {LONGEST_TEXT} bytes"),
                    range,
                });
            }
        }
        Ok(Json::String(text))
    }
}

impl Expression {
    fn compile(source: &str, offset: usize) -> Result<Self, Failure> {
        if source.trim().is_empty() {
            return Err(Failure {
                message: "the expression is empty".to_owned(),
                range: offset..offset + source.len(),
            });
        }
        if source.len() > LONGEST_EXPRESSION {
            let message = format!("the expression is longer than {LONGEST_EXPRESSION} bytes");
            return Err(Failure { message, range: offset..offset + source.len() });
        }
        let compiled = ENGINE
            .compile_expression_owned(source.to_owned())
            .map_err(|error| failure(&error, source, offset))?;
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        Ok(Self { compiled, source: source.to_owned(), offset, names })
    }

    fn evaluate(&self, context: &Value) -> Result<Json, Failure> {
        let mut budget = MOST_VALUES;
        let value = self
            .compiled
            .eval(context.clone())
            .map_err(|error| failure(&error, &self.source, self.offset))?;
        to_json(&value, &mut budget, 0).map_err(|message| Failure { message, range: self.range() })
    }

    /// Where the expression stands in the scalar's text, without surrounding blanks.
    fn range(&self) -> Range<usize> {
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
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "the expression takes too many steps".to_owned(),
        _ if detail.is_empty() => error.kind().to_string(),
        _ => detail.to_owned(),
    };
    Failure { message, range: offset + range.start..offset + range.end }
}

/// A value inside text, as YAML and JSON write it.
fn as_text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn to_json(value: &Value, budget: &mut usize, depth: usize) -> Result<Json, String> {
    *budget = budget
        .checked_sub(1)
        .ok_or_else(|| format!("the expression produces more than {MOST_VALUES} values"))?;
    if depth > DEEPEST {
        return Err(format!("the expression produces values nested deeper than {DEEPEST} levels"));
    }
    match value.kind() {
        ValueKind::Undefined => Err("the expression has no value".to_owned()),
        ValueKind::None => Ok(Json::Null),
        ValueKind::Bool => Ok(Json::Bool(value.is_true())),
        ValueKind::Number => number(value),
        ValueKind::String => Ok(Json::String(value.as_str().unwrap_or_default().to_owned())),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| error.to_string())?;
            items.map(|item| to_json(&item, budget, depth + 1)).collect()
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(|error| error.to_string())? {
                let name =
                    key.as_str().ok_or("the expression produces a map with a key that is no string")?;
                let member = value.get_item(&key).map_err(|error| error.to_string())?;
                map.insert(name.to_owned(), to_json(&member, budget, depth + 1)?);
            }
            Ok(Json::Object(map))
        }
        other => Err(format!("the expression produces something that is no value of a recipe: {other}")),
    }
}

fn number(value: &Value) -> Result<Json, String> {
    if value.is_integer() {
        return value.as_i64().map(Json::from).ok_or_else(|| format!("the integer {value} is out of range"));
    }
    let number = f64::try_from(value.clone()).ok().and_then(serde_json::Number::from_f64);
    number.map(Json::Number).ok_or_else(|| format!("{value} is not a finite number"))
}

/// A value that expressions can use.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::from(value),
            (None, value) => Value::from(value.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json).collect(),
        Json::Object(entries) => {
            Value::from_pairs(entries.iter().map(|(key, value)| (key.clone(), from_json(value))))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluate(text: &str) -> Result<Json, Failure> {
        let context = from_json(&json!({
            "params": { "nodes": 4, "rate": 1.5, "image": "busybox", "on": true, "list": [1, "a", null] }
        }));
        Template::compile(text).map_err(|mut failures| failures.remove(0))?.evaluate(&context)
    }

    #[test]
    fn a_lone_expression_keeps_its_type_and_all_else_becomes_text() {
        assert_eq!(evaluate("${{ params.nodes }}"), Ok(json!(4)));
        assert_eq!(evaluate("${{ params.list }}"), Ok(json!([1, "a", null])));
        assert_eq!(evaluate("${{ params.on and params.nodes > 3 }}"), Ok(json!(true)));
        assert_eq!(evaluate("n=${{ params.nodes }}"), Ok(json!("n=4")));
        assert_eq!(evaluate(" ${{ params.nodes }}"), Ok(json!(" 4")));
        assert_eq!(
            evaluate("${{ params.on }} ${{ params.list }} ${{ params.rate }}"),
            Ok(json!("true [1,\"a\",null] 1.5"))
        );
        assert_eq!(evaluate("${{ '${{' }}x"), Ok(json!("${{x")));
        assert_eq!(evaluate("${{ '%03d' | format(params.nodes) }}"), Ok(json!("004")));
        assert_eq!(evaluate("${{ range(3) }}"), Ok(json!([0, 1, 2])));
        assert_eq!(evaluate("${{ {'a': {'b': params.nodes}} }}"), Ok(json!({"a": {"b": 4}})));
    }

    #[test]
    fn values_are_never_read_as_expressions_again() {
        let context = from_json(&json!({ "params": { "x": "${{ params.y }}" } }));
        let template = Template::compile("a ${{ params.x }}").unwrap();
        assert_eq!(template.evaluate(&context), Ok(json!("a ${{ params.y }}")));
    }

    #[test]
    fn failures_point_into_the_text() {
        let place = |text: &str| {
            evaluate(text).map_err(|failure| text.get(failure.range).unwrap_or_default().to_owned())
        };
        assert_eq!(place("x ${{ params.nodes + 'a' }}"), Err("params.nodes + 'a'".to_owned()));
        assert_eq!(place("x ${{ params.nodes | nope }}"), Err("nope".to_owned()));
        assert_eq!(place("x ${{ params.nodes + }}"), Err("+".to_owned()));
        assert_eq!(place("x ${{  }}"), Err("  ".to_owned()));
        assert_eq!(place("x ${{ y"), Err("${{ y".to_owned()));
        assert_eq!(place("${{ params['nope'] }}"), Err("params['nope']".to_owned()));
        assert_eq!(place("${{ 1e400 }}"), Err("1e400".to_owned()));
        assert_eq!(place("${{ [1, params['nope']] }}"), Err("[1, params['nope']]".to_owned()));
    }

    #[test]
    fn long_chains_do_not_exhaust_the_stack() {
        let chains = ["-", "not ", "x.a+", "x|e|", "1 if x else ", "x~", "x and ", "2**", "[", "("];
        let run = move || {
            for link in chains {
                for count in [10, 120, 250, 510, 100_000] {
                    let _ = evaluate(&format!("${{{{ {}x }}}}", link.repeat(count)));
                    let _ = evaluate(&format!(
                        "${{{{ x{} }}}}",
                        [".a", "|e", "[0]", "()"].concat().repeat(count)
                    ));
                }
            }
        };
        std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
    }

    #[test]
    fn work_and_output_are_limited() {
        for text in [
            "${{ range(99999) | map('string') | join | length }}",
            "${{ 'x' * 1000000000 }}",
            "${{ range(99999) | list * 100 }}",
        ] {
            assert!(evaluate(text).is_err(), "{text}");
        }
        let long = "${{ 'x' * 400000 }}".repeat(3);
        assert!(evaluate(&long).unwrap_err().message.contains("longer than"), "{:?}", evaluate(&long));
    }
}
