//! Random recipes: every kind of resource, and most of what can be said of each.
//!
//! A recipe is a tree, so that an edit is a change of the tree. What the emulator refuses (mounts, packages, auto pools …) is left
//! out; what nodes act on is such that tasks end soon and in the same way every time.

use serde_json::{Map, Value, json};

use crate::support::Chance;

/// A variable whose value is a secret to recipes.
pub const SECRET: &str = "PROOFS_SECRET";

const IMAGES: [&str; 4] = ["busybox", "busybox:1.37", "python:3.12", "registry.example.com/app:7"];

/// A recipe of that name.
pub fn recipe(name: &str, chance: &mut Chance) -> Value {
    let mut pools = Map::new();
    for number in 1..=1 + chance.below(2) {
        pools.insert(format!("p{number}"), pool(chance));
    }
    let mut jobs = Map::new();
    for number in 1..=1 + chance.below(3) {
        let key = chance.pick(&keys(&pools)).clone();
        let job = job(chance, &key, is_idle(&pools[&key]));
        jobs.insert(format!("j{number}"), job);
    }
    let mut recipe = json!({"api_version": "batchyard/v1", "name": name, "pools": &pools, "jobs": jobs});
    if chance.percent(40) {
        let pool = chance.pick(&keys(&pools)).clone();
        recipe["schedules"] = json!({"s1": schedule(chance, &pool)});
    }
    recipe
}

/// The same recipe without what is left to chance: where a failed task ends its job, it depends on who is first how far the others
/// come.
pub fn calm(mut recipe: Value) -> Value {
    for job in recipe["jobs"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if job["on_task_failure"].is_null() {
            continue;
        }
        for task in job["tasks"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(environment) = task.get_mut("environment").and_then(Value::as_object_mut) {
                environment.remove("BATCHYARD_SIMULATE");
            }
        }
    }
    recipe
}

/// The text of a recipe.
pub fn text(recipe: &Value) -> String {
    serde_yaml::to_string(recipe).unwrap()
}

pub fn keys(of: &Map<String, Value>) -> Vec<String> {
    of.keys().cloned().collect()
}

/// Whether a pool has no nodes and gets none.
pub fn is_idle(pool: &Value) -> bool {
    let nodes = &pool["nodes"];
    nodes["autoscale"].is_null() && count(&nodes["dedicated"]) + count(&nodes["spot"]) == 0
}

