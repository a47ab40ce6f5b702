//! Validates a tree, reports every mistake once, and marks the damage so that later passes stay silent about it.

use super::explain::{Explainer, Mistake, MistakeKind};
use super::place::Place;
use super::render::render;
use super::texts::spell_out;
use super::validator::Shape;
use jsonschema::Validator;
use serde_json::Value as Json;

use crate::diagnostic::{Collector, Diagnostic};
use crate::recipe::node::{Node, NodeKind, Value};
use crate::recipe::suggest;

/// Errors looked at in one pass: more than anybody reads, and few enough to compare with each other.
const MOST_ERRORS: usize = 1_000;

/// Validates `root` against the schema of `shape`. Unknown keys are removed, wrong values become damaged; values that
/// expressions have still to produce are passed over. Numbers and booleans that stand for a program's text become strings.
pub fn conform(root: &mut Node, shape: Shape, findings: &mut Collector) {
    let mut mistakes = find(root, shape);
    while spell_out_numbers(root, &mistakes) {
        mistakes = find(root, shape);
    }
    for mistake in &mistakes {
        if is_consequence(mistake, &mistakes) {
            continue;
        }
        if let Some(finding) = render(mistake, root) {
            findings.push(finding);
        }
    }
    for mistake in &mistakes {
        damage(root, mistake);
    }
    spell_out(root, Place::of(shape));
}

/// A schema that is none.
#[derive(Debug, Clone, Copy)]
pub struct InvalidSchema;

/// A schema made for values.
#[derive(Debug)]
pub struct ValueSchema {
    schema: Json,
    validator: Validator,
}

impl ValueSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// When it cannot be compiled: it holds a regular expression that is none.
    pub fn compile(schema: Json) -> Result<Self, InvalidSchema> {
        let validator = jsonschema::validator_for(&schema).map_err(|_| InvalidSchema)?;
        Ok(Self { schema, validator })
    }

    /// The findings that a value gives.
    pub fn check(&self, root: &Node) -> Vec<Diagnostic> {
        let instance = root.to_json();
        if self.validator.is_valid(&instance) {
            return Vec::new();
        }
        let explainer = Explainer { root, schema: &self.schema };
        let mistakes = self.validator.iter_errors(&instance).flat_map(|error| explainer.explain(&error));
        let findings = mistakes.filter_map(|mistake| render(&mistake, root));
        // Such a value is computed, but by no expression.
        findings.map(|finding| Diagnostic { notes: Vec::new(), ..finding }).collect()
    }
}

fn find(root: &Node, shape: Shape) -> Vec<Mistake> {
    let compiled = shape.compiled();
    let instance = root.to_json();
    if compiled.validator.is_valid(&instance) {
        return Vec::new();
    }
    let explainer = Explainer { root, schema: &compiled.schema };
    let errors = compiled.validator.iter_errors(&instance).take(MOST_ERRORS);
    errors.flat_map(|error| explainer.explain(&error)).collect()
}

/// Where text is asked for, an expression's number or boolean is taken as text: `id: "${{ item.seed }}"`.
fn spell_out_numbers(root: &mut Node, mistakes: &[Mistake]) -> bool {
    let mut changed = false;
    for mistake in mistakes {
        if let MistakeKind::Type { expected, .. } = &mistake.kind
            && expected.contains(&"a string")
            && let Some(node) = root.find_mut(&mistake.path)
            && node.computed
            && let NodeKind::Scalar(scalar) = &mut node.kind
            && matches!(scalar.value, Value::Bool(_) | Value::Integer(_) | Value::Float(_))
        {
            scalar.value = Value::Text;
            changed = true;
        }
    }
    changed
}

/// A misspelt required key is one mistake, not an unknown key and a missing one.
fn is_consequence(mistake: &Mistake, all: &[Mistake]) -> bool {
    let MistakeKind::MissingKey { key: missing } = &mistake.kind else { return false };
    all.iter().any(|other| match &other.kind {
        MistakeKind::UnknownKey { key, known, .. } if other.path == mistake.path => {
            suggest::nearest(key, known.iter().map(String::as_str)) == Some(missing)
        }
        _ => false,
    })
}

fn damage(root: &mut Node, mistake: &Mistake) {
    let Some(node) = root.find_mut(&mistake.path) else { return };
    match &mistake.kind {
        MistakeKind::UnknownKey { key, known, .. } => {
            // The value is there, under a wrong name: whoever looks for it must not conclude that it is absent.
            let meant = suggest::nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
            let taken = meant.as_deref().is_some_and(|meant| node.get(meant).is_some());
            if let NodeKind::Mapping(entries) = &mut node.kind {
                match meant.filter(|_| !taken) {
                    Some(meant) => {
                        if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *key) {
                            entry.value = Node::damaged(entry.value.span);
                            entry.key = meant;
                        }
                    }
                    None => entries.retain(|entry| entry.key != *key),
                }
            }
        }
        // A required value that is missing is decoded as damaged anyway.
        MistakeKind::MissingKey { .. }
        | MistakeKind::InvalidKey { .. }
        | MistakeKind::MisplacedKey { .. } => {}
        MistakeKind::Type { .. }
        | MistakeKind::Word { .. }
        | MistakeKind::Limit { .. }
        | MistakeKind::Form { .. } => node.kind = NodeKind::Damaged,
    }
}
