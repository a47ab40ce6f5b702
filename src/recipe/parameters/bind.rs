//! Finds, types and checks the value of every parameter.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::constraints::Constraints;
use super::given::{Found, Given, Origin, refuse_plaintext, typed, unknown};
use crate::diagnostic::{Collector, Diagnostic, Sources, Span};
use crate::recipe::document::{DurationText, Field, NamedEntry, Parameter, ParameterType, SizeText};
use crate::recipe::node::{Entry, Node, NodeKind, Scalar, Value};
use crate::recipe::schema::InvalidSchema;
use crate::recipe::{codes, suggest};

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// A value.
    Value(Json),
    /// A reference to a secret. It can be handed on whole, and nothing else can be done with it.
    Secret(Json),
    /// There is no usable one; why has been reported.
    Damaged,
}

/// The values of all declared parameters.
pub type Parameters = BTreeMap<String, Binding>;

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
        values.insert(entry.name.clone(), value.unwrap_or(Binding::Damaged));
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
    let help = |name: &str| {
        let names = declared.iter().map(|entry| entry.name.as_str());
        match suggest::nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => "the recipe declares no parameters".to_owned(),
            None => format!("the recipe declares {}", suggest::list(names.map(str::to_owned))),
        }
    };
    for (name, value) in given.set.iter().filter(|(name, _)| !known(name)) {
        let span = Origin::CommandLine.quote_name(name, value, sources);
        // A value without a declaration may be anything, also a secret.
        findings.hide(Span {
            start: span.end + 1,
            end: span.end + 1 + u32::try_from(value.len()).unwrap_or(0),
            ..span
        });
        findings.push(unknown(name, span, help(name)));
    }
    for entry in given.files.iter().flat_map(Node::entries).filter(|entry| !known(&entry.key)) {
        findings.push(unknown(&entry.key, entry.key_span, help(&entry.key)));
    }
}

struct Binder<'a> {
    name: &'a str,
    name_span: Span,
    parameter: &'a Parameter,
}

impl Binder<'_> {
    fn bind(&self, given: &Given, sources: &mut Sources, findings: &mut Collector) -> Option<Binding> {
        let constraints = Constraints::read(self.parameter, self.name_span, findings)?;
        let default = match &self.parameter.default {
            Some(field) => {
                let node = Node::computed(field.span(), &field.get()?.0);
                // A default is checked even when another value wins: the recipe is wrong either way.
                Some(self.check(node, &constraints, findings)?)
            }
            None => None,
        };
        match given.find(self.name) {
            Some(Found::Text(origin, text)) => {
                let span = origin.quote(self.name, text, sources);
                let node = typed(text, span, constraints.kind, sources, findings)?;
                let node = self.as_listed(node);
                return self.check(node, &constraints, findings);
            }
            Some(Found::Node(node)) => return self.check(node.clone(), &constraints, findings),
            None => {}
        }
        if default.is_none() {
            let message = format!("the parameter `{}` has no value", self.name);
            findings.push(
                Diagnostic::new(&codes::MISSING_PARAMETER, message)
                    .at(self.name_span, "it has no default")
                    .help(self.how_to_give()),
            );
        }
        default
    }

    fn how_to_give(&self) -> String {
        let value = match self.parameter.kind.get() {
            Some(ParameterType::Array) => "'[…, …]'",
            Some(ParameterType::Object) => "'{ key: value }'",
            Some(ParameterType::Secret) => "env:NAME",
            _ => "…",
        };
        format!("give it one: -p {}={value}", self.name)
    }

    /// Text that reads like one of the values that are possible is that value: `-p version=3.10` for the string "3.10".
    fn as_listed(&self, node: Node) -> Node {
        let NodeKind::Scalar(scalar) = &node.kind else { return node };
        let listed = self.parameter.one_of.as_ref().and_then(Field::get).into_iter().flatten();
        let is_listed = listed.into_iter().any(|any| any.0.as_str() == Some(&scalar.text));
        if !is_listed {
            return node;
        }
        let scalar = Scalar { value: Value::Text, ..scalar.clone() };
        Node { kind: NodeKind::Scalar(scalar), ..node }
    }

    fn check(&self, value: Node, constraints: &Constraints, findings: &mut Collector) -> Option<Binding> {
        let is_secret = constraints.kind == ParameterType::Secret;
        if is_secret && !matches!(value.kind, NodeKind::Mapping(_)) {
            refuse_plaintext(value.span, findings);
            return None;
        }
        let json = value.to_json();
        let span = value.span;
        let before = findings.error_count();
        constraints.check_measures(&value, self.name, findings);
        let entry = Entry { key: self.name.to_owned(), key_span: span, value };
        let holder = Node { span, kind: NodeKind::Mapping(vec![entry]), computed: false };
        match constraints.compiled(self.name) {
            Ok(schema) => {
                for mut finding in schema.check(&holder) {
                    finding.code = &codes::BAD_PARAMETER;
                    findings.push(finding.at(self.name_span, "the parameter is declared here"));
                }
            }
            Err(InvalidSchema) => {
                let span = self.parameter.pattern.as_ref().map_or(self.name_span, Field::span);
                let message = "`pattern` is not a regular expression";
                findings.push(Diagnostic::new(&codes::BAD_PARAMETER, message).at(span, ""));
            }
        }
        if findings.error_count() > before || !self.is_measurable(&json, constraints.kind, span, findings) {
            return None;
        }
        Some(if is_secret { Binding::Secret(json) } else { Binding::Value(json) })
    }

    /// The pattern of a schema cannot tell all that is wrong with a duration or a size.
    fn is_measurable(&self, json: &Json, kind: ParameterType, span: Span, findings: &mut Collector) -> bool {
        let Some(text) = json.as_str() else { return true };
        let expected = match kind {
            ParameterType::Duration if DurationText::parse(text).is_none() => DurationText::EXPECTED,
            ParameterType::Size if SizeText::parse(text).is_none() => SizeText::EXPECTED,
            _ => return true,
        };
        findings.push(Diagnostic::new(&codes::BAD_PARAMETER, expected).at(span, ""));
        false
    }
}
