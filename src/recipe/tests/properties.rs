//! Every property of the REST API that a recipe can say arrives in a request, and does not differ from itself afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::support::{load_with, loaded};
use crate::batch::model::{BatchJob, BatchJobSchedule, BatchPool};
use crate::plan::{self, Policy};
use crate::recipe::rest_names::properties;
use crate::resource::{
    DesiredState, LiveJob, LivePool, LiveSchedule, LiveState, Observed, OnComplete, Ownership, SecretValues,
};
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
    for (key, pool) in &desired.pools {
        let spec = &pool.spec;
        let ownership = Ownership::new(&desired.recipe, spec.digest(), &spec.metadata);
        let body = spec.to_create(&ownership, &values(spec.secrets())).unwrap();
        requests.insert(format!("pools.{key}"), serde_json::to_value(body).unwrap());
    }
    for (key, job) in &desired.jobs {
        let spec = &job.spec;
        let ownership = Ownership::new(&desired.recipe, spec.digest(), &spec.metadata);
        let body = spec.to_create(&ownership, &values(spec.secrets())).unwrap();
        requests.insert(format!("jobs.{key}"), serde_json::to_value(body).unwrap());
        for task in job.tasks.iter() {
            let task = task.unwrap();
            let body = task.to_create(&values(task.secrets())).unwrap();
            requests.insert(format!("jobs.{key}.tasks.{}", task.name), serde_json::to_value(body).unwrap());
        }
    }
    for (key, schedule) in &desired.schedules {
        let spec = &schedule.spec;
        let ownership = Ownership::new(&desired.recipe, spec.digest(), &spec.metadata);
        let body = spec.to_create(&ownership, &values(spec.secrets())).unwrap();
        requests.insert(format!("schedules.{key}"), serde_json::to_value(body).unwrap());
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
    for property in properties() {
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

/// What the service returns of an object that it was sent: without secrets, and with what it fills in.
fn returned(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for secret in ["password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"] {
                members.remove(secret);
            }
            members.values_mut().for_each(returned);
            let is_task = members.contains_key("commandLine");
            let is_disk = members.contains_key("lun");
            let mut fill = |name: &str, value: Value| {
                members.entry(name.to_owned()).or_insert(value);
            };
            if is_task {
                let user = json!({ "autoUser": { "scope": "pool", "elevationLevel": "nonadmin" } });
                fill("userIdentity", user);
                fill("waitForSuccess", json!(true));
            }
            if is_disk {
                fill("caching", json!("none"));
            }
            if let Some(fill_type) = members.get_mut("nodeFillType") {
                *fill_type = json!(if fill_type == "pack" { "Pack" } else { "Spread" });
            }
        }
        Value::Array(items) => items.iter_mut().for_each(returned),
        _ => {}
    }
}

/// An account that has what a recipe asks for.
fn account(desired: &DesiredState) -> LiveState {
    let mut live = LiveState::default();
    for (about, mut body) in requests(desired) {
        returned(&mut body);
        match about.split('.').collect::<Vec<_>>().as_slice() {
            ["pools", key] => {
                body["resizeTimeout"] = body.get("resizeTimeout").cloned().unwrap_or(json!("PT15M"));
                let pool: BatchPool = serde_json::from_value(body).unwrap();
                live.pools
                    .insert(desired.pools[*key].spec.id.clone(), Observed::<LivePool>::from_wire(&pool));
            }
            ["jobs", key] => {
                let spec = &desired.jobs[*key].spec;
                if spec.on_complete == OnComplete::Terminate {
                    body["onAllTasksComplete"] = json!("terminatejob");
                }
                let job: BatchJob = serde_json::from_value(body).unwrap();
                live.jobs.insert(spec.id.clone(), Observed::<LiveJob>::from_wire(&job).unwrap());
            }
            ["schedules", key] => {
                let schedule: BatchJobSchedule = serde_json::from_value(body).unwrap();
                let id = desired.schedules[*key].spec.id.clone();
                live.schedules.insert(id, Observed::<LiveSchedule>::from_wire(&schedule).unwrap());
            }
            _ => {}
        }
    }
    live
}

