//! Collecting the fields that differ.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::batch::model::SECRET_MARKER;
use crate::resource::{
    EnvironmentSpec, EnvironmentValue, FieldSources, MetadataSpec, MutabilityTable, NOT_SHOWN, same, shown,
};

pub(super) use crate::resource::source_of;

use super::change::FieldChange;

/// A duration as recipes write it: `2h 30m`.
pub(super) fn written(duration: Duration) -> String {
    jiff::SignedDuration::try_from(duration)
        .map_or_else(|_| format!("{}s", duration.as_secs()), |duration| format!("{duration:#}"))
}

/// Collects the fields that differ, with their places in the recipe.
pub(super) struct FieldDiff<'a> {
    sources: &'a FieldSources,
    table: MutabilityTable,
    pub(super) changes: Vec<FieldChange>,
}

impl<'a> FieldDiff<'a> {
    pub(super) fn new(sources: &'a FieldSources, table: MutabilityTable) -> Self {
        Self { sources, table, changes: Vec::new() }
    }

    /// Notes a field if it differs.
    pub(super) fn field<T: PartialEq + Serialize>(&mut self, path: &str, before: &T, after: &T) {
        self.field_unless(path, before == after, before, after);
    }

    /// Notes a field unless it is known to be the same.
    pub(super) fn field_unless<T: Serialize>(&mut self, path: &str, same: bool, before: &T, after: &T) {
        if same {
            return;
        }
        let value = |of: &T| serde_json::to_value(of).unwrap_or(Value::Null);
        self.changes.push(FieldChange {
            path: path.to_owned(),
            before: value(before),
            after: value(after),
            mutability: self.table.of(path),
            source: source_of(self.sources, path),
        });
    }
}

impl FieldDiff<'_> {
    /// Notes a field of something that is made: what is not set, or at its default, is not worth a line.
    pub(super) fn introduced<T: Serialize>(&mut self, path: &str, after: &T) {
        let after = serde_json::to_value(after).unwrap_or(Value::Null);
        let is_worth_a_line = match &after {
            Value::Null | Value::Bool(false) => false,
            Value::Number(number) => number.as_i64() != Some(0),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Bool(true) | Value::String(_) => true,
        };
        self.field_unless(path, !is_worth_a_line, &Value::Null, &after);
    }
}

impl FieldDiff<'_> {
    /// Notes a part in the words of the REST API if it differs from what is asked for, as far as the service tells.
    pub(super) fn part<T: Serialize>(&mut self, path: &str, (live, desired): (&T, &T), known: Known) {
        if same(desired, live, known.as_applied) {
            return;
        }
        let before = in_words_of_recipes(shown(live, known.had_no_secrets));
        let after = in_words_of_recipes(serde_json::to_value(desired).unwrap_or(Value::Null));
        self.field_unless(path, false, &before, &after);
    }

    /// Notes a part of something that is made.
    pub(super) fn introduced_part<T: Serialize>(&mut self, path: &str, desired: &T) {
        self.introduced(path, &in_words_of_recipes(serde_json::to_value(desired).unwrap_or(Value::Null)));
    }

    /// Notes the metadata that differs. What others have added is none of the recipe's business, and not in `live`.
    pub(super) fn metadata(&mut self, live: &MetadataSpec, desired: &MetadataSpec) {
        let names: BTreeSet<&String> = live.keys().chain(desired.keys()).collect();
        for name in names {
            self.field(&format!("metadata.{name}"), &live.get(name), &desired.get(name));
        }
    }
}

/// What is known about a live object beside what the service returns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Whether the recipe is what was applied last: what it does not ask for was filled in by the service.
    pub(super) as_applied: bool,
    /// Whether none of the values that the service returns was a secret.
    pub(super) had_no_secrets: bool,
}

/// What is named by the user, not by the REST API.
const OF_USERS: &[&str] = &["environment", "metadata", "tags"];

/// The same value with keys as recipes write them, and with references to secrets as recipes write them.
pub(super) fn in_words_of_recipes(value: Value) -> Value {
    match value {
        Value::Object(mut members) => match members.remove(SECRET_MARKER) {
            Some(reference) if members.is_empty() => reference,
            _ => members
                .into_iter()
                .map(|(name, member)| match member {
                    Value::Object(named) if OF_USERS.contains(&name.as_str()) => (name, of_users(named)),
                    member => (snake_case(&name), in_words_of_recipes(member)),
                })
                .collect(),
        },
        Value::Array(items) => items.into_iter().map(in_words_of_recipes).collect(),
        other => other,
    }
}

fn of_users(named: serde_json::Map<String, Value>) -> Value {
    named.into_iter().map(|(name, value)| (name, in_words_of_recipes(value))).collect()
}

/// `diskSizeGB` → `disk_size_gb`.
fn snake_case(name: &str) -> String {
    let mut word = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() && before != '_' {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
        before = letter;
    }
    word
}

impl FieldDiff<'_> {
    /// Notes the variables that differ, each by itself: there may be many, and of most nothing changes. The service returns the
    /// values of secrets as those of any other variable, so values that are there are shown only if it is known that none of them
    /// was one.
    pub(super) fn environment(
        &mut self,
        live: &EnvironmentSpec,
        desired: &EnvironmentSpec,
        had_no_secrets: bool,
    ) {
        let names: BTreeSet<&String> = live.keys().chain(desired.keys()).collect();
        for name in names {
            let (before, after) = (live.get(name), desired.get(name));
            let is_hidden = matches!(after, Some(EnvironmentValue::Secret(_)));
            let same = before == after || (before.is_some() && is_hidden);
            let shown = match before {
                None => Value::Null,
                Some(EnvironmentValue::Plain(value)) if had_no_secrets => json!(value),
                Some(_) => json!(NOT_SHOWN),
            };
            self.field_unless(&format!("environment.{name}"), same, &shown, &json!(after));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_rest_api_are_those_of_recipes_and_words_of_users_stay() {
        let part = json!({
            "diskSizeGB": 1,
            "environment": {"MyVar": "a", "PATH_Long": {"$secret": {"env": "SIG"}}},
            "files": [{"filePath": "x", "httpUrl": {"$secret": {"env": "SIG"}}}],
        });
        let shown = json!({
            "disk_size_gb": 1,
            "environment": {"MyVar": "a", "PATH_Long": {"env": "SIG"}},
            "files": [{"file_path": "x", "http_url": {"env": "SIG"}}],
        });
        assert_eq!(in_words_of_recipes(part), shown);
    }
}
