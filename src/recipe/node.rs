//! The tree that a YAML text becomes: every scalar, list and map knows where it stands.

use serde_json::Value as Json;

use crate::diagnostic::Span;

/// What begins an expression inside a scalar.
pub(super) const EXPRESSION_START: &str = "${{";

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it was written. What an expression produced stands where the expression does.
    pub span: Span,
    /// The value.
    pub kind: NodeKind,
    /// Whether an expression or a parameter produced it, rather than the text itself.
    pub computed: bool,
}

/// A value, without its place.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map, in the order of the text; keys are unique.
    Mapping(Vec<Entry>),
    /// A value that has been complained about. Whoever meets it carries on without it and stays silent.
    Damaged,
}

/// A key of a map and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A scalar: what it means, and how it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// What it means under YAML's core schema.
    pub value: Value,
    /// Its text, after YAML has undone quotes, escapes and folding.
    pub text: String,
    /// How the text was written.
    pub style: Style,
}

/// The meaning of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other finite number.
    Float(f64),
    /// A string: the scalar's own text.
    Text,
}

/// The notation of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block that keeps its line breaks (`|`).
    Literal,
    /// A block that folds its lines (`>`).
    Folded,
}

impl Node {
    /// A node that stands for something already complained about.
    pub fn damaged(span: Span) -> Self {
        Self { span, kind: NodeKind::Damaged, computed: false }
    }

    /// Whether it is `null`, or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar(scalar) if scalar.value == Value::Null)
    }

    /// Where the keys of maps inside stand, by their paths: `container.prefetch`.
    pub fn key_places(&self) -> Vec<(String, Span)> {
        let mut places = Vec::new();
        for entry in self.entries() {
            let inside = entry.value.key_places();
            places.extend(inside.into_iter().map(|(path, span)| (format!("{}.{path}", entry.key), span)));
            places.push((entry.key.clone(), entry.key_span));
        }
        places
    }

    /// A scalar as it reads without quotes.
    pub fn plain(span: Span, text: &str) -> Self {
        Self { span, kind: NodeKind::Scalar(Scalar::plain(text.to_owned())), computed: false }
    }

    /// A string that an expression produced.
    pub fn computed_text(span: Span, text: impl Into<String>) -> Self {
        let scalar = Scalar { value: Value::Text, text: text.into(), style: Style::Plain };
        Self { span, kind: NodeKind::Scalar(scalar), computed: true }
    }

    /// What an expression or a parameter produced, all of it placed at `span`.
    pub fn computed(span: Span, json: &Json) -> Self {
        let scalar = |value, text: String| NodeKind::Scalar(Scalar { value, text, style: Style::Plain });
        let kind = match json {
            Json::Null => scalar(Value::Null, "null".to_owned()),
            Json::Bool(value) => scalar(Value::Bool(*value), value.to_string()),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => scalar(Value::Integer(value), value.to_string()),
                (None, Some(value)) => scalar(Value::Float(value), number.to_string()),
                (None, None) => scalar(Value::Text, number.to_string()),
            },
            Json::String(text) => scalar(Value::Text, text.clone()),
            Json::Array(items) => {
                NodeKind::Sequence(items.iter().map(|item| Self::computed(span, item)).collect())
            }
            Json::Object(entries) => NodeKind::Mapping(
                entries
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_span: span,
                        value: Self::computed(span, value),
                    })
                    .collect(),
            ),
        };
        Self { span, kind, computed: true }
    }

    /// The value under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a map; nothing for everything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value at a path of keys and list positions.
    pub fn find(&self, path: &[Segment]) -> Option<&Self> {
        path.iter().try_fold(self, |node, segment| match (&node.kind, segment) {
            (NodeKind::Mapping(_), Segment::Key(key)) => node.get(key),
            (NodeKind::Sequence(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// The value at a path, to be changed.
    pub fn find_mut(&mut self, path: &[Segment]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, segment| match (&mut node.kind, segment) {
            (NodeKind::Mapping(entries), Segment::Key(key)) => {
                entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)
            }
            (NodeKind::Sequence(items), Segment::Index(index)) => items.get_mut(*index),
            _ => None,
        })
    }

    /// Whether it is a scalar that holds an expression still to be evaluated.
    pub fn is_template(&self) -> bool {
        !self.computed
            && matches!(&self.kind, NodeKind::Scalar(scalar) if scalar.text.contains(EXPRESSION_START))
    }

    /// Whether nothing can be said about it: damaged, or not evaluated yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, NodeKind::Damaged) || self.is_template()
    }

    /// Whether it or anything inside satisfies `test`.
    pub fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self)
            || match &self.kind {
                NodeKind::Sequence(items) => items.iter().any(|item| item.any(test)),
                NodeKind::Mapping(entries) => entries.iter().any(|entry| entry.value.any(test)),
                NodeKind::Scalar(_) | NodeKind::Damaged => false,
            }
    }

    /// Number of values in it, itself included.
    pub fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Sequence(items) => items.iter().map(Self::size).sum(),
            NodeKind::Mapping(entries) => entries.iter().map(|entry| entry.value.size()).sum::<usize>(),
            NodeKind::Scalar(_) | NodeKind::Damaged => 0,
        }
    }

    /// The same tree without places. Damaged values become null.
    pub fn to_json(&self) -> Json {
        match &self.kind {
            NodeKind::Scalar(scalar) => match scalar.value {
                Value::Null => Json::Null,
                Value::Bool(value) => Json::Bool(value),
                Value::Integer(value) => Json::from(value),
                Value::Float(value) => Json::from(value),
                Value::Text => Json::String(scalar.text.clone()),
            },
            NodeKind::Sequence(items) => items.iter().map(Self::to_json).collect(),
            NodeKind::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
            NodeKind::Damaged => Json::Null,
        }
    }

    /// What it is, in a message: "an integer", "a list".
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar(scalar) => match scalar.value {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Integer(_) => "an integer",
                Value::Float(_) => "a number",
                Value::Text => "a string",
            },
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a map",
            NodeKind::Damaged => "something unreadable",
        }
    }
}

