//! Values that somebody gave, and who.

use std::collections::BTreeMap;

use crate::diagnostic::{Collector, Diagnostic, Sources, Span, quote};
use crate::recipe::document::ParameterType;
use crate::recipe::node::{Node, NodeKind, Scalar, Style, Value};
use crate::recipe::{codes, parse};

/// What the names of the environment variables that set parameters begin with.
const VARIABLE_PREFIX: &str = "BATCHYARD_PARAM_";

/// Values that somebody gave, not yet typed.
#[derive(Debug, Default)]
pub struct Given {
    /// From the command line, later ones winning.
    pub set: Vec<(String, String)>,
    /// Parsed parameter files, later ones winning.
    pub files: Vec<Node>,
    /// From the environment. Names that the recipe does not declare are meant for other recipes.
    pub environment: BTreeMap<String, String>,
    /// Of project files, the nearest first. What they say is meant for several recipes, too.
    pub projects: Vec<Node>,
}

/// A value that somebody gave.
pub(super) enum Found<'a> {
    /// As text.
    Text(Origin, &'a str),
    /// In a file.
    Node(&'a Node),
}

/// Where text comes from that stands in no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    CommandLine,
    Environment,
}

impl Given {
    /// The value of a parameter that wins.
    pub(super) fn find(&self, name: &str) -> Option<Found<'_>> {
        let set = self.set.iter().rev().find(|(other, _)| other == name);
        let file = || self.files.iter().rev().find_map(|file| file.get(name));
        let environment = || self.environment.get(name);
        set.map(|(_, text)| Found::Text(Origin::CommandLine, text))
            .or_else(|| file().map(Found::Node))
            .or_else(|| environment().map(|text| Found::Text(Origin::Environment, text)))
            .or_else(|| self.projects.iter().find_map(|project| project.get(name)).map(Found::Node))
    }
}

impl Origin {
    /// Adds what was written to the texts that excerpts show, as it was written; the value's place in it.
    pub(super) fn quote(self, name: &str, value: &str, sources: &mut Sources) -> Span {
        let (source, before) = match self {
            Self::CommandLine => ("<command line>", format!("-p {name}=")),
            Self::Environment => ("<environment>", format!("{VARIABLE_PREFIX}{name}=")),
        };
        let id = sources.add(source, format!("{before}{value}"));
        Span::new(id, before.len(), before.len() + value.len())
    }

    /// The place of the name in what was written.
    pub(super) fn quote_name(self, name: &str, value: &str, sources: &mut Sources) -> Span {
        let value = self.quote(name, value, sources);
        let end = value.start as usize - "=".len();
        Span::new(value.source, end - name.len(), end)
    }
}

/// Text read by the declared type. Lists and maps are written as in YAML or JSON.
pub(super) fn typed(
    text: &str,
    span: Span,
    kind: ParameterType,
    sources: &Sources,
    findings: &mut Collector,
) -> Option<Node> {
    let node = |scalar| Some(Node { span, kind: NodeKind::Scalar(scalar), computed: false });
    match kind {
        ParameterType::String | ParameterType::Duration => {
            node(Scalar { value: Value::Text, text: text.to_owned(), style: Style::Plain })
        }
        ParameterType::Size | ParameterType::Enum => node(plain_or_text(text)),
        ParameterType::Integer | ParameterType::Number | ParameterType::Boolean => {
            node(Scalar::plain(text.to_owned()))
        }
        ParameterType::Array | ParameterType::Object => parse::parse_part(span, sources, findings),
        ParameterType::Secret => secret(text, span, sources, findings),
    }
}

/// A number or boolean as such, all else as text: a number given for an enum of numbers is one of them.
fn plain_or_text(text: &str) -> Scalar {
    let plain = Scalar::plain(text.to_owned());
    match plain.value {
        Value::Null => Scalar { value: Value::Text, ..plain },
        _ => plain,
    }
}

/// A reference to a secret: `env:NAME`, `file:PATH`, `key_vault:URL`, or as a recipe writes it. Anything else may be the
/// secret itself.
fn secret(text: &str, span: Span, sources: &Sources, findings: &mut Collector) -> Option<Node> {
    for kind in ["env", "file", "key_vault"] {
        if let Some(value) = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'))
            && !value.starts_with(' ')
        {
            let reference = serde_json::json!({ kind: value });
            return Some(Node { computed: false, ..Node::computed(span, &reference) });
        }
    }
    if text.trim_start().starts_with('{') {
        // Whatever is wrong with it, it may hold the secret.
        let mut own = Collector::default();
        let node = parse::parse_part(span, sources, &mut own);
        if let Some(node) = node.filter(|_| !own.has_errors()) {
            return Some(node);
        }
    }
    refuse_plaintext(span, findings);
    None
}

/// Reports a secret that stands where its reference belongs, and hides it.
pub(super) fn refuse_plaintext(span: Span, findings: &mut Collector) {
    findings.hide(span);
    findings.push(
        Diagnostic::new(&codes::PLAINTEXT_SECRET, "a secret is given as its value")
            .at(span, "this must be a reference to the secret")
            .help("env:NAME takes it from the environment, file:PATH from a file")
            .help("if this was the real secret, consider it known and replace it"),
    );
}

/// A finding about a name that the recipe does not declare.
pub(super) fn unknown(name: &str, span: Span, help: String) -> Diagnostic {
    Diagnostic::new(&codes::UNKNOWN_PARAMETER, format!("the recipe has no parameter {}", quote(name)))
        .at(span, "")
        .help(help)
}
