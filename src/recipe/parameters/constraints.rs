//! What the declaration of a parameter asks of its value.

use std::cell::OnceCell;

use serde_json::{Map, Value as Json, json};

use crate::diagnostic::{Collector, Diagnostic, Span, quote};
use crate::recipe::codes;
use crate::recipe::document::{
    Bound, DurationText, Field, Parameter, ParameterType, SecretReference, SizeText,
};
use crate::recipe::node::{Node, NodeKind};
use crate::recipe::schema::{InvalidSchema, ValueSchema};

/// A declaration, checked: a JSON Schema for its value, and the limits that no schema can express.
#[derive(Debug)]
pub(super) struct Constraints {
    pub(super) kind: ParameterType,
    schema: Json,
    compiled: OnceCell<Result<ValueSchema, InvalidSchema>>,
    measured: Option<Measured>,
}

/// Limits of durations and sizes, in seconds or bytes, with the words they were written in.
#[derive(Debug)]
struct Measured {
    kind: ParameterType,
    minimum: Option<(f64, String)>,
    maximum: Option<(f64, String)>,
}

/// What the values of a kind measure, in seconds or bytes. `None` if the text is of no such kind.
fn measure(kind: ParameterType, text: &str) -> Option<f64> {
    match kind {
        ParameterType::Duration => Some(DurationText::parse(text)?.0.as_secs_f64()),
        #[expect(clippy::cast_precision_loss, reason = "limits of sizes need no more than 53 bits")]
        ParameterType::Size => Some(SizeText::parse(text)?.0 as f64),
        _ => None,
    }
}

impl Constraints {
    /// Reads a declaration. `None` if it contradicts itself, which has been reported.
    pub(super) fn read(parameter: &Parameter, span: Span, findings: &mut Collector) -> Option<Self> {
        let kind = *parameter.kind.get()?;
        let items = match &parameter.items {
            Some(items) => Some(*items.get()?),
            None => None,
        };
        // What the values are that limits speak about: of a list, its members.
        let member = if kind == ParameterType::Array { items } else { Some(kind) };
        let before = findings.error_count();
        refuse_misplaced(parameter, kind, member, findings);
        if kind == ParameterType::Enum && parameter.one_of.is_none() {
            let message = "an `enum` needs the values that it can have";
            findings.push(
                Diagnostic::new(&codes::BAD_PARAMETER, message)
                    .at(parameter.kind.span(), "")
                    .help("list them: `one_of: [small, large]`"),
            );
        }
        let limits = Limits::read(parameter, member, span, findings)?;
        let schema = schema(parameter, kind, items, &limits)?;
        (findings.error_count() == before).then_some(Self {
            kind,
            schema,
            compiled: OnceCell::new(),
            measured: limits.measured,
        })
    }

    /// The schema of a map with the value under the parameter's name, compiled when it is first asked for.
    pub(super) fn compiled(&self, name: &str) -> Result<&ValueSchema, InvalidSchema> {
        let compile = || ValueSchema::compile(json!({ "properties": { name: self.schema } }));
        self.compiled.get_or_init(compile).as_ref().map_err(|error| *error)
    }

