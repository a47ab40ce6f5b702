//! Trees whose scalars hold expressions.

use minijinja::Value;

use super::compiled::Template;
use super::expression::Failure;
use super::names::{Names, Verdict};
use super::place::locate;
use crate::diagnostic::{Collector, Diagnostic, Sources, Span};
use crate::recipe::codes;
use crate::recipe::files::Folders;
use crate::recipe::node::{Entry, Node, NodeKind, Scalar};

/// A tree in which some values become known only for each task.
#[derive(Debug)]
pub enum Body {
    /// A value that is the same for every task.
    Fixed(Node),
    /// A scalar that depends on the task.
    Computed {
        /// Where it stands.
        span: Span,
        /// How it was written, to find places inside.
        scalar: Scalar,
        /// What to evaluate.
        template: Template,
    },
    /// A list with at least one such value inside.
    Sequence(Span, Vec<Body>),
    /// A map with at least one such value inside: key, place of the key, value.
    Mapping(Span, Vec<(String, Span, Body)>),
}

/// Evaluates expressions with the names and values of one place in the recipe.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    /// The names that exist there.
    pub names: &'a Names,
    /// Their values, as far as they are known.
    pub context: &'a Value,
    /// The texts.
    pub sources: &'a Sources,
    /// The folders that files are read from.
    pub folders: &'a Folders,
}

impl Evaluator<'_> {
    /// Evaluates everything; what has no value is reported and becomes damaged.
    pub fn resolve(&self, node: &Node, findings: &mut Collector) -> Node {
        match self.prepare(node, findings) {
            Body::Fixed(node) => node,
            // `Names` without `item` and `task` lets nothing wait; if it does, it has no value here.
            body => body.instantiate(self.context, self.sources).unwrap_or_else(|diagnostic| {
                findings.push(*diagnostic);
                Node::damaged(node.span)
            }),
        }
    }

    /// Evaluates what does not depend on the task, and compiles the rest.
    pub fn prepare(&self, node: &Node, findings: &mut Collector) -> Body {
        match &node.kind {
            NodeKind::Scalar(scalar) if node.is_template() => self.scalar(node.span, scalar, findings),
            NodeKind::Scalar(_) | NodeKind::Damaged => Body::Fixed(node.clone()),
            NodeKind::Sequence(items) => {
                let items = items.iter().map(|item| self.prepare(item, findings)).collect();
                Body::Sequence(node.span, items).settle(node.computed)
            }
            NodeKind::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.key_span, self.prepare(&entry.value, findings)))
                    .collect();
                Body::Mapping(node.span, entries).settle(node.computed)
            }
        }
    }

    fn scalar(&self, span: Span, scalar: &Scalar, findings: &mut Collector) -> Body {
        let damaged = Body::Fixed(Node::damaged(span));
        let template = match Template::compile(&scalar.text, self.folders.of(span.source)) {
            Ok(template) => template,
            Err(failures) => {
                for failure in failures {
                    findings.push(*describe(&failure, span, scalar, self.sources));
                }
                return damaged;
            }
        };
        let mut later = false;
        let mut usable = true;
        for expression in template.expressions() {
            if let Some(secret) = self.names.secret_in(expression)
                && !template.only_expression().is_some_and(|only| only.is(&secret))
            {
                usable = false;
                let place = locate(scalar, span, &expression.find(&secret), self.sources);
                findings.push(secret_in_text(&secret, place));
                continue;
            }
            match self.names.check(expression) {
                Verdict::Known { later: waits } => later |= waits,
                Verdict::Damaged => usable = false,
                Verdict::Undefined(names) => {
                    usable = false;
                    for name in names {
                        let place = locate(scalar, span, &name.range, self.sources);
                        findings.push(
                            Diagnostic::new(
                                &codes::UNDEFINED_NAME,
                                format!("`{}` is not defined", name.name),
                            )
                            .at(place, "")
                            .help(name.help),
                        );
                    }
                }
            }
        }
        if !usable {
            return damaged;
        }
        if later {
            return Body::Computed { span, scalar: scalar.clone(), template };
        }
        match template.evaluate(self.context) {
            Ok(json) => Body::Fixed(Node::computed(span, &json)),
            Err(failure) => {
                findings.push(*describe(&failure, span, scalar, self.sources));
                damaged
            }
        }
    }
}

