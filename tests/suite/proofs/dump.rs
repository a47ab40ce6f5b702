//! What an account holds, without what differs from one time to the next.

use batchyard::batch::JobId;
use batchyard::batch::model::BatchTask;
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::{ListJobSchedules, ListJobs, ListPools, ListTasks};
use batchyard::client::BatchClient;
use futures::TryStreamExt as _;
use serde_json::{Map, Value, json};

/// Times and versions aside, also where something ran, and how often it was put back in the queue: all of it is chance.
const CHANCE: [&str; 10] = [
    "eTag",
    "url",
    "lastModified",
    "nodeInfo",
    "containerInfo",
    "autoScaleRun",
    "requeueCount",
    "stats",
    "previousState",
    "resizeErrors",
];

/// Everything in an account, jobs with their tasks.
pub async fn dump(client: &BatchClient) -> Value {
    let pools: Vec<_> = client.list(ListPools { query: ListQuery::default() }).try_collect().await.unwrap();
    let schedules: Vec<_> =
        client.list(ListJobSchedules { query: ListQuery::default() }).try_collect().await.unwrap();
    let jobs: Vec<_> = client.list(ListJobs { query: ListQuery::default() }).try_collect().await.unwrap();
    let mut with_tasks = Vec::new();
    for job in jobs {
        // How far the jobs of a schedule are is the schedule's affair.
        if job.id.schedule().is_none() {
            let tasks = tasks(client, &job.id).await;
            with_tasks.push(json!({"job": job, "tasks": tasks}));
        }
    }
    lasting(json!({"pools": pools, "schedules": schedules, "jobs": with_tasks}))
}

/// The tasks of a job, by their ids; none of a job that goes while they are listed.
pub async fn tasks(client: &BatchClient, job: &JobId) -> Vec<BatchTask> {
    let request = ListTasks { job_id: job.clone(), query: ListQuery::default() };
    let listed: Result<Vec<BatchTask>, _> = client.list(request).try_collect().await;
    let mut tasks = match listed {
        Err(error) if error.is_not_found() => Vec::new(),
        listed => listed.unwrap(),
    };
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    tasks
}

fn lasting(value: Value) -> Value {
    let lasts = |name: &String| !CHANCE.contains(&name.as_str()) && !name.ends_with("Time");
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(name, _)| lasts(name));
            let members = members.map(|(name, member)| (name, lasting(member)));
            Value::Object(members.filter(|(_, member)| !member.is_null()).collect::<Map<_, _>>())
        }
        // When something was written is no matter of what it is.
        Value::Array(items) => {
            items.into_iter().filter(|item| item["name"] != "batchyard.applied").map(lasting).collect()
        }
        other => other,
    }
}

/// Where two dumps differ first, in a line or two.
pub fn difference(one: &Value, other: &Value) -> Option<String> {
    fn at(path: &str, one: &Value, other: &Value) -> Option<String> {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
                let member =
                    |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or_default();
                names
                    .into_iter()
                    .find_map(|name| at(&format!("{path}.{name}"), &member(one, name), &member(other, name)))
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
                .iter()
                .zip(other)
                .enumerate()
                .find_map(|(at_, (one, other))| at(&format!("{path}[{at_}]"), one, other)),
            _ if one == other => None,
            _ => {
                let short = |value: &Value| value.to_string().chars().take(400).collect::<String>();
                Some(format!("{path}: {} and {}", short(one), short(other)))
            }
        }
    }
    at("", one, other)
}