/// The fields that a plan changes, other than tasks: `pools.fixed: mounts`.
fn changed_fields(desired: &DesiredState, live: &LiveState) -> Vec<String> {
    let plan = plan::plan(desired, live, &BTreeMap::new(), &Policy::default()).unwrap();
    let fields = |change: &plan::Change| -> Vec<String> {
        change.fields.iter().map(|field| format!("{}: {}", change.address, field.path)).collect()
    };
    plan.changes.iter().flat_map(fields).collect()
}

#[test]
fn what_was_made_from_a_recipe_does_not_differ_from_it() {
    let desired = loaded(EVERYTHING).desired;
    assert_eq!(changed_fields(&desired, &account(&desired)), Vec::<String>::new());
}

/// Parts without which others are mistakes: containers, networks and users that are named elsewhere, exit conditions that a job
/// acts on, the other half of a pair.
const NEEDED_BY_OTHERS: [&str; 5] = [
    "pools.fixed: container",
    "pools.fixed: network",
    "pools.fixed: user_accounts",
    "jobs.everything: on_task_failure",
    "jobs.everything: preparation_task",
];

#[test]
fn each_part_that_leaves_a_recipe_is_a_change() {
    let live = account(&loaded(EVERYTHING).desired);
    let whole: Value = serde_yaml::from_str(EVERYTHING).unwrap();
    // What must be there, and what is no property of the object itself.
    let mut needed_by_others = Vec::new();
    let fixed = ["id", "vm_size", "image", "node_agent_sku", "nodes", "pool", "tasks", "recurrence", "job"];
    for (section, key) in [("pools", "fixed"), ("jobs", "everything"), ("schedules", "nightly")] {
        let names: Vec<String> = whole[section][key].as_object().unwrap().keys().cloned().collect();
        for name in names.iter().filter(|name| !fixed.contains(&name.as_str())) {
            let mut part = whole.clone();
            part[section][key].as_object_mut().unwrap().remove(name);
            let own = format!("{section}.{key}: {name}");
            let Ok(without) = load_with(&part.to_string(), &[]) else {
                needed_by_others.push(own);
                continue;
            };
            let changed = changed_fields(&without.desired, &live);
            let own_path = |path: &&String| **path == own || path.starts_with(&format!("{own}."));
            match name.as_str() {
                // Every other task of the job still depends on others.
                "uses_task_dependencies" => assert_eq!(changed, Vec::<String>::new()),
                _ => assert!(changed.iter().any(|path| own_path(&path)), "{own}: {changed:?}"),
            }
            let others = |path: &&String| !own_path(path) && !path.ends_with(": job");
            // A task of the job runs again as often as the job says, unless it says so itself.
            let explained = |path: &&String| name == "retries" && path.ends_with("_task");
            let more: Vec<&String> = changed.iter().filter(others).filter(|path| !explained(path)).collect();
            assert_eq!(more, Vec::<&String>::new(), "{own}");
        }
    }
    assert_eq!(needed_by_others, NEEDED_BY_OTHERS);
}

#[test]
fn no_secret_stands_in_a_plan() {
    let desired = loaded(EVERYTHING).desired;
    let plan = plan::plan(&desired, &LiveState::default(), &BTreeMap::new(), &Policy::default()).unwrap();
    let text = crate::view::json::plan(&plan).to_string();
    assert!(text.contains("ALICE_KEY") && !text.contains("value of"), "{text}");
    // An account that returns everything, as a faulty one might.
    let mut live = LiveState::default();
    for (about, body) in requests(&desired) {
        if let Some(key) = about.strip_prefix("pools.") {
            // What is secret of a URL is its signature.
            let body =
                body.to_string().replace("value of CONTAINER_URL", "https://a/c?sig=value of CONTAINER_URL");
            let pool: BatchPool = serde_json::from_str(&body).unwrap();
            live.pools.insert(desired.pools[key].spec.id.clone(), Observed::<LivePool>::from_wire(&pool));
        }
    }
    let mut other = loaded(EVERYTHING).desired;
    let pool = &mut other.pools.get_mut("fixed").unwrap().spec;
    (pool.mounts, pool.user_accounts, pool.extensions) = (Vec::new(), Vec::new(), Vec::new());
    pool.start_task = None;
    let plan = plan::plan(&other, &live, &BTreeMap::new(), &Policy::default()).unwrap();
    let text = crate::view::json::plan(&plan).to_string();
    assert!(text.contains("mounts") && !text.contains("value of"), "{text}");
}
