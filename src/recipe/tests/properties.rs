//! Every property of the REST API that a recipe can say arrives in a request, and does not differ from itself afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::support::loaded;
use crate::recipe::rest_names::properties;
use crate::resource::{DesiredState, Ownership, SecretValues};
use crate::secret::{Secret, SecretRef};

const EVERYTHING: &str = include_str!("every_property.yaml");

/// A value for every secret, so that its place in a request can be told.
fn values(references: impl IntoIterator<Item = SecretRef>) -> SecretValues {
    let mut values = SecretValues::default();
    for reference in references {
        let value = match &reference {
            SecretRef::Env(name) => format!("value of {name}"),
            other => other.to_string(),
        };
        values.insert(reference, Secret::new(value));
    }
    values
}

/// The requests that make everything in a recipe, by what they are about.
pub(super) fn requests(desired: &DesiredState) -> BTreeMap<String, Value> {
    let mut requests = BTreeMap::new();
    let mut insert = |about: String, body: Value| requests.insert(about, body);
    for (key, pool) in &desired.pools {
        let spec = &pool.spec;
        let ownership = Ownership::new(&desired.recipe, spec.digest(), &spec.metadata);
        let body = spec.to_create(&ownership, &values(spec.secrets())).unwrap();
        insert(format!("pools.{key}"), serde_json::to_value(body).unwrap());
    }
    for (key, job) in &desired.jobs {
        let spec = &job.spec;
        let ownership = Ownership::new(&desired.recipe, spec.digest(), &spec.metadata);
        let body = spec.to_create(&ownership, &values(spec.secrets())).unwrap();
        insert(format!("jobs.{key}"), serde_json::to_value(body).unwrap());
        for task in job.tasks.iter() {
            let task = task.unwrap();
            let body = task.to_create(&values(task.secrets())).unwrap();
            insert(format!("jobs.{key}.tasks.{}", task.name), serde_json::to_value(body).unwrap());
        }
    }
    requests
}

fn objects<'a>(value: &'a Value, found: &mut Vec<BTreeSet<&'a str>>) {
    match value {
        Value::Object(members) => {
            found.push(members.keys().map(String::as_str).collect());
            members.values().for_each(|member| objects(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

#[test]
fn every_property_arrives_in_a_request() {
    let loaded = loaded(EVERYTHING);
    let requests = requests(&loaded.desired);
    let mut found = Vec::new();
    requests.values().for_each(|body| objects(body, &mut found));
    let mut models: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for property in properties() {
        models.entry(property.model).or_default().insert(property.name);
    }
    let mut missing = Vec::new();
    for property in properties().filter(|row| !row.path.starts_with("schedules.")) {
        let model = &models[property.model];
        if !found.iter().any(|keys| keys.contains(property.name) && keys.is_subset(model)) {
            missing.push(format!("{}.{}", property.model, property.name));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_requests_say_what_the_recipe_says() {
    let mut requests = requests(&loaded(EVERYTHING).desired);
    for body in requests.values_mut() {
        // Marks hold digests.
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_array_mut) {
            metadata.retain(|item| item["name"].as_str().is_some_and(|name| !name.starts_with("batchyard.")));
        }
        if let Some(name) = body["displayName"].as_str().and_then(|name| name.split(" #").next()) {
            body["displayName"] = Value::from(name);
        }
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&requests).unwrap());
}
