//! Pools whose size a formula sets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use batchyard::clock::ManualClock;
use batchyard::emulator::Timing;
use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

const PENDING: &str =
    "$TargetDedicatedNodes = min(4, $PendingTasks); $NodeDeallocationOption = taskcompletion;";

/// A pool without a size of its own.
fn scaled(id: &str, formula: &str) -> Value {
    let mut pool = with(
        pool(id),
        json!({"enableAutoScale": true, "autoScaleFormula": formula, "autoScaleEvaluationInterval": "PT5M",
            "taskSlotsPerNode": 1}),
    );
    pool.as_object_mut().unwrap().remove("targetDedicatedNodes");
    pool
}

async fn evaluate(account: &Account, formula: &str) -> Value {
    account.post("/pools/p/evaluateautoscale", json!({"autoScaleFormula": formula})).await.expect(200).json()
}

/// An account whose clock stands, of the pace of the real service.
async fn standing() -> (Account, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::starting_at("2026-03-10T14:30:00Z".parse().unwrap()));
    (Account::timed(clock.clone(), Timing::Realistic).await, clock)
}

/// Moves the clock in steps, so that who sleeps again after having been woken is woken again.
async fn pass(clock: &ManualClock, seconds: u64) {
    for _ in 0..seconds / 5 {
        let sleepers = clock.sleepers();
        clock.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5)).await;
        // On a busy machine whoever was woken takes longer; some are done and don't sleep again.
        let patience = Instant::now() + Duration::from_millis(200);
        while clock.sleepers() < sleepers && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Lets time pass until an object is as it should be.
async fn pass_until(
    account: &Account,
    clock: &ManualClock,
    path: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    for _ in 0..1_000 {
        let object = account.get(path).await.json();
        if holds(&object) {
            return object;
        }
        pass(clock, 5).await;
    }
    panic!("{path} did not become what it should: {}", account.get(path).await.text);
}

#[tokio::test]
async fn a_pool_grows_with_its_tasks_and_shrinks_to_nothing_at_its_interval() {
    let (account, clock) = standing().await;
    account.post("/pools", scaled("p", PENDING)).await.expect(201);
    let made = account.get("/pools/p").await.json();
    assert_eq!(made["autoScaleRun"]["timestamp"], "2026-03-10T14:30:00.0000000Z");
    assert_eq!(
        made["autoScaleRun"]["results"],
        "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion"
    );
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    for number in 0..6 {
        account.post("/jobs/j/tasks", task(&format!("t{number}"), "seconds=100")).await.expect(201);
    }
    pass(&clock, 280).await;
    let before = account.get("/pools/p").await.json();
    assert_eq!((&before["targetDedicatedNodes"], &before["eTag"]), (&json!(0), &made["eTag"]), "not due yet");
    let grown = pass_until(&account, &clock, "/pools/p", |pool| pool["targetDedicatedNodes"] == 4).await;
    assert_ne!(grown["eTag"], before["eTag"]);
    pass_until(&account, &clock, "/jobs/j/taskcounts", |counts| counts["taskCounts"]["succeeded"] == 6).await;
    pass_until(&account, &clock, "/pools/p", |pool| pool["targetDedicatedNodes"] == 0).await;
    let gone = |pool: &Value| pool["currentDedicatedNodes"] == 0 && pool["allocationState"] == "steady";
    pass_until(&account, &clock, "/pools/p", gone).await;
}

#[tokio::test]
async fn without_pauses_a_formula_takes_effect_in_seconds() {
    let account = Account::new().await;
    account
        .post("/pools", scaled("p", "$TargetDedicatedNodes = min(2, $PendingTasks.GetSample(1));"))
        .await
        .expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    for number in 0..3 {
        account.post("/jobs/j/tasks", task(&format!("t{number}"), "seconds=0")).await.expect(201);
    }
    account.until("/pools/p", |pool| pool["targetDedicatedNodes"] == 2).await;
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["succeeded"] == 3).await;
    account.until("/pools/p", |pool| pool["currentDedicatedNodes"] == 0).await;
}

