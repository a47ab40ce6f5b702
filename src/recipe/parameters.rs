//! Binds parameters: from the command line, from parameter files, from the environment, from defaults, in this order.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::document::{NamedEntry, Parameter, ParameterType};
use super::node::{Entry, Node, NodeKind, Scalar, Style, Value};
use super::schema::{InvalidSchema, check};
use super::{codes, parse, suggest};
use crate::diagnostic::{Collector, Diagnostic, Sources, Span, quote};

/// Where text comes from that stands in no file, as excerpts name it.
const COMMAND_LINE: &str = "<command line>";
const ENVIRONMENT: &str = "<environment>";

/// Values that somebody gave, not yet typed.
#[derive(Debug, Default)]
pub struct Given {
    /// From the command line, later ones winning.
    pub set: Vec<(String, String)>,
    /// Parsed parameter files, later ones winning.
    pub files: Vec<Node>,
    /// From the environment. Names that the recipe does not declare are meant for other recipes.
    pub environment: BTreeMap<String, String>,
}

/// The values of all declared parameters; `None` where there is no usable one.
pub type Parameters = BTreeMap<String, Option<Json>>;

/// Finds, types and checks the value of every parameter.
pub fn bind(
    declared: &[NamedEntry<Parameter>],
    given: &Given,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Parameters {
    refuse_unknown(declared, given, sources, findings);
    let mut values = Parameters::new();
    for entry in declared {
        let value = entry.value.get().and_then(|parameter| {
            let binder = Binder { name: &entry.name, name_span: entry.name_span, parameter };
            binder.bind(given, sources, findings)
        });
        values.insert(entry.name.clone(), value);
    }
    values
}

fn refuse_unknown(
    declared: &[NamedEntry<Parameter>],
    given: &Given,
    sources: &mut Sources,
    findings: &mut Collector,
) {
    let known = |name: &str| declared.iter().any(|entry| entry.name == name);
    let mut refuse = |name: &str, span: Span| {
        let names = declared.iter().map(|entry| entry.name.as_str());
        let help = match suggest::nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => "the recipe declares no parameters".to_owned(),
            None => format!("the recipe declares {}", suggest::list(names.map(str::to_owned))),
        };
        findings.push(
            Diagnostic::new(
                &codes::UNKNOWN_PARAMETER,
                format!("the recipe has no parameter {}", quote(name)),
            )
            .at(span, "")
            .help(help),
        );
    };
    for (name, value) in &given.set {
        if !known(name) {
            let id = sources.add(COMMAND_LINE, format!("{name}={value}"));
            refuse(name, Span::new(id, 0, name.len()));
        }
    }
    for entry in given.files.iter().flat_map(Node::entries) {
        if !known(&entry.key) {
            refuse(&entry.key, entry.key_span);
        }
    }
}

/// A value that somebody gave.
enum Found<'a> {
    /// As text, and from where.
    Text(&'static str, &'a str),
    /// In a parameter file.
    Node(&'a Node),
}

struct Binder<'a> {
    name: &'a str,
    name_span: Span,
    parameter: &'a Parameter,
}

