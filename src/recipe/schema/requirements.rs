//! Required keys, apart from the rest of a schema.
//!
//! A recipe that extends another one, or an overlay, says what it changes only; and what a task lacks may stand under
//! `defaults`. So what is required is taken out of the schema for editors, and asked for under a condition.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::definitions::{Definitions, referred};

/// Definitions of which nothing is asked for: what they lack may be inherited.
const INHERITING: [&str; 2] = ["Task", "TaskDefaults"];

/// Moves what is required, other than of the root itself, under the condition that the recipe extends no other.
pub(super) fn make_conditional(schema: &mut Value) {
    let asked = take_out(schema);
    if let (Some(asked), Some(root)) = (asked, schema.as_object_mut()) {
        root.insert("if".to_owned(), json!({ "not": { "required": ["extends"] } }));
        root.insert("then".to_owned(), asked);
    }
}

/// Takes out what is required of everything but the root itself; what it was, as a schema of its own.
pub(super) fn take_out(schema: &mut Value) -> Option<Value> {
    let mut definitions = Definitions::take(schema)?;
    let mut walk = Walk { definitions: &definitions, open: Vec::new(), seen: BTreeSet::new() };
    let asked = schema.as_object().and_then(|root| walk.members(root));
    let seen = walk.seen;
    for name in seen {
        if let Some(definition) = definitions.all.get_mut(&name).and_then(Value::as_object_mut) {
            definition.remove("required");
        }
    }
    definitions.put_back(schema);
    asked
}

struct Walk<'a> {
    definitions: &'a Definitions,
    /// The definitions on the way: one may lead back to itself.
    open: Vec<String>,
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    /// What is required of the members of a map.
    fn members(&mut self, object: &Map<String, Value>) -> Option<Value> {
        let mut asked = Map::new();
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            let inside: Map<String, Value> = properties
                .iter()
                .filter_map(|(key, property)| Some((key.clone(), self.value(property)?)))
                .collect();
            if !inside.is_empty() {
                asked.insert("properties".to_owned(), Value::Object(inside));
            }
        }
        if let Some(member) = object.get("additionalProperties").filter(|member| member.is_object())
            && let Some(inside) = self.value(member)
        {
            asked.insert("additionalProperties".to_owned(), inside);
        }
        (!asked.is_empty()).then_some(Value::Object(asked))
    }

    fn value(&mut self, schema: &Value) -> Option<Value> {
        let Some(name) = referred(schema, self.definitions.prefix) else {
            return self.members(schema.as_object()?);
        };
        if self.open.contains(&name) {
            return None;
        }
        let definition = self.definitions.all.get(&name)?.as_object()?;
        self.seen.insert(name.clone());
        self.open.push(name.clone());
        let inside = self.members(definition);
        self.open.pop();
        if INHERITING.contains(&name.as_str()) {
            return None;
        }
        let mut asked = inside.and_then(|inside| inside.as_object().cloned()).unwrap_or_default();
        asked.extend(definition.get("required").map(|required| ("required".to_owned(), required.clone())));
        (!asked.is_empty()).then_some(Value::Object(asked))
    }
}

/// Lets every property and every member of a map be null, which takes it away.
pub(super) fn allow_null(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(or_null);
    }
    if let Some(member) = object.get_mut("additionalProperties").filter(|member| member.is_object()) {
        or_null(member);
    }
    for keyword in ["definitions", "$defs"] {
        if let Some(definitions) = object.get_mut(keyword).and_then(Value::as_object_mut) {
            definitions.values_mut().for_each(allow_null);
        }
    }
}

fn or_null(property: &mut Value) {
    allow_null(property);
    let Some(object) = property.as_object_mut() else { return };
    // Not `null`, which the macro takes for the value.
    let nothing = json!({ "type": "null" });
    if let Some(branches) = object.get_mut("anyOf").and_then(Value::as_array_mut) {
        if !branches.contains(&nothing) {
            branches.push(nothing);
        }
        return;
    }
    let mut wrapped = Map::new();
    for keyword in ["description", "default", "examples"] {
        wrapped.extend(object.remove_entry(keyword));
    }
    if object.is_empty() {
        *object = wrapped;
        return;
    }
    let original = Value::Object(std::mem::take(object));
    wrapped.insert("anyOf".to_owned(), json!([original, nothing]));
    *object = wrapped;
}
