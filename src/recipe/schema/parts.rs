//! Definitions that stand for parts of others: what `defaults` may say of a task, of which nothing is required.

use serde_json::{Map, Value, json};

use super::definitions::{Definitions, referred, referred_mut};
use super::markers::{PART_OF, REST_MODELS, WITHOUT};

/// What begins the names of the definitions that parts refer to.
const PREFIX: &str = "Default";
/// What a part does not ask for.
const DEMANDS: [&str; 4] = ["required", "minProperties", "dependentRequired", REST_MODELS];

/// Makes every definition that is marked as a part of another one.
pub(super) fn fill_parts(schema: &mut Value) {
    let Some(mut definitions) = Definitions::take(schema) else { return };
    let marked: Vec<String> = definitions
        .all
        .iter()
        .filter(|(_, definition)| definition.get(PART_OF).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in marked {
        let Some(marks) = definitions.all.get(&name).and_then(Value::as_object).cloned() else { continue };
        let whole = marks.get(PART_OF).and_then(Value::as_str).unwrap_or_default();
        let Some(Value::Object(mut part)) = part_of(whole, &mut definitions) else { continue };
        if let Some(properties) = part.get_mut("properties").and_then(Value::as_object_mut) {
            let without = marks.get(WITHOUT).and_then(Value::as_array).into_iter().flatten();
            without.filter_map(Value::as_str).for_each(|key| drop(properties.remove(key)));
        }
        let own = marks.into_iter().filter(|(key, _)| key != PART_OF && key != WITHOUT);
        part.extend(own);
        definitions.all.insert(name, Value::Object(part));
    }
    definitions.put_back(schema);
}

/// A definition of which nothing is required, nor of those that its properties refer to.
fn part_of(name: &str, definitions: &mut Definitions) -> Option<Value> {
    let mut part = definitions.all.get(name)?.as_object()?.clone();
    DEMANDS.iter().for_each(|demand| drop(part.remove(*demand)));
    if let Some(properties) = part.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| refer_to_parts(property, definitions));
    }
    Some(Value::Object(part))
}

fn refer_to_parts(property: &mut Value, definitions: &mut Definitions) {
    let Some(name) = referred(property, definitions.prefix) else { return };
    let is_map = definitions.all.get(&name).is_some_and(|definition| definition.get("properties").is_some());
    if !is_map || name.starts_with(PREFIX) {
        return;
    }
    let part_name = format!("{PREFIX}{name}");
    if !definitions.all.contains_key(&part_name) {
        // A definition may lead back to itself.
        definitions.all.insert(part_name.clone(), json!({}));
        let part = part_of(&name, definitions).unwrap_or_else(|| Value::Object(Map::new()));
        definitions.all.insert(part_name.clone(), part);
    }
    if let Some(reference) = referred_mut(property, definitions.prefix) {
        *reference = format!("{}{part_name}", definitions.prefix).into();
    }
}
