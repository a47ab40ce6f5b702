//! From the validator's errors to what an author did wrong.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::{Value, json};

use super::markers::{NO_PLACE, REST_MODELS};
use crate::recipe::node::{Node, NodeKind, Segment};

/// A mistake, at a path of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistake {
    /// Where.
    pub(super) path: Vec<Segment>,
    /// What.
    pub(super) kind: MistakeKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MistakeKind {
    /// A key that does not exist; these do. The map stands for these models of the REST API.
    UnknownKey { key: String, known: Vec<String>, models: Vec<String> },
    /// A key that must be there is not.
    MissingKey { key: String },
    /// A key that exists, but not at this place.
    MisplacedKey { key: String, message: String },
    /// A key that is not written as keys here must be.
    InvalidKey { key: String, message: String },
    /// A value of another type than one of these. If it would not do as a string either: how such a string is written.
    Type { expected: Vec<&'static str>, form: Option<String> },
    /// A word that is none of these.
    Word { allowed: Vec<String> },
    /// A value that breaks a limit: "must be at least 1".
    Limit { message: String },
    /// A value that is not written as it must be: "expected a duration".
    Form { message: String },
}

/// Reads errors for one tree.
pub(super) struct Explainer<'a> {
    pub(super) root: &'a Node,
    pub(super) schema: &'a Value,
}