#[tokio::test]
async fn a_formula_is_tried_without_touching_the_pool() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    let formula = json!({"autoScaleFormula": "$TargetDedicatedNodes=3;"});
    let refused = account.post("/pools/p/evaluateautoscale", formula.clone()).await;
    refused.refused(409, "OperationInvalidForCurrentState");
    account.post("/pools/none/evaluateautoscale", formula).await.refused(404, "PoolNotFound");
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let keep = json!({"autoScaleFormula": "$TargetDedicatedNodes = $TargetDedicatedNodes;"});
    account.post("/pools/p/enableautoscale", keep).await.expect(200);
    account.until("/pools/p/nodes", |nodes| nodes["value"][0]["state"] == "idle").await;
    let tried = evaluate(&account, "$TargetDedicatedNodes = 3; nodes = $UsableNodeCount;").await;
    assert_eq!(
        tried["results"],
        "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;nodes=1"
    );
    assert_eq!(tried["error"], Value::Null);
    assert!(
        tried["odata.metadata"].as_str().unwrap().ends_with("$metadata#autoscalerun/@Element"),
        "{tried}"
    );
    assert_eq!(account.get("/pools/p").await.json()["targetDedicatedNodes"], 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_formula_is_told_with_its_place() {
    let account = Account::new().await;
    account.post("/pools", scaled("p", "$TargetDedicatedNodes = 0;")).await.expect(201);
    for (formula, code, message) in [
        (
            "$something_useless",
            "AutoScalingFormulaEvaluationError",
            "Line 1, Col 1: a statement assigns a value to a variable: `$TargetDedicatedNodes = …;`",
        ),
        (
            "a = 1;\n  $TargetDedicatedNodes = avrg(a);",
            "AutoScalingFormulaEvaluationError",
            "Line 2, Col 27: there is no function `avrg`; did you mean `avg`?",
        ),
        (
            "$TargetDedicatedNodes = wanted;",
            "AutoScalingFormulaEvaluationError",
            "Line 1, Col 25: the variable `wanted` has no value at this place",
        ),
        (
            "$TargetDedicatedNodes = 1 - 2;",
            "AutoScalingFormulaEvaluationError",
            "Line 1, Col 25: `$TargetDedicatedNodes` is a number of nodes, from 0 to 2147483647, and not -1",
        ),
        (
            "$TargetDedicatedNodes = avg($CPUPercent.GetSample(TimeInterval_Minute * 5, 10));",
            "InsufficientSampleData",
            "Line 1, Col 29: Insufficient data from data set: $CPUPercent wanted 10%, received 0%",
        ),
    ] {
        let run = evaluate(&account, formula).await;
        assert_eq!(
            run["results"],
            "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
        );
        assert_eq!(
            (&run["error"]["code"], &run["error"]["values"][0]),
            (&json!(code), &json!({"name": "Message", "value": message}))
        );
    }
    let long = json!({"autoScaleFormula": " ".repeat(8_192) + "a"});
    account.post("/pools/p/evaluateautoscale", long.clone()).await.refused(400, "AutoScalingFormulaTooLong");
    account.post("/pools/p/enableautoscale", long).await.refused(400, "AutoScalingFormulaTooLong");
    let unread = account.post("/pools/p/enableautoscale", json!({"autoScaleFormula": "a = 1 +;"})).await;
    let unread = unread.refused(400, "AutoScalingFormulaSyntaxError");
    assert_eq!(unread.detail("Message"), "Line 1, Col 8: expected a value, found `;`");
}

#[tokio::test]
async fn a_formula_that_fails_leaves_the_pool_as_it_is() {
    let account = Account::new().await;
    account
        .post("/pools", scaled("p", "$TargetDedicatedNodes = $CPUPercent > 0.5 ? 3 : 1;"))
        .await
        .expect(201);
    let made = account.get("/pools/p").await.json();
    assert_eq!(
        (&made["targetDedicatedNodes"], &made["autoScaleRun"]["error"]["code"]),
        (&json!(0), &json!("InsufficientSampleData"))
    );
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let keep = "$TargetDedicatedNodes = 1; $NodeDeallocationOption = retaineddata;";
    account.post("/pools/p/enableautoscale", json!({"autoScaleFormula": keep})).await.expect(200);
    let pool = account.get("/pools/p").await.json();
    assert_eq!(
        (&pool["targetDedicatedNodes"], &pool["autoScaleRun"]["error"]["code"]),
        (&json!(0), &json!("NotImplementedByEmulator"))
    );
}

#[tokio::test]
async fn a_pool_has_a_size_or_a_formula() {
    let account = Account::new().await;
    let create = async |more: Value| account.post("/pools", with(pool("p"), more)).await;
    create(json!({"enableAutoScale": true, "autoScaleFormula": "a=1;"}))
        .await
        .refused(400, "InvalidAutoScalingSettings");
    create(json!({"autoScaleFormula": "a=1;"})).await.refused(400, "InvalidAutoScalingSettings");
    let interval = with(scaled("p", "a=1;"), json!({"autoScaleEvaluationInterval": "PT1M"}));
    account.post("/pools", interval).await.refused(400, "InvalidPropertyValue");
    account.post("/pools", scaled("p", "a = ;")).await.refused(400, "AutoScalingFormulaSyntaxError");
    account.get("/pools/p").await.expect(404);
}

#[tokio::test]
async fn a_formula_is_enabled_changed_and_disabled() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let enable = async |body: Value| account.post("/pools/p/enableautoscale", body).await;
    enable(json!({})).await.refused(400, "MissingRequiredProperty");
    enable(json!({"autoScaleFormula": "$TargetDedicatedNodes=1", "autoScaleEvaluationInterval": "PT1M"}))
        .await
        .refused(400, "InvalidPropertyValue");
    enable(json!({"autoScaleFormula": "$TargetDedicatedNodes=1"})).await.expect(200);
    let pool = account.get("/pools/p").await.json();
    assert_eq!(
        (&pool["enableAutoScale"], &pool["autoScaleEvaluationInterval"]),
        (&json!(true), &json!("PT15M"))
    );
    assert_eq!(
        pool["autoScaleRun"]["results"],
        "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    );
    let resize = account.post("/pools/p/resize", json!({"targetDedicatedNodes": 2})).await;
    resize.refused(409, "OperationInvalidForCurrentState");
    enable(json!({"autoScaleEvaluationInterval": "PT10M"})).await.expect(200);
    assert_eq!(account.get("/pools/p").await.json()["autoScaleFormula"], "$TargetDedicatedNodes=1");
    account.post("/pools/p/disableautoscale", json!({})).await.expect(200);
    let pool = account.get("/pools/p").await.json();
    assert_eq!((&pool["enableAutoScale"], &pool["autoScaleFormula"]), (&json!(false), &Value::Null));
    assert_eq!(pool["autoScaleRun"], Value::Null);
    account.post("/pools/p/resize", json!({"targetDedicatedNodes": 2})).await.expect(202);
}

#[tokio::test]
async fn samples_come_every_half_minute_and_outlive_the_process() {
    let (account, clock) = standing().await;
    account.post("/pools", scaled("p", "$TargetDedicatedNodes = 0;")).await.expect(201);
    pass(&clock, 120).await;
    let count = "n = $ActiveTasks.Count(); p = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 4); \
                 c = $CPUPercent.Count();";
    let results = evaluate(&account, count).await["results"].as_str().unwrap().to_owned();
    assert!(results.ends_with(";c=0;n=5;p=62.5"), "{results}");
    let account = account.reopen_simulated().await;
    let made = json!("2026-03-10T14:30:00.0000000Z");
    assert_eq!(account.get("/pools/p").await.json()["autoScaleRun"]["timestamp"], made, "not due yet");
    pass_until(&account, &clock, "/pools/p", |pool| pool["autoScaleRun"]["timestamp"] != made).await;
    let results =
        evaluate(&account, "n = $ActiveTasks.Count();").await["results"].as_str().unwrap().to_owned();
    let counted: u32 = results.rsplit_once("n=").unwrap().1.parse().unwrap();
    assert!((8..=12).contains(&counted), "those from before, and since: {results}");
}
