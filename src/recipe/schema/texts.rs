//! Scalars that are text for a program, however they look.

use serde_json::Value as Json;

use crate::recipe::node::{Node, NodeKind, Value};

/// The types that a schema allows whose values are taken as they are written: `1.10` stays `1.10`.
const AS_WRITTEN: [&str; 3] = ["string", "number", "boolean"];

/// Makes strings of the numbers and booleans that stand where a program's text does, so that nothing that reads the tree after
/// this takes them for anything else. What `schema` refers to is looked up in `definitions`, the schema that it is part of.
pub(super) fn spell_out_texts(node: &mut Node, schema: &Json, definitions: &Json) {
    if !node.any(&is_number_or_boolean) {
        return;
    }
    if let Some(meant) = schema.get("$ref").and_then(Json::as_str) {
        let target = meant.strip_prefix('#').and_then(|pointer| definitions.pointer(pointer));
        target.into_iter().for_each(|target| spell_out_texts(node, target, definitions));
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let branches = schema.get(keyword).and_then(Json::as_array).into_iter().flatten();
        branches.for_each(|branch| spell_out_texts(node, branch, definitions));
    }
    match &mut node.kind {
        NodeKind::Mapping(entries) => {
            for entry in entries {
                let own = schema.get("properties").and_then(|properties| properties.get(&entry.key));
                if let Some(member) = own.or_else(|| schema.get("additionalProperties")) {
                    spell_out_texts(&mut entry.value, member, definitions);
                }
            }
        }
        NodeKind::Sequence(items) => {
            if let Some(member) = schema.get("items") {
                items.iter_mut().for_each(|item| spell_out_texts(item, member, definitions));
            }
        }
        NodeKind::Scalar(scalar) if is_taken_as_written(schema) && scalar.value != Value::Null => {
            scalar.value = Value::Text;
        }
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}

fn is_taken_as_written(schema: &Json) -> bool {
    let types = schema.get("type").and_then(Json::as_array);
    types.is_some_and(|types| {
        AS_WRITTEN.iter().all(|name| types.iter().any(|allowed| allowed.as_str() == Some(*name)))
    })
}

fn is_number_or_boolean(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Scalar(scalar)
        if matches!(scalar.value, Value::Bool(_) | Value::Integer(_) | Value::Float(_)))
}