pub fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// Members that a resource has by chance, each as often in a hundred.
fn sprinkle(
    on: &mut Value,
    chance: &mut Chance,
    members: impl IntoIterator<Item = (usize, &'static str, Value)>,
) {
    for (percent, name, value) in members {
        if chance.percent(percent) {
            on[name] = value;
        }
    }
}

pub fn word(chance: &mut Chance) -> String {
    format!("w{}", chance.below(10_000))
}

fn minutes(chance: &mut Chance, least: usize) -> String {
    format!("{}m", least + chance.below(200))
}

pub fn metadata(chance: &mut Chance) -> Value {
    let names = ["owner", "cost-centre", "purpose"];
    let count = 1 + chance.below(names.len());
    names[..count].iter().map(|name| ((*name).to_owned(), word(chance).into())).collect::<Map<_, _>>().into()
}

pub fn environment(chance: &mut Chance) -> Value {
    let mut variables = json!({"MODE": word(chance)});
    sprinkle(
        &mut variables,
        chance,
        [(40, "LEVEL", json!(7)), (40, "TOKEN", json!({"env": SECRET})), (20, "EMPTY", json!(""))],
    );
    variables
}

/// A container that sees that folder of its own, if not all of them.
pub fn container(chance: &mut Chance, own: &str) -> Value {
    let mut container = json!({"image": chance.pick(&IMAGES)});
    let mounts = json!([{"source": own}, {"source": "shared", "read_only": chance.percent(50)}]);
    sprinkle(
        &mut container,
        chance,
        [
            (30, "run_options", json!("--shm-size=1g")),
            (20, "working_directory", json!("image")),
            (20, "working_directory", json!("task")),
            (20, "mounts", mounts),
        ],
    );
    container
}

pub fn prefetch(chance: &mut Chance) -> Value {
    let mut images = vec![json!(format!("tool:{}", chance.below(1_000)))];
    images.extend(IMAGES.iter().filter(|_| chance.percent(50)).map(|image| json!(image)));
    images.into()
}

pub fn formula(chance: &mut Chance) -> Value {
    json!(format!("$TargetDedicatedNodes = {};\n$NodeDeallocationOption = requeue;", 1 + chance.below(2)))
}

pub fn nodes(chance: &mut Chance) -> Value {
    match chance.below(10) {
        0..2 => json!({"dedicated": 0}),
        2 => json!({"spot": 1 + chance.below(2)}),
        3 => json!({"dedicated": 1, "spot": 1}),
        4 => json!({"autoscale": {"formula": formula(chance)}}),
        5 => json!({"autoscale": {"formula": formula(chance), "evaluation_interval": minutes(chance, 5)}}),
        _ => json!({"dedicated": 1 + chance.below(3)}),
    }
}

pub fn start_task(chance: &mut Chance) -> Value {
    let mut task = json!({"command": ["prepare", word(chance)], "container": container(chance, "startup")});
    let environment = environment(chance);
    sprinkle(
        &mut task,
        chance,
        [
            (40, "environment", environment),
            (30, "elevation", json!("admin")),
            (20, "user_scope", json!("pool")),
            (30, "retries", json!(2)),
            (30, "wait", json!(false)),
            (20, "wait", json!(true)),
        ],
    );
    task
}

pub fn pool(chance: &mut Chance) -> Value {
    let mut pool = json!({
        "vm_size": chance.pick(&["Standard_D2s_v3", "Standard_D4s_v5"]),
        "image": "ubuntu-22.04-container", "container": {}, "nodes": nodes(chance),
    });
    if chance.percent(60) {
        pool["container"]["prefetch"] = prefetch(chance);
    }
    let (words, start, data) = ([word(chance), word(chance)], start_task(chance), metadata(chance));
    let policy = json!({"node_fill_type": chance.pick(&["pack", "spread"])});
    sprinkle(
        &mut pool,
        chance,
        [
            (30, "display_name", json!(words[0])),
            (30, "resize_timeout", json!("20m")),
            (50, "slots_per_node", json!(1 + words[1].len() % 4)),
            (30, "scheduling_policy", policy),
            (40, "start_task", start),
            (20, "inter_node_communication", json!(true)),
            (20, "network", json!({"subnet_id": "/subscriptions/s/subnets/n"})),
            (20, "user_accounts", json!({"alice": {"password": {"env": SECRET}, "elevation": "admin"}})),
            (20, "os_disk", json!({"caching": "read_only", "disk_size_gb": 64})),
            (20, "data_disks", json!([{"lun": 0, "disk_size_gb": 32}])),
            (20, "node_placement", json!({"policy": "zonal"})),
            (20, "security_profile", json!({"encryption_at_host": true})),
            (20, "upgrade_policy", json!({"mode": "manual"})),
            (40, "metadata", data),
            (15, "on_change", json!("reboot")),
            (20, "on_change", json!("blue_green")),
            (30, "on_change", json!("drain")),
            (20, "on_change", json!("recreate")),
        ],
    );
    if !pool["nodes"]["autoscale"].is_null() {
        // A formula and a timeout of resizes exclude each other.
        pool.as_object_mut().unwrap().remove("resize_timeout");
    }
    pool
}

/// A command, and by which exit code it ends: mostly 0.
fn work(task: &mut Value, chance: &mut Chance) {
    task["command"] = json!(["work", word(chance)]);
    let mut environment = environment(chance);
    if chance.percent(15) {
        environment["BATCHYARD_SIMULATE"] = json!("exit=3");
    }
    if chance.percent(60) || environment.get("BATCHYARD_SIMULATE").is_some() {
        task["environment"] = environment;
    }
}

fn exit_conditions(chance: &mut Chance) -> Value {
    let mut conditions = json!({
        "exit_codes": [{"code": 3, "exit_options": {"dependency_action": chance.pick(&["satisfy", "block"])}}],
    });
    sprinkle(
        &mut conditions,
        chance,
        [
            (
                30,
                "exit_code_ranges",
                json!([{"start": 10, "end": 20, "exit_options": {"dependency_action": "satisfy"}}]),
            ),
            (30, "pre_processing_error", json!({"dependency_action": "block"})),
            (30, "file_upload_error", json!({"dependency_action": "satisfy"})),
            (30, "default", json!({"dependency_action": "block"})),
        ],
    );
    conditions
}

/// Values of every kind of factory, and how the command says which it is.
pub fn for_each(chance: &mut Chance) -> (Value, &'static str) {
    let few = 1 + chance.below(4);
    match chance.below(10) {
        0 => (json!({"list": ["a", "b", "c"]}), "${{ item }}"),
        1 => (json!({"repeat": few}), "${{ item }}"),
        2 => (json!({"product": {"x": {"range": [1, few]}, "y": ["u", "v"]}}), "${{ item.x }}-${{ item.y }}"),
        3 => (json!({"zip": {"x": ["k", "l"], "y": [8, 9]}}), "${{ item.x }}-${{ item.y }}"),
        4 => (json!({"combinations": {"of": ["a", "b", "c"], "length": 2}}), "${{ item | tojson }}"),
        5 => (json!({"permutations": {"of": ["a", "b"]}}), "${{ item | tojson }}"),
        6 => (json!({"random": {"count": few, "integer": [1, 1_000_000]}}), "${{ item }}"),
        7 => (
            json!({"matrix": {"os": ["l", "w"], "v": [1, 2], "exclude": [{"os": "w", "v": 1}]}}),
            "${{ item.os }}${{ item.v }}",
        ),
        _ => (json!({"range": [1, few]}), "${{ item }}"),
    }
}

/// A task on a pool that has no nodes if it is idle, with what its name says in the first place.
pub fn task(chance: &mut Chance, idle: bool) -> Value {
    let mut task = json!({"container": container(chance, "task")});
    work(&mut task, chance);
    let exits = exit_conditions(chance);
    let files = if idle { 30 } else { 0 };
    let output = json!([{"file_pattern": "*.txt", "upload_options": {"upload_condition": "task_success"},
        "destination": {"container": {"container_url": {"env": SECRET}, "path": "out"}}}]);
    sprinkle(
        &mut task,
        chance,
        [
            (20, "display_name", json!("a task")),
            (20, "retries", json!(1)),
            (20, "max_wall_time", json!("2h")),
            (20, "retention", json!("3d")),
            (30, "exit_conditions", exits),
            (20, "elevation", json!("admin")),
            (20, "user_scope", json!("pool")),
            (
                files,
                "resource_files",
                json!([{"http_url": "https://files.example.com/in", "file_path": "in"}]),
            ),
            (files, "output_files", output),
            (files, "affinity", json!({"affinity_id": "TVM:x"})),
        ],
    );
    task
}

pub fn beside(chance: &mut Chance, what: &str) -> Value {
    let own = if what.starts_with("prepare") { "job_prep" } else { "task" };
    let mut task = json!({"command": [what, word(chance)], "container": container(chance, own)});
    let environment = environment(chance);
    sprinkle(
        &mut task,
        chance,
        [
            (40, "environment", environment),
            (30, "max_wall_time", json!("10m")),
            (30, "retention", json!("2d")),
            (30, "elevation", json!("admin")),
        ],
    );
    task
}

/// What a job and the jobs of a schedule may say.
fn job_frame(chance: &mut Chance, pool: &str) -> Value {
    let mut job = json!({"pool": pool});
    let (name, variables, data) = (word(chance), environment(chance), metadata(chance));
    let (preparation, release) = (beside(chance, "prepare"), beside(chance, "release"));
    sprinkle(
        &mut job,
        chance,
        [
            (30, "display_name", json!(name)),
            (30, "priority", json!(100)),
            (30, "retries", json!(1)),
            (30, "max_wall_time", json!("1d")),
            (40, "on_complete", json!("terminate")),
            (20, "on_task_failure", json!("perform_exit_options_job_action")),
            (30, "max_parallel_tasks", json!(5)),
            (20, "uses_task_dependencies", json!(true)),
            (30, "environment", variables),
            (40, "metadata", data),
            (20, "preparation_task", preparation),
        ],
    );
    if !job["preparation_task"].is_null() && chance.percent(60) {
        job["release_task"] = release;
    }
    job
}

pub fn job(chance: &mut Chance, pool: &str, idle: bool) -> Value {
    let mut job = job_frame(chance, pool);
    let mut tasks = Map::new();
    if chance.percent(15) {
        for number in 1..=3 {
            tasks.insert(number.to_string(), task(chance, idle));
        }
    }
    for number in 1..=1 + chance.below(3) {
        let mut task = task(chance, idle);
        if chance.percent(50) {
            let (values, shown) = for_each(chance);
            task["for_each"] = values;
            task["command"] = json!(["work", word(chance), shown]);
        }
        let earlier = keys(&tasks);
        if !earlier.is_empty() && chance.percent(50) {
            let first = chance.below(earlier.len());
            task["depends_on"] = earlier[first..].to_vec().into();
        }
        tasks.insert(format!("t{number}"), task);
    }
    if chance.percent(20) {
        job["defaults"] = json!({"retention": "5d"});
    }
    if tasks.values().any(|task| !task["exit_conditions"].is_null()) {
        job["uses_task_dependencies"] = json!(true);
    }
    job["tasks"] = tasks.into();
    job
}

pub fn schedule(chance: &mut Chance, pool: &str) -> Value {
    let mut job = job_frame(chance, pool);
    job["manager_task"] = beside(chance, "manage");
    let begin = if chance.percent(50) { json!("2099-01-01T00:00:00Z") } else { Value::Null };
    let mut recurrence = json!({"interval": minutes(chance, 60)});
    if begin.is_string() {
        recurrence["do_not_run_until"] = begin;
    }
    let mut schedule = json!({"recurrence": recurrence, "job": job});
    let (name, data) = (word(chance), metadata(chance));
    sprinkle(&mut schedule, chance, [(30, "display_name", json!(name)), (40, "metadata", data)]);
    schedule
}
