//! What an account has after a recipe was applied: the requests of its plan, filled up with what the service fills in.
//!
//! The values are those of the REST reference, as the emulator fills them in, too. Passwords and keys are not returned.

use std::collections::BTreeMap;

use batchyard::plan::{Action, Plan};
use batchyard::resource::{Ownership, SecretValues};
use batchyard::secret::{Secret, SecretRef};
use serde_json::{Map, Value, json};

/// What the service never returns.
const WRITE_ONLY: [&str; 5] = ["password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"];
const FOREVER: &str = "P10675199DT2H48M5.4775807S";

/// An account, as the service would return its objects, by their ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    pub(super) pools: Map<String, Value>,
    pub(super) jobs: Map<String, Value>,
    pub(super) schedules: Map<String, Value>,
    /// By job, then by id.
    pub(super) tasks: BTreeMap<String, Map<String, Value>>,
}

impl Account {
    /// The account in which the steps of a plan for an empty one were carried out.
    pub(super) fn after(plan: &Plan) -> Self {
        let mut account = Self::default();
        for step in &plan.steps {
            account.carry_out(&step.action);
        }
        account
    }

    fn carry_out(&mut self, action: &Action) {
        match action {
            Action::CreatePool { spec, ownership } => {
                let secrets = values(spec.secrets());
                let pool = spec.to_create(ownership, &secrets).unwrap();
                self.pools.insert(spec.id.to_string(), returned(pool, pool_defaults));
            }
            Action::CreateJob { spec, ownership } => {
                let secrets = values(spec.secrets());
                let job = spec.to_create(ownership, &secrets).unwrap();
                self.jobs.insert(spec.id.to_string(), returned(job, job_defaults));
            }
            Action::CreateSchedule { spec, ownership } => {
                let secrets = values(spec.secrets());
                let schedule = spec.to_create(ownership, &secrets).unwrap();
                self.schedules.insert(spec.id.to_string(), returned(schedule, schedule_defaults));
            }
            Action::AddTasks { job, tasks, .. } => {
                let there = self.tasks.entry(job.to_string()).or_default();
                for task in tasks.iter().map(Result::unwrap) {
                    let secrets = values(task.secrets());
                    let created = task.to_create(&secrets).unwrap();
                    there.insert(task.id.to_string(), returned(created, task_defaults));
                }
            }
            Action::SealJob { job, seal } => {
                let there = self.jobs[job.as_str()].as_object_mut().unwrap();
                there.insert("metadata".to_owned(), metadata(&seal.ownership));
                let end = if seal.terminate_when_done { "terminatejob" } else { "noaction" };
                there.insert("onAllTasksComplete".to_owned(), json!(end));
            }
            Action::UploadInputs { .. } => {}
            other => panic!("a plan for an empty account would {}", other.verb()),
        }
    }

    /// Changes what is there, as a merge patch says (RFC 7386): `pools`, `jobs`, `schedules` and `tasks`, each by id.
    pub(super) fn patch(&mut self, patch: &Value) {
        for (kind, patch) in patch.as_object().unwrap() {
            match kind.as_str() {
                "pools" => merge_all(&mut self.pools, patch),
                "jobs" => merge_all(&mut self.jobs, patch),
                "schedules" => merge_all(&mut self.schedules, patch),
                "tasks" => {
                    for (job, patch) in patch.as_object().unwrap() {
                        merge_all(self.tasks.entry(job.clone()).or_default(), patch);
                    }
                }
                other => panic!("an account has no `{other}`"),
            }
        }
    }
}

fn metadata(ownership: &Ownership) -> Value {
    serde_json::to_value(ownership.to_metadata(&[])).unwrap()
}

fn values(references: Vec<SecretRef>) -> SecretValues {
    let mut values = SecretValues::default();
    references.into_iter().for_each(|reference| values.insert(reference, Secret::new("hunter2")));
    values
}

fn merge_all(there: &mut Map<String, Value>, patch: &Value) {
    for (id, patch) in patch.as_object().unwrap() {
        if patch.is_null() {
            there.remove(id);
            continue;
        }
        let object = there.entry(id.clone()).or_insert_with(|| json!({ "id": id }));
        merge(object, patch);
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else { return *object = patch.clone() };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, patch) in members {
        let object = object.as_object_mut().unwrap();
        if patch.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), patch);
        }
    }
}

fn returned(request: impl serde::Serialize, defaults: fn(&mut Value)) -> Value {
    let mut object = serde_json::to_value(request).unwrap();
    defaults(&mut object);
    forget_what_is_write_only(&mut object);
    object
}

fn forget_what_is_write_only(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !WRITE_ONLY.contains(&name.as_str()));
            members.values_mut().for_each(forget_what_is_write_only);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_what_is_write_only),
        _ => {}
    }
}

