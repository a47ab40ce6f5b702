//! Pools that are made for jobs, and deleted after them.

use std::sync::Arc;
use std::time::Duration;

use batchyard::clock::ManualClock;
use batchyard::emulator::Timing;
use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// What a job says of a pool that is to be made for it, with more properties.
fn auto(lifetime: &str, more: Value) -> Value {
    let mut template = pool("p");
    template.as_object_mut().unwrap().remove("id");
    let specification =
        json!({"autoPoolIdPrefix": "auto-", "poolLifetimeOption": lifetime, "pool": template});
    json!({"autoPoolSpecification": with(specification, more)})
}

fn job(id: &str, info: Value) -> Value {
    json!({"id": id, "poolInfo": info})
}

/// The pool that was made for a job.
fn pool_of(job: &Value) -> String {
    job["executionInfo"]["poolId"].as_str().unwrap_or_else(|| panic!("{job:#}")).to_owned()
}

async fn pools(account: &Account) -> usize {
    account.get("/pools").await.json()["value"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_job_has_a_pool_of_its_own_for_as_long_as_it_lives() {
    let account = Account::new().await;
    account.post("/jobs", job("j", auto("job", json!({})))).await.expect(201);
    let made = account.get("/jobs/j").await.expect(200).json();
    let id = pool_of(&made);
    assert!(id.starts_with("auto-"), "{id}");
    assert_eq!(made["poolInfo"]["autoPoolSpecification"]["keepAlive"], false);
    assert_eq!(made["poolInfo"]["autoPoolSpecification"]["pool"]["resizeTimeout"], "PT15M");
    assert!(made["poolInfo"].get("poolId").is_none(), "{made:#}");
    account.post("/jobs/j/tasks", task("t", "exit=0")).await.expect(201);
    let ended = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(ended["nodeInfo"]["poolId"], id.as_str());
    account.post("/jobs/j/disable", json!({"disableTasks": "requeue"})).await.expect(202);
    account.until_state("/jobs/j", "disabled").await;
    account.get(&format!("/pools/{id}")).await.expect(200);
    account.post("/jobs/j/terminate", json!({})).await.expect(202);
    account.until_state("/jobs/j", "completed").await;
    account.until_gone(&format!("/pools/{id}")).await;
    assert_eq!(pool_of(&account.get("/jobs/j").await.json()), id, "it still tells where it ran");
}

#[tokio::test]
async fn a_deleted_job_takes_its_pool_along_unless_that_is_to_stay() {
    let account = Account::new().await;
    account.post("/jobs", job("brief", auto("job", json!({})))).await.expect(201);
    account.post("/jobs", job("kept", auto("job", json!({})))).await.expect(201);
    let brief = pool_of(&account.get("/jobs/brief").await.json());
    let kept = pool_of(&account.get("/jobs/kept").await.json());
    let changed = json!({"poolInfo": auto("job", json!({"keepAlive": true}))});
    account.patch("/jobs/kept", changed).await.expect(200);
    let other = json!({"poolInfo": auto("job", json!({"autoPoolIdPrefix": "other-"}))});
    account.patch("/jobs/kept", other).await.refused(400, "InvalidPropertyValue");
    assert_eq!(pool_of(&account.get("/jobs/kept").await.json()), kept);
    for id in ["brief", "kept"] {
        account.delete(&format!("/jobs/{id}")).await.expect(202);
        account.until_gone(&format!("/jobs/{id}")).await;
    }
    account.until_gone(&format!("/pools/{brief}")).await;
    let pool = account.get(&format!("/pools/{kept}")).await.expect(200).json();
    assert_eq!(pool["state"], "active");
}

#[tokio::test]
async fn the_jobs_of_a_schedule_share_a_pool_until_the_schedule_ends() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Instant).await;
    let manager = task("manager", "");
    for (id, lifetime) in [("shared", "jobschedule"), ("own", "job")] {
        let schedule = json!({"id": id, "schedule": {"recurrenceInterval": "PT10M"},
            "jobSpecification": {"poolInfo": auto(lifetime, json!({})), "jobManagerTask": manager}});
        account.post("/jobschedules", schedule).await.expect(201);
    }
    let mut pools_of = Vec::new();
    for number in ["1", "2"] {
        for id in ["shared", "own"] {
            let ended = account.until_state(&format!("/jobs/{id}:job-{number}"), "completed").await;
            pools_of.push(pool_of(&ended));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        clock.advance(Duration::from_secs(600));
    }
    let [shared, first, again, second] = pools_of.try_into().unwrap();
    assert_eq!(shared, again);
    assert_ne!(first, second);
    account.until_gone(&format!("/pools/{first}")).await;
    account.get(&format!("/pools/{shared}")).await.expect(200);
    account.post("/jobschedules/shared/terminate", json!({})).await.expect(202);
    account.until_state("/jobschedules/shared", "completed").await;
    account.until_gone(&format!("/pools/{shared}")).await;
    account.delete("/jobschedules/own").await.expect(202);
    account.until_gone("/jobschedules/own").await;
    for _ in 0..200 {
        if pools(&account).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{}", account.get("/pools").await.text);
}

#[tokio::test]
async fn a_job_whose_pool_can_t_be_made_says_so_and_ends() {
    let account = Account::new().await;
    let mut template = pool("p");
    template.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "targetDedicatedNodes");
    let template = with(
        template,
        json!({"enableAutoScale": true, "autoScaleFormula": "$TargetDedicatedNodes = (", "taskSlotsPerNode": 1}),
    );
    let info = auto("job", json!({"pool": template}));
    account.post("/jobs", job("j", info)).await.expect(201);
    let ended = account.until_state("/jobs/j", "completed").await;
    let error = &ended["executionInfo"]["schedulingError"];
    assert_eq!(
        (&error["code"], &error["category"]),
        (&json!("InvalidAutoScaleFormulaInAutoPool"), &json!("usererror"))
    );
    for number in 0..100 {
        let empty = with(pool(&format!("p{number}")), json!({"targetDedicatedNodes": 0}));
        account.post("/pools", empty).await.expect(201);
    }
    account.post("/jobs", job("k", auto("job", json!({})))).await.expect(201);
    let ended = account.until_state("/jobs/k", "completed").await;
    let error = &ended["executionInfo"]["schedulingError"];
    assert_eq!(error["code"], "AutoPoolCreationFailedWithQuotaReached", "{ended:#}");
    assert_eq!(pools(&account).await, 100);
}

#[tokio::test]
async fn an_auto_pool_outlives_a_restart_and_not_its_job() {
    let account = Account::new().await;
    account.post("/jobs", job("j", auto("job", json!({})))).await.expect(201);
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let id = pool_of(&account.get("/jobs/j").await.json());
    let account = account.reopen_simulated().await;
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await;
    account.until_gone(&format!("/pools/{id}")).await;
}
