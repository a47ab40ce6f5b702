//! Generates the schemas.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::markers::{AUTHORING_ONLY, FREE_KEYS, NO_PLACE, REST_MODELS};
use super::parts::fill_parts;
use super::requirements;
use crate::recipe::document::{Project, Recipe};

/// Matches strings that hold an expression.
const EXPRESSION_PATTERN: &str = r"\$\{\{";

/// The schema for editors: draft-07, and every value that is no string may also be an expression.
pub fn authoring() -> Value {
    for_editors("Batchyard recipe", requirements::make_conditional)
}

/// The schema of overlays for editors: any part of a recipe, and null for whatever is to be taken away.
pub fn overlay() -> Value {
    for_editors("Batchyard overlay", |schema| {
        requirements::take_out(schema);
        requirements::allow_null(schema);
        if let Some(root) = schema.as_object_mut() {
            root.remove("required");
            let properties = root.get_mut("properties").and_then(Value::as_object_mut);
            properties.map(|properties| properties.remove("extends"));
        }
    })
}

/// The schema of project files.
pub fn project() -> Value {
    let mut schema = generate::<Project>(SchemaSettings::draft07(), "Batchyard project");
    RecursiveTransform(remove_markers).transform(&mut schema);
    schema.to_value()
}

fn for_editors(title: &str, arrange: impl Fn(&mut Value)) -> Value {
    let mut schema = generate::<Recipe>(SchemaSettings::draft07(), title).to_value();
    fill_parts(&mut schema);
    arrange(&mut schema);
    let Ok(mut schema) = Schema::try_from(schema) else { return Value::Bool(true) };
    RecursiveTransform(remove_markers).transform(&mut schema);
    AllowExpressions.transform(&mut schema);
    if let Some(definitions) =
        schema.ensure_object().entry("definitions").or_insert_with(|| json!({})).as_object_mut()
    {
        definitions.insert("Expression".to_owned(), expression_schema());
    }
    schema.to_value()
}

/// The schema of a recipe after expansion: 2020-12, no expressions, no parameters, no `for_each`.
pub fn resolved() -> Value {
    let mut schema = generate::<Recipe>(SchemaSettings::draft2020_12(), "Batchyard recipe");
    RecursiveTransform(remove_authoring_only).transform(&mut schema);
    let mut schema = schema.to_value();
    remove_unused_definitions(&mut schema);
    schema
}

/// The schema that this program validates with.
pub(in crate::recipe) fn strict<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    fill_parts(&mut schema);
    schema
}

fn generate<T: JsonSchema>(settings: SchemaSettings, title: &str) -> Schema {
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), json!(title));
    schema
}

fn expression_schema() -> Value {
    json!({
        "description": "An expression: `${{ params.name }}`.",
        "type": "string",
        "pattern": EXPRESSION_PATTERN,
        "examples": ["${{ params.nodes }}"],
    })
}

fn remove_markers(schema: &mut Schema) {
    for marker in [AUTHORING_ONLY, REST_MODELS, NO_PLACE, FREE_KEYS] {
        schema.remove(marker);
    }
}

fn remove_authoring_only(schema: &mut Schema) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|_, property| property.get(AUTHORING_ONLY).is_none());
    }
    remove_markers(schema);
}

/// Drops definitions that nothing refers to any more, directly or through other definitions.
fn remove_unused_definitions(schema: &mut Value) {
    let Some(Value::Object(definitions)) = schema.as_object_mut().and_then(|root| root.remove("$defs"))
    else {
        return;
    };
    let mut used = BTreeSet::new();
    let mut open = references(schema);
    while let Some(name) = open.pop() {
        if let Some(definition) = definitions.get(&name)
            && used.insert(name)
        {
            open.extend(references(definition));
        }
    }
    let kept: Map<String, Value> = definitions.into_iter().filter(|(name, _)| used.contains(name)).collect();
    if let Some(root) = schema.as_object_mut()
        && !kept.is_empty()
    {
        root.insert("$defs".to_owned(), Value::Object(kept));
    }
}

/// The definitions that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value.as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
                Some(name) if key == "$ref" => vec![name.to_owned()],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Lets every value that is no string be an expression too, everywhere but in the parts that expressions cannot reach.
#[derive(Clone)]
struct AllowExpressions;

/// Properties of the root, and definitions, whose values are taken as they are.
const WITHOUT_EXPRESSIONS: [&str; 4] = ["api_version", "name", "extends", "parameters"];
const DEFINITIONS_WITHOUT_EXPRESSIONS: [&str; 3] = ["Parameter", "ParameterType", "LanguageVersion"];
/// Matches strings that hold no expression.
const NO_EXPRESSION_PATTERN: &str = r"^(?![\s\S]*\$\{\{)";
/// What makes up the structure of a recipe, which no expression can change.
const STRUCTURE: [&str; 7] = ["Registry", "Pool", "Job", "Task", "Schedule", "ScheduledJob", "TaskDefaults"];
/// Keywords that restrict a string and would refuse an expression inside it.
const STRING_LIMITS: [&str; 5] = ["pattern", "patternErrorMessage", "enum", "const", "maxLength"];