impl Binder<'_> {
    fn bind(&self, given: &Given, sources: &mut Sources, findings: &mut Collector) -> Option<Json> {
        let kind = *self.parameter.kind.get()?;
        let schema = self.schema(kind, findings)?;
        let default = self.parameter.default.as_ref();
        let default = match default {
            Some(field) => match field.get() {
                // A default is checked even when another value wins: the recipe is wrong either way.
                Some(any) => Some(self.check(Node::computed(field.span(), &any.0), &schema, findings)?),
                None => return None,
            },
            None => None,
        };
        match self.find(given) {
            Some(Found::Text(origin, text)) => {
                let node = self.typed(origin, text, kind, sources, findings)?;
                return self.check(node, &schema, findings);
            }
            Some(Found::Node(node)) => return self.check(node.clone(), &schema, findings),
            None => {}
        }
        if default.is_none() {
            findings.push(
                Diagnostic::new(
                    &codes::MISSING_PARAMETER,
                    format!("the parameter `{}` has no value", self.name),
                )
                .at(self.name_span, "it has no default")
                .help(format!("give it one: -p {}=…", self.name)),
            );
        }
        default
    }

    fn find<'a>(&self, given: &'a Given) -> Option<Found<'a>> {
        let set = given.set.iter().rev().find(|(name, _)| name == self.name);
        let file = || given.files.iter().rev().find_map(|file| file.get(self.name));
        let environment = || given.environment.get(self.name);
        set.map(|(_, text)| Found::Text(COMMAND_LINE, text))
            .or_else(|| file().map(Found::Node))
            .or_else(|| environment().map(|text| Found::Text(ENVIRONMENT, text)))
    }

    /// Reads text from outside YAML by the declared type. Lists and maps are written as in YAML or JSON.
    fn typed(
        &self,
        origin: &str,
        text: &str,
        kind: ParameterType,
        sources: &mut Sources,
        findings: &mut Collector,
    ) -> Option<Node> {
        let prefix = format!("{}=", self.name);
        let id = sources.add(origin, format!("{prefix}{text}"));
        let span = Span::new(id, prefix.len(), prefix.len() + text.len());
        let node = |scalar| Node { span, kind: NodeKind::Scalar(scalar), computed: false };
        match kind {
            ParameterType::String => {
                Some(node(Scalar { value: Value::Text, text: text.to_owned(), style: Style::Plain }))
            }
            ParameterType::Integer | ParameterType::Number | ParameterType::Boolean => {
                Some(node(Scalar::plain(text.to_owned())))
            }
            ParameterType::Array | ParameterType::Object => {
                let id = sources.add(format!("<{}>", self.name), text);
                parse::parse(id, sources, findings)
            }
        }
    }

    /// The parameter's constraints as a JSON Schema.
    fn schema(&self, kind: ParameterType, findings: &mut Collector) -> Option<Json> {
        let parameter = self.parameter;
        let numeric = matches!(kind, ParameterType::Integer | ParameterType::Number);
        let textual = kind == ParameterType::String;
        let list = kind == ParameterType::Array;
        let misplaced = [
            (!numeric).then_some(parameter.minimum.as_ref().map(|field| ("minimum", field.span()))).flatten(),
            (!numeric).then_some(parameter.maximum.as_ref().map(|field| ("maximum", field.span()))).flatten(),
            (!textual && !list)
                .then_some(parameter.pattern.as_ref().map(|field| ("pattern", field.span())))
                .flatten(),
            (!list).then_some(parameter.items.as_ref().map(|field| ("items", field.span()))).flatten(),
        ];
        let mut usable = true;
        for (constraint, span) in misplaced.into_iter().flatten() {
            usable = false;
            let message = format!("`{constraint}` has no meaning for {}", kind.describe());
            findings.push(Diagnostic::new(&codes::BAD_PARAMETER, message).at(span, ""));
        }
        let mut schema = serde_json::Map::new();
        schema.insert("type".to_owned(), json_type(kind));
        for (name, limit) in [("minimum", &parameter.minimum), ("maximum", &parameter.maximum)] {
            if let Some(limit) = limit {
                schema.insert(name.to_owned(), json!(*limit.get()?));
            }
        }
        let mut member = serde_json::Map::new();
        if let Some(pattern) = &parameter.pattern {
            let pattern = pattern.get()?;
            member.insert("pattern".to_owned(), json!(format!("^(?:{pattern})$")));
            member.insert(
                "patternErrorMessage".to_owned(),
                json!(format!("must match the pattern {}", quote(pattern))),
            );
        }
        if let Some(values) = &parameter.one_of {
            member.insert("enum".to_owned(), values.get()?.iter().map(|any| any.0.clone()).collect());
        }
        if let Some(items) = &parameter.items {
            member.insert("type".to_owned(), json_type(*items.get()?));
        }
        if list {
            schema.insert("items".to_owned(), Json::Object(member));
        } else {
            schema.extend(member);
        }
        usable.then_some(Json::Object(schema))
    }

    fn check(&self, value: Node, schema: &Json, findings: &mut Collector) -> Option<Json> {
        let json = value.to_json();
        let span = value.span;
        let holder = Node {
            span,
            kind: NodeKind::Mapping(vec![Entry { key: self.name.to_owned(), key_span: span, value }]),
            computed: false,
        };
        match check(&holder, &json!({ "properties": { self.name: schema } })) {
            Ok(mistakes) if mistakes.is_empty() => Some(json),
            Ok(mistakes) => {
                for mut finding in mistakes {
                    finding.code = &codes::BAD_PARAMETER;
                    findings.push(finding.at(self.name_span, "the parameter is declared here"));
                }
                None
            }
            Err(InvalidSchema) => {
                let span =
                    self.parameter.pattern.as_ref().map_or(self.name_span, super::document::Field::span);
                findings.push(
                    Diagnostic::new(&codes::BAD_PARAMETER, "`pattern` is not a regular expression")
                        .at(span, ""),
                );
                None
            }
        }
    }
}

fn json_type(kind: ParameterType) -> Json {
    json!(match kind {
        ParameterType::String => "string",
        ParameterType::Integer => "integer",
        ParameterType::Number => "number",
        ParameterType::Boolean => "boolean",
        ParameterType::Array => "array",
        ParameterType::Object => "object",
    })
}
