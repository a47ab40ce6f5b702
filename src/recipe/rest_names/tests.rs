//! The language measured by the lists.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::table::{all_removed, properties};
use crate::recipe::schema;

/// The schemas that a path of a recipe leads to.
fn follow<'a>(root: &'a Value, schemas: Vec<&'a Value>, segment: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for schema in schemas {
        found.extend(step(root, schema, segment));
    }
    found
}

fn step<'a>(root: &'a Value, schema: &'a Value, segment: &str) -> Vec<&'a Value> {
    let direct = match segment {
        "*" => schema.get("additionalProperties").filter(|member| member.is_object()),
        "[]" => schema.get("items"),
        key => schema.get("properties").and_then(|properties| properties.get(key)),
    };
    let mut found: Vec<&Value> = direct.into_iter().collect();
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'))
        && let Some(target) = root.pointer(name)
    {
        found.extend(step(root, target, segment));
    }
    for keyword in ["anyOf", "allOf", "oneOf"] {
        for branch in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            found.extend(step(root, branch, segment));
        }
    }
    found
}

fn segments(path: &str) -> Vec<&str> {
    path.split('.')
        .flat_map(|part| match part.strip_suffix("[]") {
            Some(key) => vec![key, "[]"],
            None => vec![part],
        })
        .collect()
}

fn is_expressible(root: &Value, path: &str) -> bool {
    !segments(path).into_iter().fold(vec![root], |schemas, segment| follow(root, schemas, segment)).is_empty()
}

#[test]
fn a_recipe_can_say_every_settable_property_of_the_rest_api() {
    let root = schema::authoring();
    let missing: Vec<_> = properties().filter(|property| !is_expressible(&root, property.path)).collect();
    assert!(missing.is_empty(), "{} cannot be said: {missing:#?}", missing.len());
    assert!(!is_expressible(&root, "pools.*.network.no_such_key"), "the test can fail");
    assert!(!is_expressible(&root, "pools.*.vm_size.*"), "the test can fail");
}

/// The digest of the REST reference, on machines that have it.
#[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
fn reference() -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .find_map(|folder| std::fs::read_to_string(folder.join("shared/reference/batch-api.md")).ok());
    if found.is_none() {
        eprintln!("skipped: this machine has no digest of the REST reference");
    }
    found
}

/// A model of the digest.
#[derive(Default)]
struct Model {
    name: String,
    /// Its properties that can be set.
    settable: Vec<String>,
    /// Its properties that are gone, with the last version that had them.
    gone: Vec<(String, String)>,
}

fn models(text: &str) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("#### `") {
            let name = heading.split('`').next().unwrap().to_owned();
            models.push(Model { name, ..Model::default() });
        }
        let Some(model) = models.last_mut() else { continue };
        if let Some(row) = line.strip_prefix("| `") {
            let columns: Vec<&str> = row.split('|').map(str::trim).collect();
            if !columns[2].contains("ro") {
                model.settable.push(columns[0].trim_end_matches('`').to_owned());
            }
        } else if let Some(removed) = line.strip_prefix("Removed/renamed before 2025-06-01: ") {
            for part in removed.split("), ") {
                let (name, version) = part.split_once("` (last in ").unwrap();
                let version = version.trim_end_matches(')').to_owned();
                model.gone.push((name.trim_start_matches('`').to_owned(), version));
            }
        }
    }
    models
}

#[test]
fn the_list_has_every_property_of_the_model_tables() {
    let Some(text) = reference() else { return };
    let listed: BTreeSet<(&str, &str)> =
        properties().map(|property| (property.model, property.name)).collect();
    let known: BTreeSet<&str> = listed.iter().map(|(model, _)| *model).collect();
    let models = models(&text);
    let mut compared = 0;
    for model in models.iter().filter(|model| known.contains(model.name.as_str())) {
        for name in &model.settable {
            compared += 1;
            assert!(
                listed.contains(&(model.name.as_str(), name.as_str())),
                "{}.{name} is not in the list",
                model.name
            );
        }
    }
    assert!(compared > 250, "only {compared} properties were compared");
    // Whatever can be sent is reached from these four.
    for root in [
        "BatchPoolCreateOptions",
        "BatchJobCreateOptions",
        "BatchTaskCreateOptions",
        "BatchJobScheduleCreateOptions",
    ] {
        assert!(known.contains(root), "{root}");
    }
    let is_used =
        |model: &&str| text.contains(&format!("| {model} |")) || text.contains(&format!("| [{model}] |"));
    let used = models.iter().map(|model| model.name.as_str()).filter(is_used);
    let answers = [
        "BatchTaskContainerExecutionInfo",
        "BatchJobExecutionInfo",
        "BatchJobSchedulingError",
        "BatchJobScheduleExecutionInfo",
        "BatchTaskExecutionInfo",
        "BatchTaskFailureInfo",
        "BatchNodeInfo",
        "BatchStartTaskInfo",
        "BatchNodeError",
        "BatchTaskInfo",
        "FileProperties",
        "AutoScaleRun",
        "ResizeError",
    ];
    let unlisted: Vec<_> = used.filter(|model| !known.contains(model) && !answers.contains(model)).collect();
    assert_eq!(unlisted, Vec::<&str>::new(), "models that are neither listed nor only answers");
}

#[test]
fn the_list_of_removed_properties_agrees_with_the_model_tables() {
    let Some(text) = reference() else { return };
    let requests: BTreeSet<&str> = properties().map(|property| property.model).collect();
    for model in models(&text) {
        if !requests.contains(model.name.as_str()) || model.name == "BatchPoolSpecification" {
            continue;
        }
        for (name, version) in model.gone {
            let row = all_removed().find(|row| row.model == model.name && row.name == name);
            let row = row.unwrap_or_else(|| panic!("{}.{name} is not in the list", model.name));
            assert_eq!(row.exists, format!("up to api-version {version}"), "{}.{name}", model.name);
        }
    }
}