    /// Durations and sizes out of their limits.
    pub(super) fn check_measures(&self, value: &Node, name: &str, findings: &mut Collector) {
        let Some(measured) = &self.measured else { return };
        let members = match &value.kind {
            NodeKind::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        for member in members {
            let NodeKind::Scalar(scalar) = &member.kind else { continue };
            let Some(found) = measure(measured.kind, &scalar.text) else { continue };
            let too_small = measured.minimum.as_ref().filter(|(limit, _)| found < *limit);
            let too_large = measured.maximum.as_ref().filter(|(limit, _)| found > *limit);
            let message = match (too_small, too_large) {
                (Some((_, words)), _) => format!("{} must be at least {words}", quote(name)),
                (None, Some((_, words))) => format!("{} must be at most {words}", quote(name)),
                (None, None) => continue,
            };
            findings.push(Diagnostic::new(&codes::BAD_PARAMETER, message).at(member.span, ""));
        }
    }
}

/// The smallest and the largest value.
struct Limits {
    numbers: Vec<(&'static str, Json)>,
    measured: Option<Measured>,
}

impl Limits {
    fn read(
        parameter: &Parameter,
        member: Option<ParameterType>,
        span: Span,
        findings: &mut Collector,
    ) -> Option<Self> {
        let mut result = Self { numbers: Vec::new(), measured: None };
        let mut found = Vec::new();
        for (name, field) in [("minimum", &parameter.minimum), ("maximum", &parameter.maximum)] {
            let Some(field) = field else { continue };
            let (bound, member) = (field.get()?, member?);
            let measured = match bound {
                Bound::Text(text) => measure(member, text).map(|value| (value, text.clone())),
                Bound::Number(number) if member != ParameterType::Duration => {
                    Some((*number, number.to_string()))
                }
                Bound::Number(_) => None,
            };
            let Some((value, words)) = measured else {
                findings.push(
                    Diagnostic::new(&codes::BAD_PARAMETER, format!("`{name}` must be {}", member.describe()))
                        .at(field.span(), ""),
                );
                return None;
            };
            found.push(value);
            if matches!(member, ParameterType::Duration | ParameterType::Size) {
                let limits =
                    result.measured.get_or_insert(Measured { kind: member, minimum: None, maximum: None });
                let limit = if name == "minimum" { &mut limits.minimum } else { &mut limits.maximum };
                *limit = Some((value, words));
            } else {
                result.numbers.push((name, json!(value)));
            }
        }
        if let [minimum, maximum] = found.as_slice()
            && minimum > maximum
        {
            let message = "`minimum` is above `maximum`: no value is possible";
            let place = parameter.minimum.as_ref().map_or(span, Field::span);
            findings.push(Diagnostic::new(&codes::BAD_PARAMETER, message).at(place, ""));
        }
        Some(result)
    }
}

/// Reports constraints that have no meaning for the declared type.
fn refuse_misplaced(
    parameter: &Parameter,
    kind: ParameterType,
    member: Option<ParameterType>,
    findings: &mut Collector,
) {
    use ParameterType::{Array, Boolean, Duration, Enum, Integer, Number, Object, Secret, Size, String};
    fn place<T>(field: &Option<Field<T>>) -> Option<Span> {
        field.as_ref().map(Field::span)
    }
    let list = kind == Array;
    let ordered = member.is_some_and(|member| matches!(member, Integer | Number | Duration | Size));
    // Of a list whose members may be anything, the strings are meant.
    let textual = member.is_none_or(|member| member == String);
    let listed =
        member.is_none_or(|member| !matches!(member, Object | Secret | Array | Boolean) || member == Enum);
    let table = [
        ("minimum", place(&parameter.minimum), ordered),
        ("maximum", place(&parameter.maximum), ordered),
        ("pattern", place(&parameter.pattern), textual),
        ("min_length", place(&parameter.min_length), textual),
        ("max_length", place(&parameter.max_length), textual),
        ("one_of", place(&parameter.one_of), listed),
        ("items", place(&parameter.items), list),
        ("min_items", place(&parameter.min_items), list),
        ("max_items", place(&parameter.max_items), list),
    ];
    let of = match member {
        Some(member) if list => format!("a list of values of which each is {}", member.describe()),
        _ => kind.describe().to_owned(),
    };
    for (name, span, has_meaning) in table {
        if let Some(span) = span.filter(|_| !has_meaning) {
            let message = format!("`{name}` has no meaning for {of}");
            findings.push(Diagnostic::new(&codes::BAD_PARAMETER, message).at(span, ""));
        }
    }
}

/// The constraints as a JSON Schema.
fn schema(
    parameter: &Parameter,
    kind: ParameterType,
    items: Option<ParameterType>,
    limits: &Limits,
) -> Option<Json> {
    let list = kind == ParameterType::Array;
    let mut member = match (list, items) {
        (true, Some(items)) => of_kind(items),
        (true, None) => Map::new(),
        (false, _) => of_kind(kind),
    };
    member.extend(limits.numbers.iter().map(|(name, limit)| ((*name).to_owned(), limit.clone())));
    if let Some(pattern) = &parameter.pattern {
        let pattern = pattern.get()?;
        member.insert("pattern".to_owned(), json!(format!("^(?:{pattern})$")));
        let message = format!("must match the pattern {}", quote(pattern));
        member.insert("patternErrorMessage".to_owned(), json!(message));
    }
    if let Some(values) = &parameter.one_of {
        member.insert("enum".to_owned(), values.get()?.iter().map(|any| any.0.clone()).collect());
    }
    let lengths = [("minLength", &parameter.min_length), ("maxLength", &parameter.max_length)];
    for (name, limit) in lengths {
        if let Some(limit) = limit {
            member.insert(name.to_owned(), json!(limit.get()?));
        }
    }
    if !list {
        return Some(Json::Object(member));
    }
    let mut schema = of_kind(kind);
    schema.insert("items".to_owned(), Json::Object(member));
    for (name, limit) in [("minItems", &parameter.min_items), ("maxItems", &parameter.max_items)] {
        if let Some(limit) = limit {
            schema.insert(name.to_owned(), json!(limit.get()?));
        }
    }
    Some(Json::Object(schema))
}

fn of_kind(kind: ParameterType) -> Map<String, Json> {
    let schema = match kind {
        ParameterType::String => json!({ "type": "string" }),
        ParameterType::Integer => json!({ "type": "integer" }),
        ParameterType::Number => json!({ "type": "number" }),
        ParameterType::Boolean => json!({ "type": "boolean" }),
        ParameterType::Duration => json!({
            "type": "string",
            "pattern": DurationText::PATTERN,
            "patternErrorMessage": DurationText::EXPECTED,
        }),
        ParameterType::Size => json!({
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": SizeText::PATTERN,
            "patternErrorMessage": SizeText::EXPECTED,
        }),
        ParameterType::Enum => json!({}),
        ParameterType::Array => json!({ "type": "array" }),
        ParameterType::Object => json!({ "type": "object" }),
        ParameterType::Secret => schemars::schema_for!(SecretReference).to_value(),
    };
    match schema {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}