/// One step of a path through a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Into a map, by key.
    Key(String),
    /// Into a list, by position.
    Index(usize),
}

impl Scalar {
    /// Reads a scalar written without quotes, as YAML 1.2's core schema does.
    pub fn plain(text: String) -> Self {
        Self { value: resolve(&text), text, style: Style::Plain }
    }
}

fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Value::Text;
    }
    if let Some(integer) = integer(text) {
        return Value::Integer(integer);
    }
    let is_float = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && digits.contains(|c: char| c.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(value) if is_float && value.is_finite() => Value::Float(value),
        _ => Value::Text,
    }
}

fn integer(text: &str) -> Option<i64> {
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        i64::from_str_radix(hexadecimal, 16).ok()
    } else if let Some(octal) = text.strip_prefix("0o") {
        i64::from_str_radix(octal, 8).ok()
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_yaml_1_2_says() {
        let table = [
            ("", Value::Null),
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("no", Value::Text),
            ("on", Value::Text),
            ("12", Value::Integer(12)),
            ("-7", Value::Integer(-7)),
            ("0o17", Value::Integer(15)),
            ("0x1F", Value::Integer(31)),
            ("1.5", Value::Float(1.5)),
            ("1e-1", Value::Float(0.1)),
            ("1e999", Value::Text),
            ("1.2.3", Value::Text),
            ("22.04-lts", Value::Text),
            (".", Value::Text),
            (".nan", Value::Text),
            ("-", Value::Text),
            ("12:30", Value::Text),
        ];
        for (text, value) in table {
            assert_eq!(Scalar::plain(text.to_owned()).value, value, "{text}");
        }
    }
}
