//! What a stop and a start leave as it was.

use batchyard::emulator::{Endpoint, OpenError};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::account::{Account, KEY, NAME, pool, task};

#[tokio::test]
async fn unfinished_work_goes_on_after_a_restart() {
    let account = Account::new().await.with_job(json!({"onAllTasksComplete": "noaction"})).await;
    for number in 0..10 {
        account.post("/jobs/j/tasks", task(&format!("t{number}"), "seconds=1")).await.expect(201);
    }
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["running"] == 4).await;
    let before = account.get("/pools/p").await.json();
    let runtime = account.simulated();
    let account = account.reopen(runtime).await;
    assert_eq!(account.get("/pools/p").await.json(), before);
    assert_eq!(account.get("/jobs/j/tasks").await.json()["value"].as_array().unwrap().len(), 10);
    let counts = account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["completed"] == 10).await;
    assert_eq!(counts["taskCounts"]["succeeded"], 10);
    for number in 0..10 {
        let task = account.get(&format!("/jobs/j/tasks/t{number}")).await.json();
        let execution = &task["executionInfo"];
        assert_eq!((&execution["retryCount"], &execution["requeueCount"]), (&json!(0), &json!(0)), "{task}");
    }
    assert_eq!(account.node("p", "idle").await["runningTasksCount"], 0);
}

#[tokio::test]
async fn what_was_being_deleted_is_gone_after_a_restart() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.delete("/jobs/j").await.expect(202);
    account.delete("/pools/p").await.expect(202);
    let runtime = account.simulated();
    let account = account.reopen(runtime).await;
    account.until_gone("/jobs/j").await;
    account.until_gone("/pools/p").await;
    account.post("/pools", pool("p")).await.expect(201);
}

#[tokio::test]
async fn a_data_folder_has_one_holder() {
    let account = Account::new().await;
    assert!(matches!(account.open_twice().await, OpenError::Locked { endpoint: None, .. }));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = tokio::spawn({
        let (emulator, stop) = (account.emulator.clone(), stop.clone());
        async move { emulator.serve(listener, None, stop).await }
    });
    while Endpoint::read(account.folder()).is_none() {
        tokio::task::yield_now().await;
    }
    let error = account.open_twice().await;
    assert!(error.to_string().contains(&url), "{error}");
    let OpenError::Locked { endpoint: Some(endpoint), .. } = error else { panic!("{error:?}") };
    assert_eq!(
        (endpoint.endpoint.as_str(), endpoint.account.as_str(), endpoint.key.expose()),
        (&*url, NAME, KEY)
    );
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::get(format!("{url}/pools?api-version=2025-06-01")).await.unwrap();
    assert_eq!(answer.status(), 400, "served, to those who sign");
    stop.cancel();
    server.await.unwrap().unwrap();
    assert_eq!(Endpoint::read(account.folder()), None);
}

#[tokio::test]
async fn other_machines_are_not_served_in_the_clear() {
    let account = Account::new().await;
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = account.emulator.serve(listener, None, CancellationToken::new()).await.unwrap_err();
    assert!(refused.to_string().contains("in the clear"), "{refused}");
}