impl Body {
    /// The tree for one task.
    ///
    /// # Errors
    /// The first expression that has no value for it.
    pub fn instantiate(&self, context: &Value, sources: &Sources) -> Result<Node, Box<Diagnostic>> {
        Ok(match self {
            Self::Fixed(node) => node.clone(),
            Self::Computed { span, scalar, template } => match template.evaluate(context) {
                Ok(json) => Node::computed(*span, &json),
                Err(failure) => return Err(describe(&failure, *span, scalar, sources)),
            },
            Self::Sequence(span, items) => {
                let items =
                    items.iter().map(|item| item.instantiate(context, sources)).collect::<Result<_, _>>()?;
                Node { span: *span, kind: NodeKind::Sequence(items), computed: false }
            }
            Self::Mapping(span, entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, key_span, value)| {
                        let value = value.instantiate(context, sources)?;
                        Ok(Entry { key: key.clone(), key_span: *key_span, value })
                    })
                    .collect::<Result<_, Box<Diagnostic>>>()?;
                Node { span: *span, kind: NodeKind::Mapping(entries), computed: false }
            }
        })
    }

    /// Where the keys of maps inside stand, by their paths.
    pub fn places(&self) -> Vec<(String, Span)> {
        let mut places = Vec::new();
        self.collect_places("", &mut places);
        places
    }

    fn collect_places(&self, path: &str, places: &mut Vec<(String, Span)>) {
        match self {
            Self::Fixed(node) => places
                .extend(node.key_places().into_iter().map(|(inner, span)| (join_path(path, &inner), span))),
            Self::Mapping(_, entries) => {
                for (key, key_span, value) in entries {
                    let path = join_path(path, key);
                    value.collect_places(&path, places);
                    places.push((path, *key_span));
                }
            }
            Self::Computed { .. } | Self::Sequence(..) => {}
        }
    }

    /// Whether it is the same for every task.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// A collection of which every member is fixed is fixed itself.
    fn settle(self, computed: bool) -> Self {
        let fixed = |body: Self| match body {
            Self::Fixed(node) => Some(node),
            _ => None,
        };
        match self {
            Self::Sequence(span, items) if items.iter().all(Self::is_fixed) => {
                let items = items.into_iter().filter_map(fixed).collect();
                Self::Fixed(Node { span, kind: NodeKind::Sequence(items), computed })
            }
            Self::Mapping(span, entries) if entries.iter().all(|(_, _, value)| value.is_fixed()) => {
                let entries = entries
                    .into_iter()
                    .filter_map(|(key, key_span, value)| Some(Entry { key, key_span, value: fixed(value)? }))
                    .collect();
                Self::Fixed(Node { span, kind: NodeKind::Mapping(entries), computed })
            }
            other => other,
        }
    }
}

fn join_path(outer: &str, inner: &str) -> String {
    if outer.is_empty() { inner.to_owned() } else { format!("{outer}.{inner}") }
}

/// A secret can be handed on as a whole only: inside a text it would be its reference, not its value.
fn secret_in_text(secret: &str, place: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_EXPRESSION, format!("`{secret}` is a secret and cannot be part of anything else"))
        .at(place, "")
        .help(format!(
            "pass it in the environment, as a value of its own: `environment: {{ TOKEN: \"${{{{ {secret} }}}}\" }}`"
        ))
}

fn describe(failure: &Failure, span: Span, scalar: &Scalar, sources: &Sources) -> Box<Diagnostic> {
    let place = locate(scalar, span, &failure.range, sources);
    let finding = Diagnostic::new(&codes::BAD_EXPRESSION, failure.message.clone()).at(place, "");
    Box::new(finding.maybe_help(failure.help.clone()))
}
