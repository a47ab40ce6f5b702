//! Lists: pages, filters, selections.

use serde_json::{Value, json};

use super::account::{Account, HOST, NAME};

async fn jobs(count: usize) -> Account {
    let account = Account::new().await;
    for number in 0..count {
        let job = json!({"id": format!("Job-{number}"), "poolInfo": {"poolId": if number % 2 == 0 { "Even" } else { "odd" }}});
        account.post("/jobs", job).await.expect(201);
    }
    account
}

fn ids(list: &Value) -> Vec<&str> {
    list["value"].as_array().unwrap().iter().map(|object| object["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_on_the_callers_host() {
    let account = jobs(5).await;
    let mut target = format!("/{NAME}/jobs?maxresults=2&$select=id%2Cstate&$filter=state%20eq%20'active'");
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let page = account.get(&target).await.expect(200).json();
        assert!(page["value"].as_array().unwrap().iter().all(|job| job.as_object().unwrap().len() == 2));
        found.extend(ids(&page).into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = page["odata.nextLink"].as_str() else { break };
        target = next.strip_prefix(&format!("http://{HOST}")).unwrap().to_owned();
        assert!(target.starts_with(&format!("/{NAME}/jobs?")) && target.contains("api-version=2025-06-01"));
    }
    assert_eq!((pages, found), (3, (0..5).map(|n| format!("Job-{n}")).collect()));
}

#[tokio::test]
async fn filters_are_evaluated_and_bad_ones_refused() {
    let account = jobs(4).await;
    let find = async |filter: &str| {
        let filter = filter.replace(' ', "%20");
        account.get(&format!("/jobs?$filter={filter}")).await
    };
    let even = find("executionInfo/poolId eq 'even' and startswith(id, 'JOB')").await.expect(200).json();
    assert_eq!(ids(&even), ["Job-0", "Job-2"]);
    let all = find("creationTime gt DateTime'2020-01-01T00:00:00Z'").await.expect(200).json();
    assert_eq!(ids(&all).len(), 4);
    for (filter, reason) in [
        ("state like 'a'", "character 7"),
        ("priority eq 1", "can't be filtered by `priority`"),
        ("state eq 1", "can't be compared"),
    ] {
        let refused = find(filter).await.refused(400, "InvalidQueryParameterValue");
        assert!(refused.detail("Reason").contains(reason), "{}", refused.text);
    }
}

#[tokio::test]
async fn page_sizes_are_1_to_1000() {
    let account = jobs(0).await;
    for size in ["0", "1001"] {
        let refused = account.get(&format!("/jobs?maxresults={size}")).await;
        refused.refused(400, "OutOfRangeQueryParameterValue");
    }
    account.get("/jobs?maxresults=many").await.refused(400, "InvalidQueryParameterValue");
    account.get("/jobs?$skiptoken=!").await.refused(400, "InvalidQueryParameterValue");
    assert_eq!(account.get("/jobs?MaxResults=1000").await.expect(200).json()["value"], json!([]));
}

#[tokio::test]
async fn images_are_listed_with_their_node_agents() {
    let account = jobs(0).await;
    let filter = "nodeAgentSKUId%20eq%20'batch.node.ubuntu%2022.04'";
    let list =
        account.get(&format!("/supportedimages?$filter={filter}&maxresults=1")).await.expect(200).json();
    assert_eq!(list["value"][0]["imageReference"]["sku"], "2204");
    assert_eq!(list["value"][0]["osType"], "linux");
    assert_eq!(list["odata.nextLink"], Value::Null);
}

#[tokio::test]
async fn only_properties_that_there_are_can_be_selected_expanded_and_filtered_by() {
    let account = jobs(1).await;
    for (query, name) in [
        ("/jobs?$select=id,nonsense", "nonsense"),
        ("/jobs?$select=ID", "ID"),
        ("/jobs/Job-0?$select=taskSlotsPerNode", "taskSlotsPerNode"),
        ("/jobs?$expand=tasks", "tasks"),
        ("/supportedimages?$filter=sku%20eq%20'2204'", "sku"),
    ] {
        let refused = account.get(query).await.refused(400, "InvalidQueryParameterValue");
        assert_eq!(refused.detail("QueryParameterValue"), name, "{query}");
    }
    let job = account.get("/jobs/Job-0?$select=id,%20state&$expand=stats").await.expect(200).json();
    assert_eq!(job.as_object().unwrap().len(), 3);
}
