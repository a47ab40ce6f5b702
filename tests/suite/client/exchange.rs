//! Single exchanges: what goes over the wire, what is tried again, and how failures are told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use batchyard::batch::model::BatchPoolCreateOptions;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::*;
use batchyard::batch::{Conditions, ETag, ErrorCode, JobId, PoolId, TaskId};
use batchyard::client::{
    BatchClient, ClientError, ClientOptions, Credential, RetryOptions, TransportErrorKind,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::server::{client, error, hasty, in_process, in_process_with, key, respond, router, serve};

fn pool_id() -> PoolId {
    PoolId::new("p").unwrap()
}

fn get_pool() -> GetPool {
    GetPool { pool_id: pool_id(), select: Select::default() }
}

fn create_pool() -> CreatePool {
    let pool: BatchPoolCreateOptions =
        serde_json::from_value(serde_json::json!({ "id": "p", "vmSize": "standard_d2s_v3" })).unwrap();
    CreatePool { pool }
}

const POOL: &str = r#"{"odata.metadata":"x","id":"p","eTag":"0x1","unknownProperty":1}"#;

/// One request of every shape: with and without body, query, conditions, and with a path that needs encoding.
async fn send_every_shape(client: &BatchClient) {
    let job_id = JobId::new("nightly:job-1").unwrap();
    let task_id = TaskId::new("t").unwrap();
    let if_match = Conditions::if_match(ETag::new("0x8D"));
    client.send(&create_pool()).await.unwrap_err();
    client.send(&DeletePool { pool_id: pool_id(), conditions: if_match }).await.unwrap_err();
    client.send(&StopPoolResize { pool_id: pool_id(), conditions: Conditions::default() }).await.unwrap_err();
    client.exists(&PoolExists { pool_id: pool_id() }).await.unwrap();
    let query =
        ListQuery { filter: Some("id eq 'a b+c&d'".to_owned()), ..ListQuery::select(&["id", "state"]) };
    client.send(&ListJobs { query }).await.unwrap_err();
    let file = GetTaskFile {
        job_id,
        task_id,
        file_path: "wd/out dir/é.txt".to_owned(),
        range: Some("bytes=0-9".into()),
    };
    client.read_file(&file).await.unwrap_err();
}

#[tokio::test]
async fn every_request_verifies_as_it_arrives_over_a_socket_and_in_the_process() {
    let (service, log) = router(|_| async { error(404, "ResourceNotFound") });
    send_every_shape(&client(serve(service.clone()).await)).await;
    send_every_shape(&in_process(service)).await;

    let log = log.lock().unwrap();
    assert_eq!(log.len(), 12);
    for request in log.iter() {
        assert!(request.is_signed(), "{request:?}");
        assert!(request.query.ends_with("api-version=2025-06-01"));
        assert_eq!(request.header("return-client-request-id"), "true");
        assert_eq!(request.header("client-request-id").len(), 36);
        assert_eq!(request.header("x-ms-client-request-id"), "", "one id is enough");
        assert!(request.header("user-agent").contains("batchyard/"));
    }
    let (post, delete, file) = (&log[0], &log[1], &log[5]);
    assert_eq!(post.header("content-type"), "application/json; odata=minimalmetadata");
    assert_eq!(post.header("accept"), "application/json");
    assert_eq!(delete.header("if-match"), "\"0x8D\"");
    assert_eq!(file.path, "/jobs/nightly%3Ajob-1/tasks/t/files/wd%2Fout%20dir%2F%C3%A9.txt");
    assert_eq!(file.header("ocp-range"), "bytes=0-9");
    for (over_socket, in_process) in log[..6].iter().zip(&log[6..]) {
        assert_eq!((&over_socket.method, &over_socket.path), (&in_process.method, &in_process.path));
        assert_eq!(over_socket.query, in_process.query);
        assert_eq!(over_socket.body, in_process.body);
    }
    assert_eq!(log[6].header("host"), "batch.localhost:18080");
}

#[tokio::test]
async fn an_answer_is_read_with_its_version_and_unknown_properties_do_no_harm() {
    let (service, _) = router(|_| async {
        let mut response = respond(200, POOL);
        response.headers_mut().insert("etag", "\"0x8D\"".parse().unwrap());
        response.headers_mut().insert("last-modified", "Tue, 29 Jul 2014 21:49:13 GMT".parse().unwrap());
        response
    });
    let response = in_process(service).send(&get_pool()).await.unwrap();
    assert_eq!(response.value.id.as_str(), "p");
    assert_eq!(response.etag, Some(ETag::new("0x8D")));
    assert_eq!(response.last_modified.unwrap().to_string(), "2014-07-29T21:49:13.0000000Z");
    assert_eq!(response.request_id.as_deref(), Some("r-1"));
}

#[tokio::test]
async fn a_path_prefix_of_the_endpoint_is_kept_and_signed() {
    let (service, log) = router(|_| async { respond(200, POOL) });
    let url = serve(service).await.join("/devaccount/").unwrap();
    client(url).send(&get_pool()).await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log[0].path, "/devaccount/pools/p");
    assert!(log[0].is_signed());
}

