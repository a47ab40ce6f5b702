//! Serves an account that nothing changes: what a plan reads, and not more.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use batchyard::batch::ApiVersion;
use batchyard::client::{BatchClient, ClientOptions, Credential, HttpTransport};
use http::{Method, Request, Response, StatusCode, Uri};
use serde_json::{Map, Value, json};
use url::Url;

use super::account::Account;

/// A client of the account that speaks that version.
pub(super) fn client(account: Account, api_version: ApiVersion) -> BatchClient {
    let router = Router::new().fallback(answer).with_state(Arc::new(account));
    let transport = Some(HttpTransport::in_process(router));
    let options = ClientOptions { transport, api_version, ..ClientOptions::default() };
    BatchClient::new(Url::parse("https://localhost").unwrap(), Credential::OfTransport, options).unwrap()
}

async fn answer(State(account): State<Arc<Account>>, request: Request<Body>) -> Response<Body> {
    assert_eq!(request.method(), Method::GET, "a plan changes nothing: {}", request.uri());
    let found = find(&account, request.uri());
    let (status, body) = match found {
        Some(value) => (StatusCode::OK, value),
        None => (StatusCode::NOT_FOUND, json!({ "code": "NotFound", "message": { "value": "not there" } })),
    };
    let json = Response::builder().status(status).header("content-type", "application/json");
    json.body(Body::from(body.to_string())).unwrap()
}

fn find(account: &Account, uri: &Uri) -> Option<Value> {
    // The ids of the jobs that schedules make have a colon.
    let path = uri.path().replace("%3A", ":");
    let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let tasks =
        |job: &str| account.jobs.get(job).map(|_| account.tasks.get(job).cloned().unwrap_or_default());
    match path.as_slice() {
        ["pools"] => Some(page(account.pools.values())),
        ["jobs"] => Some(page(account.jobs.values())),
        ["jobschedules"] => Some(page(account.schedules.values())),
        ["jobs", job, "tasks"] => {
            let tasks = tasks(job)?;
            // The one filter that a plan uses.
            let failed_only = uri.query().unwrap_or_default().contains("filter=");
            Some(page(tasks.values().filter(|task| !failed_only || has_failed(task))))
        }
        ["jobs", job, "tasks", task] => tasks(job)?.get(*task).cloned(),
        ["jobs", job, "taskcounts"] => Some(counts(&tasks(job)?)),
        other => panic!("a plan reads {other:?}"),
    }
}

fn page<'a>(items: impl Iterator<Item = &'a Value>) -> Value {
    json!({ "value": items.collect::<Vec<_>>() })
}

fn has_failed(task: &Value) -> bool {
    task.pointer("/executionInfo/result") == Some(&json!("failure"))
}

fn counts(tasks: &Map<String, Value>) -> Value {
    let of = |state: &str| tasks.values().filter(|task| task["state"] == json!(state)).count();
    let failed = tasks.values().filter(|task| has_failed(task)).count();
    let completed = of("completed");
    let counts = json!({
        "active": of("active"), "running": of("running"), "completed": completed,
        "succeeded": completed - failed, "failed": failed,
    });
    json!({ "taskCounts": counts, "taskSlotCounts": counts })
}