impl Transform for AllowExpressions {
    fn transform(&mut self, schema: &mut Schema) {
        let Some(root) = schema.as_object_mut() else { return };
        if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, property) in properties {
                if !WITHOUT_EXPRESSIONS.contains(&name.as_str()) {
                    allow(property);
                } else {
                    forbid(property);
                }
            }
        }
        if let Some(definitions) = root.get_mut("definitions").and_then(Value::as_object_mut) {
            for (name, definition) in definitions {
                if !DEFINITIONS_WITHOUT_EXPRESSIONS.contains(&name.as_str()) {
                    allow_inside(definition);
                } else if let Some(properties) =
                    definition.get_mut("properties").and_then(Value::as_object_mut)
                {
                    properties.values_mut().for_each(forbid);
                }
            }
        }
    }
}

/// Rewrites the schema of a value that may be a string: what it describes, but no expression.
fn forbid(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    let any =
        !["type", "anyOf", "oneOf", "allOf", "$ref", "enum"].iter().any(|key| object.contains_key(*key));
    if (any || accepts_string(object)) && !STRING_LIMITS.iter().any(|limit| object.contains_key(*limit)) {
        object.insert("pattern".to_owned(), json!(NO_EXPRESSION_PATTERN));
        object.insert("patternErrorMessage".to_owned(), json!("no expression can stand here"));
    }
}

/// Rewrites the schema of a value: what it describes, or an expression.
fn allow(value: &mut Value) {
    allow_inside(value);
    if is_structure(value) {
        return;
    }
    let Some(object) = value.as_object_mut() else { return };
    let accepts_any_string =
        accepts_string(object) && !STRING_LIMITS.iter().any(|limit| object.contains_key(*limit));
    if object.is_empty() || accepts_any_string {
        return;
    }
    let mut wrapped = Map::new();
    for keyword in ["description", "default", "examples"] {
        wrapped.extend(object.remove_entry(keyword));
    }
    let original = Value::Object(std::mem::take(object));
    wrapped.insert("anyOf".to_owned(), json!([original, { "$ref": "#/definitions/Expression" }]));
    *object = wrapped;
}

/// Rewrites the members of a map or list.
fn allow_inside(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(allow);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(member) = object.get_mut(keyword).filter(|member| member.is_object()) {
            allow(member);
        }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        if let Some(branches) = object.get_mut(keyword).and_then(Value::as_array_mut) {
            branches.iter_mut().for_each(allow_inside);
        }
    }
}