/// Sets what is not there.
fn fill(object: &mut Value, defaults: Value) {
    let (Value::Object(members), Value::Object(defaults)) = (object, defaults) else { return };
    for (name, value) in defaults {
        match members.get_mut(&name) {
            None => drop(members.insert(name, value)),
            Some(there) => fill(there, value),
        }
    }
}

fn fill_if_there(object: &mut Value, pointer: &str, defaults: Value) {
    if let Some(part) = object.pointer_mut(pointer) {
        match part {
            Value::Array(items) => items.iter_mut().for_each(|item| fill(item, defaults.clone())),
            part => fill(part, defaults),
        }
    }
}

fn auto_user() -> Value {
    json!({ "autoUser": { "scope": "pool", "elevationLevel": "nonadmin" } })
}

fn fill_user(task: &mut Value) {
    if task.get("userIdentity").is_none() {
        fill(task, json!({ "userIdentity": auto_user() }));
    }
    fill_if_there(task, "/resourceFiles", json!({ "fileMode": "0770" }));
}

fn pool_defaults(pool: &mut Value) {
    let targets = |pool: &Value, name: &str| pool.get(name).cloned().unwrap_or(json!(0));
    let (dedicated, spot) = (targets(pool, "targetDedicatedNodes"), targets(pool, "targetLowPriorityNodes"));
    fill(
        pool,
        json!({
            "state": "active", "allocationState": "steady", "eTag": "0x1", "resizeTimeout": "PT15M",
            "targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, "currentDedicatedNodes": dedicated,
            "currentLowPriorityNodes": spot, "taskSlotsPerNode": 1, "enableAutoScale": false,
            "enableInterNodeCommunication": false, "taskSchedulingPolicy": { "nodeFillType": "Spread" },
        }),
    );
    if pool["enableAutoScale"] == json!(true) {
        fill(pool, json!({ "autoScaleEvaluationInterval": "PT15M" }));
    }
    if let Some(task) = pool.get_mut("startTask") {
        fill(task, json!({ "maxTaskRetryCount": 0, "waitForSuccess": true }));
        fill_user(task);
    }
    let machine = "/virtualMachineConfiguration";
    fill_if_there(pool, &format!("{machine}/imageReference"), json!({ "version": "latest" }));
    fill_if_there(pool, &format!("{machine}/dataDisks"), json!({ "caching": "none" }));
}

fn constraints(retries: &Value) -> Value {
    json!({ "constraints": {
        "maxTaskRetryCount": retries, "maxWallClockTime": FOREVER, "retentionTime": "P7D",
    }})
}

fn common_job_defaults(job: &mut Value) {
    fill(
        job,
        json!({
            "priority": 0, "maxParallelTasks": -1, "allowTaskPreemption": false, "usesTaskDependencies": false,
            "onAllTasksComplete": "noaction", "onTaskFailure": "noaction",
            "constraints": { "maxTaskRetryCount": 0, "maxWallClockTime": FOREVER },
        }),
    );
    if let Some(task) = job.get_mut("jobManagerTask") {
        fill(
            task,
            json!({
                "killJobOnCompletion": true, "runExclusive": true, "allowLowPriorityNode": true, "requiredSlots": 1,
            }),
        );
        fill(task, constraints(&json!(0)));
        fill_user(task);
    }
    if let Some(task) = job.get_mut("jobPreparationTask") {
        fill(
            task,
            json!({ "id": "jobpreparation", "waitForSuccess": true, "rerunOnNodeRebootAfterSuccess": true }),
        );
        fill(task, constraints(&json!(0)));
        fill_user(task);
    }
    if let Some(task) = job.get_mut("jobReleaseTask") {
        fill(task, json!({ "id": "jobrelease", "maxWallClockTime": "PT15M", "retentionTime": "P7D" }));
        fill_user(task);
    }
}

fn job_defaults(job: &mut Value) {
    common_job_defaults(job);
    let pool = job.pointer("/poolInfo/poolId").cloned();
    fill(
        job,
        json!({ "state": "active", "eTag": "0x1", "executionInfo": { "startTime": "2026-11-01T08:00:00Z" } }),
    );
    if let Some(pool) = pool {
        fill(job, json!({ "executionInfo": { "poolId": pool } }));
    }
    fill_if_there(job, "/poolInfo/autoPoolSpecification", json!({ "keepAlive": false }));
}

fn schedule_defaults(schedule: &mut Value) {
    if let Some(job) = schedule.get_mut("jobSpecification") {
        common_job_defaults(job);
        fill_if_there(job, "/poolInfo/autoPoolSpecification", json!({ "keepAlive": false }));
    }
    fill(schedule, json!({ "state": "active", "eTag": "0x1" }));
}

fn task_defaults(task: &mut Value) {
    fill(task, constraints(&json!(0)));
    fill(task, json!({ "state": "active", "requiredSlots": 1 }));
    fill_user(task);
}
