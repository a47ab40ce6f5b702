//! Lists over several pages.

use batchyard::batch::model::BatchTask;
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::ListTasks;
use batchyard::batch::{ErrorCode, JobId};
use batchyard::client::ClientError;
use futures::{StreamExt as _, TryStreamExt as _};

use super::server::{client, error, in_process, respond, router, serve};

fn list_tasks() -> ListTasks {
    ListTasks { job_id: JobId::new("j").unwrap(), query: ListQuery::select(&["id", "state"]) }
}

fn page(ids: &[&str], next_link: Option<&str>) -> String {
    let tasks: Vec<_> = ids.iter().map(|id| serde_json::json!({ "id": id })).collect();
    let mut page = serde_json::json!({ "odata.metadata": "x", "value": tasks });
    if let Some(link) = next_link {
        page["odata.nextLink"] = link.into();
    }
    page.to_string()
}

fn ids(tasks: &[BatchTask]) -> Vec<&str> {
    tasks.iter().map(|task| task.id.as_str()).collect()
}

#[tokio::test]
async fn a_list_follows_its_links_and_signs_them() {
    let (service, log) = router(|request| async move {
        let base = format!("http://{}/jobs/j/tasks?api-version=2025-06-01", request.header("host"));
        match request.position {
            0 => respond(
                200,
                page(&["a", "b"], Some(&format!("{base}&$skiptoken=x%2By%3D&$select=id%2Cstate"))),
            ),
            // An empty page in the middle is no end.
            1 => respond(200, page(&[], Some(&format!("{base}&$skiptoken=z")))),
            _ => respond(200, page(&["c"], None)),
        }
    });
    let tasks: Vec<_> = client(serve(service).await).list(list_tasks()).try_collect().await.unwrap();
    assert_eq!(ids(&tasks), ["a", "b", "c"]);
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 3);
    assert!(log.iter().all(super::server::Received::is_signed));
    assert_eq!(log[0].query, "$select=id%2Cstate&api-version=2025-06-01");
    assert_eq!(log[1].query, "api-version=2025-06-01&$skiptoken=x%2By%3D&$select=id%2Cstate");
}

#[tokio::test]
async fn no_page_is_asked_for_before_it_is_needed() {
    let (service, log) = router(|request| async move {
        let link = format!("http://batch.localhost:18080/jobs/j/tasks?$skiptoken={}", request.position);
        respond(200, page(&["a", "b"], Some(&link)))
    });
    let client = in_process(service);
    let mut tasks = std::pin::pin!(client.list(list_tasks()));
    assert!(log.lock().unwrap().is_empty());
    for (taken, requests) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
        tasks.next().await.unwrap().unwrap();
        assert_eq!(log.lock().unwrap().len(), requests, "after {taken} tasks");
    }
}

#[tokio::test]
async fn a_link_to_another_host_gets_neither_a_request_nor_a_signature() {
    let (elsewhere, elsewhere_log) = router(|_| async { respond(200, page(&["evil"], None)) });
    let link = serve(elsewhere).await.join("/jobs/j/tasks?secret=1").unwrap();
    let (service, _) = router(move |_| {
        let body = page(&["a"], Some(link.as_str()));
        async move { respond(200, body) }
    });
    let client = client(serve(service).await);
    let mut tasks = std::pin::pin!(client.list(list_tasks()));
    assert_eq!(tasks.next().await.unwrap().unwrap().id.as_str(), "a");
    let error = tasks.next().await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::NextLink { .. }), "{error}");
    assert!(!error.to_string().contains("secret"));
    assert!(tasks.next().await.is_none());
    assert!(elsewhere_log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_is_stopped() {
    let (service, log) = router(|_| async {
        respond(200, page(&["a"], Some("http://batch.localhost:18080/jobs/j/tasks?$skiptoken=1")))
    });
    let tasks = in_process(service).list(list_tasks()).take(10);
    let result: Result<Vec<BatchTask>, _> = tasks.try_collect().await;
    assert!(result.unwrap_err().to_string().contains("the same page once more"));
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_list() {
    let (service, _) = router(|request| async move {
        let link = "http://batch.localhost:18080/jobs/j/tasks?$skiptoken=1";
        if request.position == 0 { respond(200, page(&["a"], Some(link))) } else { error(404, "JobNotFound") }
    });
    let results: Vec<_> = in_process(service).list(list_tasks()).collect().await;
    assert_eq!(results.len(), 2);
    assert!(results[1].as_ref().unwrap_err().code_is(ErrorCode::JOB_NOT_FOUND));
}