#[tokio::test]
async fn a_path_that_a_url_would_swallow_is_not_sent() {
    let (service, log) = router(|_| async { respond(200, "") });
    let file = GetTaskFile {
        job_id: JobId::new("j").unwrap(),
        task_id: TaskId::new("t").unwrap(),
        file_path: "..".to_owned(),
        range: None,
    };
    let error = in_process(service).read_file(&file).await.unwrap_err();
    assert!(matches!(error, ClientError::Path { .. }), "{error}");
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_busy_service_is_asked_again_after_the_pause_it_wants_with_a_new_signature() {
    let (service, log) = router(|request| async move {
        if request.position > 0 {
            return respond(200, POOL);
        }
        let mut busy = error(503, "ServerBusy");
        busy.headers_mut().insert("retry-after", "1".parse().unwrap());
        busy
    });
    let started = Instant::now();
    client(serve(service).await).send(&get_pool()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2);
    assert_ne!(log[0].header("ocp-date"), log[1].header("ocp-date"));
    assert_ne!(log[0].header("authorization"), log[1].header("authorization"));
    assert_eq!(log[0].header("client-request-id"), log[1].header("client-request-id"));
    assert!(log.iter().all(super::server::Received::is_signed));
}

#[tokio::test]
async fn a_service_that_stays_busy_is_left_alone_after_some_tries() {
    let (service, log) = router(|_| async { error(500, "InternalError") });
    let error = in_process(service).send(&get_pool()).await.unwrap_err();
    assert!(error.code_is(ErrorCode::INTERNAL_ERROR));
    assert_eq!(log.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn errors_that_will_not_pass_are_not_tried_again() {
    for status in [400, 403, 404, 409, 412, 501] {
        let (service, log) = router(move |_| async move { error(status, "Whatever") });
        let error = in_process(service).send(&get_pool()).await.unwrap_err();
        assert_eq!(error.status(), Some(status));
        assert_eq!(log.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_conflict_with_the_own_earlier_try_can_be_told_from_any_other() {
    let (service, _) = router(|request| async move {
        if request.position == 0 { error(500, "InternalError") } else { error(409, "PoolExists") }
    });
    let error = in_process(service).send(&create_pool()).await.unwrap_err();
    assert!(error.code_is_after_retry(ErrorCode::POOL_EXISTS));

    for first in [409, 429] {
        let (service, _) = router(move |request| async move {
            if request.position == 0 && first == 429 {
                super::server::error(429, "TooManyRequests")
            } else {
                super::server::error(409, "PoolExists")
            }
        });
        let error = in_process(service).send(&create_pool()).await.unwrap_err();
        assert!(error.code_is(ErrorCode::POOL_EXISTS));
        assert!(!error.code_is_after_retry(ErrorCode::POOL_EXISTS), "{first}");
    }
}

#[tokio::test]
async fn only_not_found_means_that_an_object_does_not_exist() {
    let (service, _) = router(|request| async move {
        match request.path.as_str() {
            "/pools/p" => respond(if request.method == "HEAD" { 200 } else { 404 }, ""),
            _ => respond(403, ""),
        }
    });
    let client = in_process(service);
    assert!(client.exists(&PoolExists { pool_id: pool_id() }).await.unwrap());
    assert!(client.find(&get_pool()).await.unwrap().is_none());
    let other = PoolExists { pool_id: PoolId::new("other").unwrap() };
    assert_eq!(client.exists(&other).await.unwrap_err().status(), Some(403));
}

#[tokio::test]
async fn success_is_the_status_of_the_operation_and_no_other() {
    let (service, _) = router(|_| async { respond(200, "") });
    let error = in_process(service).send(&create_pool()).await.unwrap_err();
    assert!(matches!(error, ClientError::UnexpectedAnswer { status: 200, .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, elsewhere_log) = router(|_| async { respond(200, POOL) });
    let target = serve(elsewhere).await;
    let (service, _) = router(move |request| {
        let location = format!("{}{}", target.as_str().trim_end_matches('/'), request.path);
        async move {
            let mut response = respond(307, "");
            response.headers_mut().insert("location", location.parse().unwrap());
            response
        }
    });
    let error = client(serve(service).await).send(&get_pool()).await.unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert!(error.hint().unwrap().contains("follows no redirects"));
    assert!(elsewhere_log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_for_people_is_told_apart_from_an_error_of_batch() {
    let (service, _) = router(|_| async {
        let mut page = respond(404, "<html><head><title>Not here</title></head></html>");
        page.headers_mut().insert("content-type", "text/html".parse().unwrap());
        page
    });
    let error = client(serve(service).await).send(&get_pool()).await.unwrap_err();
    assert!(!error.is_not_found());
    let message = error.to_string();
    assert!(
        message.ends_with("HTTP 404 and text/html, which Azure Batch does not do: Not here"),
        "{message}"
    );
    assert!(error.hint().unwrap().contains("no proxy"));
}

#[tokio::test]
async fn a_body_that_is_not_the_operations_is_an_error_with_its_cause() {
    let (service, _) = router(|_| async { respond(200, "welcome") });
    let error = in_process(service).send(&get_pool()).await.unwrap_err();
    assert!(matches!(error, ClientError::Decode { .. }));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("line 1"));
}

/// Answers each connection with the next text, and closes it.
async fn serve_raw(answers: Vec<&'static str>) -> url::Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

const TRUNCATED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"id\":\"p\"}";

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again() {
    let url = serve_raw(vec![TRUNCATED, "", WHOLE]).await;
    let response = client(url).send(&get_pool()).await.unwrap();
    assert_eq!(response.value.id.as_str(), "p");
}

#[tokio::test]
async fn an_answer_that_stays_truncated_is_an_error_that_names_the_call() {
    let url = serve_raw(vec![TRUNCATED; 4]).await;
    let error = client(url).send(&get_pool()).await.unwrap_err();
    let ClientError::Transport { call, tries, source } = &error else { panic!("{error}") };
    assert_eq!((call.operation, *tries), ("Pools_GetPool", 4));
    assert_eq!(source.kind, TransportErrorKind::Interrupted);
    assert!(error.to_string().ends_with("/pools/p) did not come through"));
}

#[tokio::test]
async fn where_nothing_listens_the_user_is_asked_for_the_emulator_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let error = client(url).send(&get_pool()).await.unwrap_err();
    let ClientError::Transport { tries, source, .. } = &error else { panic!("{error}") };
    assert_eq!((*tries, source.kind), (3, TransportErrorKind::Refused));
    assert!(source.to_string().to_lowercase().contains("refused"), "{source}");
    assert!(error.is_unreachable());
    assert!(error.hint().unwrap().contains("`batchyard emulator` starts it"));
}

#[tokio::test]
async fn a_silent_service_is_given_up_in_time() {
    let (service, log) = router(|_| async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        respond(200, POOL)
    });
    let options = ClientOptions { try_timeout: Duration::from_millis(50), ..hasty() };
    let client = BatchClient::new(serve(service).await, Credential::SharedKey(key()), options).unwrap();
    let error = client.send(&get_pool()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { tries: 4, .. }), "{error}");
    assert_eq!(log.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_panic_of_a_service_in_the_process_is_an_answer_that_broke_off() {
    let (service, _) = router(|_| async { panic!("in the handler") });
    let error = in_process(service).send(&get_pool()).await.unwrap_err();
    let ClientError::Transport { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind, TransportErrorKind::Interrupted);
}

#[tokio::test]
async fn a_wrong_clock_is_found_out_from_the_answer() {
    let (service, _) = router(|_| async {
        let mut refusal = error(403, "AuthenticationFailed");
        refusal.headers_mut().insert("date", "Tue, 29 Jul 2014 21:49:13 GMT".parse().unwrap());
        refusal
    });
    let error = in_process(service).send(&get_pool()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("ahead of the service's"), "{:?}", error.hint());
}

#[tokio::test]
async fn the_requests_of_a_family_share_a_budget_for_trying_again() {
    let (service, log) = router(|_| async { error(500, "InternalError") });
    let retry = RetryOptions { family_budget: 5, ..hasty().retry };
    let client = in_process_with(service, ClientOptions { retry, ..hasty() });
    for _ in 0..4 {
        client.send(&get_pool()).await.unwrap_err();
    }
    assert_eq!(log.lock().unwrap().len(), 4 + 5, "four requests, and the whole budget");
    let job = GetJob { job_id: JobId::new("j").unwrap(), select: Select::default() };
    client.send(&job).await.unwrap_err();
    assert_eq!(log.lock().unwrap().len(), 9 + 4, "another family has a budget of its own");
}

#[tokio::test]
async fn a_pause_that_the_service_asks_for_costs_no_budget() {
    let (service, log) = router(|_| async {
        let mut busy = error(429, "TooManyRequests");
        busy.headers_mut().insert("retry-after-ms", "1".parse().unwrap());
        busy
    });
    let retry = RetryOptions { family_budget: 0, ..hasty().retry };
    let client = in_process_with(service, ClientOptions { retry, ..hasty() });
    client.send(&get_pool()).await.unwrap_err();
    assert_eq!(log.lock().unwrap().len(), 4);
}

/// Tells when it is dropped.
struct Dropped(tokio::sync::mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_given_up_and_not_sent_again() {
    let (notice, mut noticed) = tokio::sync::mpsc::unbounded_channel();
    let (service, log) = router(move |_| {
        let dropped = Dropped(notice.clone());
        async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            drop(dropped);
            respond(200, POOL)
        }
    });
    for client in [client(serve(service.clone()).await), in_process(service)] {
        let call = tokio::time::timeout(Duration::from_millis(200), client.send(&get_pool())).await;
        assert!(call.is_err(), "{call:?}");
        let seen = tokio::time::timeout(Duration::from_secs(5), noticed.recv()).await;
        assert_eq!(seen, Ok(Some(())), "the service learns of it");
    }
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_has_a_span_that_tells_what_it_was_and_what_came_of_it() {
    let (service, log) = router(|request| async move {
        if request.position == 0 { error(500, "InternalError") } else { respond(200, POOL) }
    });
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(written.clone())
        .finish();
    {
        let _guard = tracing::subscriber::set_default(subscriber);
        in_process(service).send(&get_pool()).await.unwrap();
    }
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let id = log.lock().unwrap()[0].header("client-request-id").to_owned();
    let span = text.lines().find(|line| line.contains("batch_call{") && line.ends_with("succeeded")).unwrap();
    for part in [
        "operation=\"Pools_GetPool\" method=GET path=\"/pools/p\"",
        &format!("client_request_id=\"{id}\""),
        "tries=2",
        "status=200",
        "request_id=\"r-1\"",
    ] {
        assert!(span.contains(part), "{part}: {span}");
    }
    assert!(text.contains("sending the request again"), "{text}");
    assert!(!text.to_lowercase().contains("sharedkey"), "{text}");
}

/// What a subscriber wrote.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