/// Whether a schema stands for a part of the structure, or for a map of such parts.
fn is_structure(schema: &Value) -> bool {
    let refers = |schema: &Value| {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        reference.is_some_and(|name| STRUCTURE.contains(&name))
    };
    let alternatives =
        ["anyOf", "allOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten();
    refers(schema)
        || alternatives.into_iter().any(refers)
        || schema.get("additionalProperties").is_some_and(is_structure)
}

fn accepts_string(object: &Map<String, Value>) -> bool {
    match object.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORING: &str = include_str!("../../../schemas/recipe.v1.schema.json");
    const RESOLVED: &str = include_str!("../../../schemas/recipe.v1.resolved.schema.json");
    const OVERLAY: &str = include_str!("../../../schemas/overlay.v1.schema.json");
    const PROJECT: &str = include_str!("../../../schemas/project.v1.schema.json");

    fn assert_current(committed: &str, generated: &Value, command: &str) {
        let committed: Value = serde_json::from_str(committed).unwrap_or_default();
        assert!(committed == *generated, "a committed schema is stale; renew it with: {command}");
    }

    #[test]
    fn committed_schemas_are_current() {
        assert_current(AUTHORING, &authoring(), "cargo run -- schema > schemas/recipe.v1.schema.json");
        assert_current(
            RESOLVED,
            &resolved(),
            "cargo run -- schema resolved > schemas/recipe.v1.resolved.schema.json",
        );
        assert_current(OVERLAY, &overlay(), "cargo run -- schema overlay > schemas/overlay.v1.schema.json");
        assert_current(PROJECT, &project(), "cargo run -- schema project > schemas/project.v1.schema.json");
    }

    #[test]
    fn schemas_are_themselves_valid() {
        for schema in [authoring(), resolved(), overlay(), project(), strict::<Recipe>(), strict::<Project>()]
        {
            jsonschema::meta::validate(&schema).unwrap();
            jsonschema::validator_for(&schema).unwrap();
        }
    }

    #[test]
    fn every_map_with_named_keys_is_closed_and_every_property_is_described() {
        fn walk(value: &Value, path: &str) {
            if let Some(properties) = value.get("properties").and_then(Value::as_object) {
                assert_eq!(value.get("additionalProperties"), Some(&json!(false)), "{path}");
                for (name, property) in properties {
                    assert!(
                        property.get("description").is_some() || path.ends_with("Values/anyOf/1"),
                        "{path}/{name} has no description: {property}"
                    );
                }
            }
            match value {
                Value::Object(members) => {
                    members.iter().for_each(|(key, member)| walk(member, &format!("{path}/{key}")));
                }
                Value::Array(items) => {
                    items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{path}/{index}")));
                }
                _ => {}
            }
        }
        walk(&resolved(), "");
    }

    #[test]
    fn what_is_required_may_be_inherited() {
        let authoring = jsonschema::validator_for(&authoring()).unwrap();
        let recipe = |rest: Value| {
            let mut recipe = json!({ "api_version": "batchyard/v1", "name": "x" });
            recipe.as_object_mut().unwrap().append(&mut rest.as_object().unwrap().clone());
            authoring.is_valid(&recipe)
        };
        let pool = json!({ "p": { "nodes": { "dedicated": 8 } } });
        assert!(!recipe(json!({ "pools": pool })));
        assert!(recipe(json!({ "pools": pool, "extends": "library:hello" })));
        assert!(!recipe(json!({ "pools": { "p": { "nods": 1 } }, "extends": "library:hello" })));
        let job = |task: Value| json!({ "jobs": { "j": { "pool": "p", "tasks": { "t": task } } } });
        assert!(recipe(job(json!({ "container": { "run_options": "--rm" } }))));
        assert!(!recipe(job(json!({ "container": { "imgae": "x" } }))));
        assert!(!authoring.is_valid(&json!({ "name": "x" })));
    }

    #[test]
    fn defaults_are_any_part_of_a_task() {
        let authoring = jsonschema::validator_for(&authoring()).unwrap();
        let strict = jsonschema::validator_for(&strict::<Recipe>()).unwrap();
        for (defaults, valid) in [
            (
                json!({ "container": { "run_options": "--rm" }, "retries": 1, "environment": { "A": { "env": "B" } } }),
                true,
            ),
            (json!({ "containers": {} }), false),
            (json!({ "container": { "imgae": "x" } }), false),
            (json!({ "id": "x" }), false),
            (json!({ "for_each": [1] }), false),
            (json!({ "slots": "two" }), false),
        ] {
            let recipe = json!({
                "api_version": "batchyard/v1", "name": "x", "defaults": defaults,
                "jobs": { "j": { "pool": "p", "defaults": defaults } },
            });
            assert_eq!((authoring.is_valid(&recipe), strict.is_valid(&recipe)), (valid, valid), "{recipe}");
        }
        assert!(!resolved().to_string().contains("TaskDefaults"));
    }

    #[test]
    fn an_overlay_is_any_part_of_a_recipe_or_takes_parts_away() {
        let overlay = jsonschema::validator_for(&overlay()).unwrap();
        for (value, valid) in [
            (json!({}), true),
            (json!({ "pools": { "p": { "nodes": { "dedicated": 2 }, "vm_size": null } } }), true),
            (json!({ "pools": { "p": null }, "jobs": { "j": { "tasks": { "t": null } } } }), true),
            (json!({ "pools": { "p": { "nods": null } } }), false),
            (json!({ "extends": "library:hello" }), false),
        ] {
            assert_eq!(overlay.is_valid(&value), valid, "{value}");
        }
    }

    #[test]
    fn expressions_are_for_authors_only() {
        let recipe = |nodes: Value| {
            json!({
                "api_version": "batchyard/v1", "name": "x",
                "pools": { "p": { "vm_size": "S", "image": "ubuntu-22.04-container", "nodes": { "dedicated": nodes } } },
            })
        };
        let authoring = jsonschema::validator_for(&authoring()).unwrap();
        let resolved = jsonschema::validator_for(&resolved()).unwrap();
        let verdicts =
            |nodes: Value| (authoring.is_valid(&recipe(nodes.clone())), resolved.is_valid(&recipe(nodes)));
        assert_eq!(verdicts(json!("${{ params.n }}")), (true, false));
        assert_eq!(verdicts(json!(3)), (true, true));
        assert_eq!(verdicts(json!("three")), (false, false));
        for structure in [
            json!({ "pools": "${{ params.pools }}" }),
            json!({ "pools": { "p": "${{ params.pool }}" } }),
            json!({ "jobs": { "j": { "pool": "p", "tasks": "${{ params.tasks }}" } } }),
            json!({ "schedules": { "s": { "recurrence": {}, "job": "${{ params.job }}" } } }),
        ] {
            let mut recipe = json!({ "api_version": "batchyard/v1", "name": "x" });
            recipe.as_object_mut().unwrap().append(&mut structure.as_object().unwrap().clone());
            assert!(!authoring.is_valid(&recipe), "{recipe}");
        }
    }
}
