//! The definitions of a schema, under the name that its draft gives them.

use serde_json::{Map, Value};

/// The definitions of a schema.
pub(super) struct Definitions {
    pub(super) all: Map<String, Value>,
    /// What references to them begin with.
    pub(super) prefix: &'static str,
    key: &'static str,
}

impl Definitions {
    /// Takes the definitions out of a schema.
    pub(super) fn take(schema: &mut Value) -> Option<Self> {
        let root = schema.as_object_mut()?;
        let (key, prefix) = [("definitions", "#/definitions/"), ("$defs", "#/$defs/")]
            .into_iter()
            .find(|(key, _)| root.contains_key(*key))?;
        match root.remove(key)? {
            Value::Object(all) => Some(Self { all, prefix, key }),
            _ => None,
        }
    }

    pub(super) fn put_back(self, schema: &mut Value) {
        if let Some(root) = schema.as_object_mut() {
            root.insert(self.key.to_owned(), Value::Object(self.all));
        }
    }
}

/// The name of the definition that a schema refers to: directly, or as the only thing beside nothing.
pub(super) fn referred(schema: &Value, prefix: &str) -> Option<String> {
    let mut copy = schema.clone();
    let name = referred_mut(&mut copy, prefix)?.as_str()?.strip_prefix(prefix)?.to_owned();
    Some(name)
}

/// The reference itself.
pub(super) fn referred_mut<'a>(schema: &'a mut Value, prefix: &str) -> Option<&'a mut Value> {
    let object = schema.as_object_mut()?;
    let is_reference = |value: &Value| value.as_str().is_some_and(|path| path.starts_with(prefix));
    if object.get("$ref").is_some_and(is_reference) {
        return object.get_mut("$ref");
    }
    let keyword = ["anyOf", "allOf"].into_iter().find(|keyword| object.contains_key(*keyword))?;
    let branches = object.get_mut(keyword)?.as_array_mut()?;
    let is_null = |branch: &Value| branch.get("type").and_then(Value::as_str) == Some("null");
    let mut references =
        branches.iter_mut().filter(|branch| !is_null(branch)).map(|branch| branch.get_mut("$ref"));
    match (references.next(), references.next()) {
        (Some(Some(reference)), None) => Some(reference),
        _ => None,
    }
}