impl Explainer<'_> {
    /// The mistakes behind an error. None if it is about a value that is not known.
    pub(super) fn explain(&self, error: &ValidationError<'_>) -> Vec<Mistake> {
        let path = segments(error.instance_path());
        let Some(node) = self.root.find(&path) else { return Vec::new() };
        if node.is_unknown() {
            return Vec::new();
        }
        let one = |kind| vec![Mistake { path: path.clone(), kind }];
        match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.alternatives(&path, context)
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let (known, models) = (self.known_keys(error), self.rest_models(error));
                unexpected
                    .iter()
                    .map(|key| MistakeKind::UnknownKey {
                        key: key.clone(),
                        known: known.clone(),
                        models: models.clone(),
                    })
                    .map(|kind| Mistake { path: path.clone(), kind })
                    .collect()
            }
            ValidationErrorKind::Required { property } => {
                one(MistakeKind::MissingKey { key: property.as_str().unwrap_or_default().to_owned() })
            }
            ValidationErrorKind::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default().to_owned();
                let form =
                    || self.annotation(inner, "patternErrorMessage").unwrap_or_else(|| inner.to_string());
                one(match self.annotation(inner, NO_PLACE) {
                    Some(message) => MistakeKind::MisplacedKey { key, message },
                    None => MistakeKind::InvalidKey { key, message: form() },
                })
            }
            ValidationErrorKind::Type { kind } => {
                one(MistakeKind::Type { expected: expected(kind), form: self.form(error, node) })
            }
            ValidationErrorKind::Enum { options } => one(MistakeKind::Word { allowed: words(options) }),
            ValidationErrorKind::Constant { expected_value } => one(MistakeKind::Word {
                allowed: expected_value.as_str().map(str::to_owned).into_iter().collect(),
            }),
            ValidationErrorKind::Pattern { pattern } => {
                let message = self.annotation(error, "patternErrorMessage");
                one(MistakeKind::Form { message: message.unwrap_or_else(|| format!("must match {pattern}")) })
            }
            _ => one(MistakeKind::Limit { message: self.limit(error) }),
        }
    }

    /// Several schemas were possible and none fits: speak about the one that was meant.
    fn alternatives(&self, path: &[Segment], context: &[Vec<ValidationError<'static>>]) -> Vec<Mistake> {
        let branches: Vec<Vec<Mistake>> = context
            .iter()
            .map(|errors| errors.iter().flat_map(|error| self.explain(error)).collect())
            .collect();
        if branches.iter().any(Vec::is_empty) {
            // With what is not known yet, this one may turn out to fit.
            return Vec::new();
        }
        let misfit =
            |mistake: &Mistake| mistake.path == path && matches!(mistake.kind, MistakeKind::Type { .. });
        let fitting: Vec<&Vec<Mistake>> =
            branches.iter().filter(|branch| !branch.iter().any(misfit)).collect();
        if fitting.is_empty() {
            let mut expected: Vec<&'static str> = Vec::new();
            let mut form = None;
            for mistake in branches.iter().flatten() {
                if let MistakeKind::Type { expected: types, form: own } = &mistake.kind {
                    expected.extend(types);
                    form = form.or_else(|| own.clone());
                }
            }
            expected.dedup();
            expected.retain(|kind| *kind != "nothing");
            return vec![Mistake { path: path.to_vec(), kind: MistakeKind::Type { expected, form } }];
        }
        let all_words: Option<Vec<&Vec<String>>> = fitting
            .iter()
            .map(|branch| match branch.as_slice() {
                [Mistake { path: at, kind: MistakeKind::Word { allowed } }] if at == path => Some(allowed),
                _ => None,
            })
            .collect();
        if let Some(lists) = all_words {
            let allowed = lists.into_iter().flatten().cloned().collect();
            return vec![Mistake { path: path.to_vec(), kind: MistakeKind::Word { allowed } }];
        }
        fitting
            .into_iter()
            .min_by_key(|branch| {
                // The keys that are there tell which one was meant, whatever is wrong inside them; of two that are equally
                // wrong, it is the one that went wrong further inside.
                let unknown = |mistake: &&Mistake| {
                    mistake.path == path && matches!(mistake.kind, MistakeKind::UnknownKey { .. })
                };
                let depth = branch.iter().map(|mistake| mistake.path.len()).min();
                let weight = branch.iter().map(weight).sum::<usize>();
                (branch.iter().filter(unknown).count(), weight, std::cmp::Reverse(depth))
            })
            .cloned()
            .unwrap_or_default()
    }

    /// How a string has to be written that may stand in place of a scalar, if the scalar's own text is not written so.
    fn form(&self, error: &ValidationError<'_>, node: &Node) -> Option<String> {
        let NodeKind::Scalar(scalar) = &node.kind else { return None };
        let pattern = self.parent_schema(error)?.get("pattern")?;
        let fits = jsonschema::is_valid(&json!({ "pattern": pattern }), &Value::from(scalar.text.as_str()));
        let message = || self.annotation(error, "patternErrorMessage");
        (!fits).then(|| message().unwrap_or_else(|| format!("must match {pattern}")))
    }

    fn known_keys(&self, error: &ValidationError<'_>) -> Vec<String> {
        let parent = self.parent_schema(error);
        let properties = parent.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
    }

    fn rest_models(&self, error: &ValidationError<'_>) -> Vec<String> {
        let models = self.parent_schema(error).and_then(|schema| schema.get(REST_MODELS));
        models.map(words).unwrap_or_default()
    }

    fn annotation(&self, error: &ValidationError<'_>, name: &str) -> Option<String> {
        Some(self.parent_schema(error)?.get(name)?.as_str()?.to_owned())
    }

    /// The schema whose keyword failed.
    fn parent_schema(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let keyword = error.schema_path().as_str();
        let parent = keyword.rfind('/').and_then(|at| keyword.get(..at))?;
        self.schema.pointer(parent)
    }

    fn limit(&self, error: &ValidationError<'_>) -> String {
        match error.kind() {
            ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
            ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
            ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be greater than {limit}"),
            ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
            ValidationErrorKind::MinLength { limit: 1 } => "must not be empty".to_owned(),
            ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
            ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
            ValidationErrorKind::MinItems { limit: 1 } => "must not be empty".to_owned(),
            ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} values"),
            ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} values"),
            ValidationErrorKind::MinProperties { limit: 1 } => match self.known_or_none(error) {
                Some(keys) => format!("needs one of the keys {keys}"),
                None => "must not be empty".to_owned(),
            },
            ValidationErrorKind::Not { schema } if schema.get("const").is_some() => {
                format!("must not be {}", schema.get("const").unwrap_or(&Value::Null))
            }
            ValidationErrorKind::MaxProperties { limit: 1 } => "must have exactly one key".to_owned(),
            // The validator's own words, without the value.
            _ => error.masked_with("the value").to_string(),
        }
    }

    fn known_or_none(&self, error: &ValidationError<'_>) -> Option<String> {
        let keys = self.known_keys(error);
        (!keys.is_empty()).then(|| crate::recipe::suggest::list(keys))
    }
}

fn weight(mistake: &Mistake) -> usize {
    match mistake.kind {
        MistakeKind::UnknownKey { .. } => 2,
        _ => 1,
    }
}

pub(super) fn segments(location: &Location) -> Vec<Segment> {
    location
        .segments()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Segment::Key(key.into_owned()),
            LocationSegment::Index(index) => Segment::Index(index),
        })
        .collect()
}

fn expected(kind: &TypeKind) -> Vec<&'static str> {
    let name = |text: &str| match text {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "a list",
        "object" => "a map",
        _ => "nothing",
    };
    match kind {
        TypeKind::Single(single) => vec![name(&single.to_string())],
        TypeKind::Multiple(several) => {
            several.iter().map(|one| name(&one.to_string())).filter(|name| *name != "nothing").collect()
        }
    }
}

fn words(options: &Value) -> Vec<String> {
    options.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
