//! Adding tasks in bulk, to a small model of the service.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use batchyard::batch::model::BatchTaskCreateOptions;
use batchyard::batch::{ErrorCode, JobId, TaskId};
use batchyard::client::{AddTasksOptions, AddTasksSummary, BatchClient, TaskAddition, TaskOutcome};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Response;
use serde_json::{Value, json};

use super::server::{Received, error, in_process, respond, router};

fn job() -> JobId {
    JobId::new("j").unwrap()
}

fn task(number: usize) -> BatchTaskCreateOptions {
    let id = TaskId::new(format!("t-{number}")).unwrap();
    BatchTaskCreateOptions::new(id, "/bin/sh -c 'echo hello'".to_owned())
}

async fn add(client: &BatchClient, count: usize) -> (AddTasksSummary, Vec<TaskAddition>) {
    add_with(client, count, AddTasksOptions::default()).await
}

async fn add_with(
    client: &BatchClient,
    count: usize,
    options: AddTasksOptions,
) -> (AddTasksSummary, Vec<TaskAddition>) {
    let additions: Vec<TaskAddition> =
        client.add_tasks(job(), stream::iter((0..count).map(task)), options).try_collect().await.unwrap();
    let mut summary = AddTasksSummary::default();
    for addition in &additions {
        summary.count(&addition.outcome);
    }
    (summary, additions)
}

/// The tasks of a job.
#[derive(Debug, Clone, Default)]
struct Job {
    tasks: Arc<Mutex<BTreeSet<String>>>,
}

impl Job {
    fn len(&self) -> usize {
        self.tasks.lock().unwrap().len()
    }

    /// Adds the tasks of a collection, except those that `fails` gives an error for.
    fn add(
        &self,
        request: &Received,
        fails: impl Fn(&str) -> Option<(&'static str, &'static str)>,
    ) -> Response<Body> {
        let body = request.json();
        let mut results = Vec::new();
        for task in body["value"].as_array().unwrap().iter().rev() {
            let id = task["id"].as_str().unwrap();
            let failure = fails(id).or_else(|| {
                let is_new = self.tasks.lock().unwrap().insert(id.to_owned());
                (!is_new).then_some(("ClientError", "TaskExists"))
            });
            results.push(match failure {
                None => json!({ "status": "Success", "taskId": id, "eTag": "0x1" }),
                Some((status, code)) => {
                    json!({ "status": status, "taskId": id, "error": { "code": code, "message": { "value": "x" } } })
                }
            });
        }
        respond(200, json!({ "odata.metadata": "x", "value": results }).to_string())
    }

    fn service(&self) -> (Router, super::server::Log) {
        let job = self.clone();
        router(move |request| {
            let job = job.clone();
            async move { job.add(&request, |_| None) }
        })
    }
}

#[tokio::test]
async fn every_task_is_added_once_in_signed_requests_of_a_hundred() {
    let jobs_tasks = Job::default();
    let (service, log) = jobs_tasks.service();
    let (summary, additions) = add(&in_process(service), 1234).await;
    assert_eq!(summary, AddTasksSummary { added: 1234, ..AddTasksSummary::default() });
    let ids: BTreeSet<&str> = additions.iter().map(|addition| addition.task.id.as_str()).collect();
    assert_eq!((ids.len(), jobs_tasks.len()), (1234, 1234));
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 13);
    assert!(log.iter().all(|request| request.is_signed() && request.path == "/jobs/j/addtaskcollection"));
}

#[tokio::test]
async fn no_tasks_make_no_request() {
    let (service, log) = Job::default().service();
    assert_eq!(add(&in_process(service), 0).await.0.total(), 0);
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn tasks_that_exist_are_told_apart_from_those_that_were_added() {
    let jobs_tasks = Job::default();
    jobs_tasks.tasks.lock().unwrap().insert("t-7".to_owned());
    let (summary, additions) = add(&in_process(jobs_tasks.service().0), 20).await;
    assert_eq!(summary, AddTasksSummary { added: 19, existing: 1, ..AddTasksSummary::default() });
    let existing = additions.iter().find(|addition| addition.outcome == TaskOutcome::Exists).unwrap();
    assert_eq!(existing.task, task(7));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_sent_in_halves_and_a_giant_task_is_refused() {
    const LIMIT: usize = 900;
    let jobs_tasks = Job::default();
    let model = jobs_tasks.clone();
    let (service, log) = router(move |request| {
        let model = model.clone();
        async move {
            if request.body.len() > LIMIT {
                error(413, "RequestBodyTooLarge")
            } else {
                model.add(&request, |_| None)
            }
        }
    });
    let giant = BatchTaskCreateOptions { command_line: "x".repeat(LIMIT), ..task(9999) };
    let tasks = (0..900).map(task).chain([giant.clone()]).chain((900..2000).map(task));
    let client = in_process(service);
    let options = AddTasksOptions { first_requests: 2, ..AddTasksOptions::default() };
    let additions: Vec<TaskAddition> =
        client.add_tasks(job(), stream::iter(tasks), options).try_collect().await.unwrap();
    assert_eq!((additions.len(), jobs_tasks.len()), (2001, 2000));
    let (added, rest): (Vec<_>, Vec<_>) =
        additions.into_iter().partition(|addition| addition.outcome == TaskOutcome::Added);
    assert_eq!(added.len(), 2000);
    assert_eq!(rest[0].task, giant);
    let TaskOutcome::Refused(body) = &rest[0].outcome else { panic!("{rest:?}") };
    assert_eq!(body.code, "RequestBodyTooLarge");
    let log = log.lock().unwrap();
    let rejected = log.iter().filter(|request| request.body.len() > LIMIT).count();
    assert!(rejected < log.len() / 4, "the client learns the limit: {rejected} of {}", log.len());
}

#[tokio::test]
async fn faults_of_the_service_are_tried_again_for_the_tasks_they_met_only() {
    let jobs_tasks = Job::default();
    let model = jobs_tasks.clone();
    let (service, log) = router(move |request| {
        let model = model.clone();
        let first = request.position == 0;
        async move {
            model.add(&request, |id| (first && id.ends_with('3')).then_some(("servererror", "InternalError")))
        }
    });
    let (summary, _) = add(&in_process(service), 50).await;
    assert_eq!(summary, AddTasksSummary { added: 50, ..AddTasksSummary::default() });
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2);
    let again: Vec<Value> = log[1].json()["value"].as_array().unwrap().clone();
    assert_eq!(
        again.iter().map(|task| task["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["t-3", "t-13", "t-23", "t-33", "t-43"]
    );
}

#[tokio::test]
async fn a_task_that_the_service_never_adds_is_reported_and_the_others_are_not_held_up() {
    let jobs_tasks = Job::default();
    let (service, log) = router(move |request| {
        let model = jobs_tasks.clone();
        async move {
            model.add(&request, |id| match id {
                "t-1" => Some(("ServerError", "InternalError")),
                "t-2" => Some(("ClientError", "InvalidPropertyValue")),
                _ => None,
            })
        }
    });
    let options = AddTasksOptions { max_rounds: 3, ..AddTasksOptions::default() };
    let (summary, additions) = add_with(&in_process(service), 5, options).await;
    assert_eq!(summary, AddTasksSummary { added: 3, refused: 1, failed: 1, existing: 0 });
    assert_eq!(log.lock().unwrap().len(), 3);
    let outcome = |number| &additions.iter().find(|addition| addition.task == task(number)).unwrap().outcome;
    assert!(matches!(outcome(1), TaskOutcome::Failed(Some(body)) if body.code == "InternalError"));
    assert!(matches!(outcome(2), TaskOutcome::Refused(body) if body.code == "InvalidPropertyValue"));
}

#[tokio::test]
async fn a_task_that_the_service_says_nothing_about_is_sent_again() {
    let (service, log) = router(|request| async move {
        let results =
            if request.position == 0 { json!([]) } else { json!([{ "status": "success", "taskId": "T-0" }]) };
        respond(200, json!({ "value": results }).to_string())
    });
    assert_eq!(add(&in_process(service), 1).await.0.added, 1);
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn tasks_whose_answer_was_lost_come_back_as_existing() {
    let jobs_tasks = Job::default();
    let model = jobs_tasks.clone();
    let (service, _) = router(move |request| {
        let model = model.clone();
        async move {
            let answer = model.add(&request, |_| None);
            if request.position == 0 { error(500, "InternalError") } else { answer }
        }
    });
    let (summary, _) = add(&in_process(service), 30).await;
    assert_eq!(summary, AddTasksSummary { existing: 30, ..AddTasksSummary::default() });
    assert_eq!(jobs_tasks.len(), 30);
}

#[tokio::test]
async fn a_busy_service_gets_fewer_requests_at_once_and_every_task_in_the_end() {
    const BEARABLE: usize = 3;
    let jobs_tasks = Job::default();
    let model = jobs_tasks.clone();
    let present = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let refusals = refused.clone();
    let (service, log) = router(move |request| {
        let (model, present, refused) = (model.clone(), present.clone(), refused.clone());
        async move {
            let too_many = present.fetch_add(1, Ordering::SeqCst) >= BEARABLE;
            tokio::time::sleep(Duration::from_millis(5)).await;
            present.fetch_sub(1, Ordering::SeqCst);
            if too_many {
                refused.fetch_add(1, Ordering::SeqCst);
                let mut busy = error(429, "TooManyRequests");
                busy.headers_mut().insert("x-ms-retry-after-ms", "10".parse().unwrap());
                return busy;
            }
            model.add(&request, |_| None)
        }
    });
    let options =
        AddTasksOptions { max_tasks_per_request: 10, first_requests: 32, ..AddTasksOptions::default() };
    let (summary, _) = add_with(&in_process(service), 4000, options).await;
    assert_eq!(summary, AddTasksSummary { added: 4000, ..AddTasksSummary::default() });
    // Without slowing down, nearly every request but the bearable three would be refused at first.
    let (refused, total) = (refusals.load(Ordering::SeqCst), log.lock().unwrap().len());
    assert!(refused > 0, "the test must meet the limit");
    assert!(refused * 2 < total, "{refused} of {total} requests were refused");
}

#[tokio::test]
async fn what_concerns_the_job_ends_the_stream() {
    let (service, _) = router(|_| async { error(409, "JobCompleted") });
    let client = in_process(service);
    let tasks = stream::iter((0..10_000).map(task));
    let mut additions = std::pin::pin!(client.add_tasks(job(), tasks, AddTasksOptions::default()));
    let error = additions.next().await.unwrap().unwrap_err();
    assert!(error.code_is(ErrorCode::JOB_COMPLETED));
    assert!(additions.next().await.is_none());
}

#[tokio::test]
async fn memory_does_not_grow_with_the_number_of_tasks() {
    let (service, _) = Job::default().service();
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = pulled.clone();
    let tasks = stream::iter(0..20_000).map(move |number| {
        counter.fetch_add(1, Ordering::Relaxed);
        task(number)
    });
    let options = AddTasksOptions { max_requests: 4, ..AddTasksOptions::default() };
    let client = in_process(service);
    let mut additions = std::pin::pin!(client.add_tasks(job(), tasks, options));
    let mut handed_over = 0;
    while let Some(addition) = additions.next().await {
        addition.unwrap();
        handed_over += 1;
        let held = pulled.load(Ordering::Relaxed) - handed_over;
        assert!(held <= 700, "{held} tasks are held at once");
    }
    assert_eq!(handed_over, 20_000);
}

#[tokio::test]
async fn dropping_the_stream_drops_the_requests_on_the_way() {
    struct OnDrop(Arc<AtomicUsize>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = dropped.clone();
    let (service, log) = router(move |_| {
        let guard = OnDrop(counter.clone());
        async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(guard);
            respond(200, "")
        }
    });
    let client = in_process(service);
    let tasks = stream::iter((0..10_000).map(task));
    let additions = client.add_tasks(job(), tasks, AddTasksOptions::default());
    let _ = tokio::time::timeout(Duration::from_millis(100), additions.try_collect::<Vec<_>>()).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let requests = log.lock().unwrap().len();
    assert_eq!(requests, AddTasksOptions::default().first_requests);
    assert_eq!(dropped.load(Ordering::SeqCst), requests);
}

#[tokio::test]
async fn a_slow_source_does_not_hold_up_the_answers() {
    let (service, _) = Job::default().service();
    let tasks = stream::iter((0..100).map(task)).chain(stream::pending());
    let client = in_process(service);
    let additions = client.add_tasks(job(), tasks, AddTasksOptions::default());
    let first: Vec<_> = tokio::time::timeout(Duration::from_secs(5), additions.take(100).try_collect())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.len(), 100);
}
