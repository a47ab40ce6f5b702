//! Every request that the client can send, as it arrives, is valid by the OpenAPI document of its version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use batchyard::batch::model::BatchTaskCreateOptions;
use batchyard::batch::operations::*;
use batchyard::batch::{JobId, OperationSpec, TaskId};
use batchyard::client::{AddTasksOptions, BatchClient};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use proptest::test_runner::TestRunner;
use regex::Regex;
use serde_json::{Value, json};

use super::every_operation::{answer_success, asked_for, send};
use super::example::assert_same;
use super::generate::{Fill, Generator};
use super::openapi::{Document, Property};
use crate::client::server::{Log, Received, in_process, router};

/// How often each operation is sent with arguments of each kind. The more, the more values of enumerations occur.
const ROUNDS: [(Fill, usize); 3] = [(Fill::Required, 1), (Fill::All, 6), (Fill::Some, 6)];

/// What was sent, and what its body was made from.
struct Sent {
    operation: &'static OperationSpec,
    fill: Fill,
    request: Received,
    body: Option<(&'static str, Value)>,
    /// The operation as it reads with its arguments.
    shown: String,
}

/// A client whose requests are logged and succeed.
fn logged() -> (BatchClient, Log) {
    let (service, log) = router(answer_success);
    (in_process(service), log)
}

/// Takes what is in the log.
fn taken(log: &Log) -> Vec<Received> {
    std::mem::take(&mut log.lock().unwrap())
}

/// Sends every operation with arguments of every kind.
async fn everything(document: &Document) -> Vec<Sent> {
    let (client, log) = logged();
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for (fill, rounds) in ROUNDS {
        for spec in every_operation().flat_map(|spec| std::iter::repeat_n(spec, rounds)) {
            let mut arguments = Generator::new(document, &mut runner, spec, fill);
            let shown = send(&client, spec.name, &mut arguments).await;
            let body = arguments.body;
            let [request] = <[_; 1]>::try_from(taken(&log)).expect("one operation is one request");
            assert_eq!(asked_for(&request), Some(spec), "{request:?}");
            all.push(Sent { operation: spec, fill, request, body, shown });
        }
    }
    all
}

/// What is wrong with requests.
fn faults_of(document: &Document, sent: &[Sent]) -> BTreeSet<String> {
    let faults = |Sent { operation, fill, request, body, .. }: &Sent| {
        let definition = body.as_ref().map(|(definition, _)| *definition);
        let (name, found) = (operation.name, document.faults(request, definition));
        let shown = found.into_iter().map(move |fault| format!("{name} ({fill:?}): {fault}"));
        shown.collect::<Vec<_>>()
    };
    sent.iter().flat_map(faults).collect()
}

/// The fields that nothing was said of in requests in which all is said, save the query parameters that an operation has not.
fn unsaid(document: &Document, sent: &[Sent]) -> BTreeSet<String> {
    // `field: None`, `Other("…")`, and the maps of properties without a field of their own.
    let left = Regex::new(r#"\w+: None|Select\(\[\]\)|\bOther\("[^"]*"\)|other: \{[^}]+\}"#).unwrap();
    let excused = |operation: &OperationSpec, field: &str| match field {
        "filter: None" => !document.takes(operation, "$filter"),
        "Select([])" => !document.takes(operation, "$select"),
        _ => false,
    };
    let whole = sent.iter().filter(|sent| sent.fill == Fill::All);
    whole
        .flat_map(|Sent { operation, shown, .. }| {
            let fields = left.find_iter(shown).map(|found| found.as_str());
            fields
                .filter(|field| !excused(operation, field))
                .map(|field| format!("{}: {field}", operation.name))
        })
        .collect()
}

#[tokio::test]
async fn every_request_that_the_client_can_send_is_valid_and_no_property_is_left_out() {
    let Some(document) = Document::find() else { return };
    let sent = everything(&document).await;
    let faults = faults_of(&document, &sent);
    assert!(faults.is_empty(), "{faults:#?}");

    let mut known: BTreeSet<Property> = BTreeSet::new();
    let mut occurring: BTreeSet<Property> = BTreeSet::new();
    for Sent { operation, request, body, .. } in &sent {
        assert!(request.is_signed(), "{request:?}");
        if let Some((definition, body)) = body {
            assert_same(operation.name, "the body", body, &request.json());
            known.extend(document.properties(definition));
            occurring.extend(document.properties_in(&request.json(), definition));
        }
    }
    assert_eq!(known.difference(&occurring).collect::<Vec<_>>(), Vec::<&Property>::new());
    assert_eq!(unsaid(&document, &sent), BTreeSet::new(), "fields that the document does not know");

    let operations: BTreeSet<&str> = sent.iter().map(|sent| sent.operation.name).collect();
    assert_eq!(operations.len(), every_operation().count());
    let definitions: BTreeSet<&String> = known.iter().map(|(definition, _)| definition).collect();
    eprintln!(
        "{} requests of {} operations, with {} properties of {} definitions",
        sent.len(),
        operations.len(),
        known.len(),
        definitions.len()
    );
}

#[tokio::test]
async fn tasks_in_bulk_and_ranges_of_files_are_valid_too() {
    let Some(document) = Document::find() else { return };
    let (client, log) = logged();
    let job_id = JobId::new("j").unwrap();
    let tasks = (0..3).map(|number| {
        BatchTaskCreateOptions::new(TaskId::new(format!("t{number}")).unwrap(), "echo hello".to_owned())
    });
    let options = AddTasksOptions { max_rounds: 1, ..AddTasksOptions::default() };
    client.add_tasks(job_id.clone(), stream::iter(tasks), options).for_each(|_| async {}).await;
    let task_id = TaskId::new("t").unwrap();
    let file = GetTaskFile { job_id, task_id, file_path: "stdout.txt".to_owned(), range: None };
    let _ = client.read_file_range(&file, 10..20).await;
    let [bulk, range] = <[_; 2]>::try_from(taken(&log)).unwrap();
    assert_eq!(document.faults(&bulk, Some("BatchTaskGroup")), Vec::<String>::new());
    assert_eq!(document.faults(&range, None), Vec::<String>::new());
    assert_eq!(range.header("ocp-range"), "bytes=10-19");
}

#[test]
fn the_table_of_operations_has_the_documents_statuses() {
    let Some(document) = Document::find() else { return };
    for spec in every_operation() {
        let documented = document.success(spec.method.as_str(), spec.path);
        // Whether something exists is also told by 404.
        let documented = documented.strip_suffix(", 404").unwrap_or(documented);
        assert_eq!(documented, spec.success.to_string(), "{}", spec.name);
    }
}

#[test]
fn every_enumeration_of_the_model_has_the_documents_values() {
    let Some(document) = Document::find() else { return };
    let declared = Regex::new(r"wire_enum!\(\s*(?:///[^\n]*\n\s*)+(\w+) \{([^}]*)\}").unwrap();
    let value = Regex::new(r#"= "([^"]*)""#).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/batch/model");
    let documented = document.enumerations();
    let retired = older_enumerations();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for declaration in declared.captures_iter(&source) {
            let ours: BTreeSet<String> =
                value.captures_iter(&declaration[2]).map(|value| value[1].to_owned()).collect();
            let name = &declaration[1];
            assert_eq!(Some(&ours), documented.get(name).or_else(|| retired.get(name)), "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 50, "{compared}");
    eprintln!("{compared} enumerations are the document's");
}

/// The enumerations of a version that has certificates, under the names that SDKs give them now, with `Batch` in front.
fn older_enumerations() -> BTreeMap<String, BTreeSet<String>> {
    let path = "../shared/reference/spec/2024-02-01.19.0/BatchService.json";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut found = BTreeMap::new();
    let mut open = vec![&document["definitions"]];
    while let Some(value) = open.pop() {
        if let Some(name) = value["x-ms-enum"]["name"].as_str() {
            let values = value["enum"].as_array().unwrap().iter();
            let values = values.map(|value| value.as_str().unwrap().to_owned());
            found.insert(format!("Batch{name}"), values.collect());
        }
        open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    found
}

/// A request for a pool that has nothing wrong with it.
async fn good_pool() -> Received {
    let (client, log) = logged();
    let pool = json!({"id": "p", "vmSize": "standard_d2s_v3", "targetDedicatedNodes": 1, "resizeTimeout": "PT5M",
        "taskSchedulingPolicy": {"nodeFillType": "pack"}, "metadata": [{"name": "a", "value": "b"}]});
    client.send(&CreatePool { pool: serde_json::from_value(pool).unwrap() }).await.unwrap();
    taken(&log).remove(0)
}

#[tokio::test]
async fn a_mistake_in_a_request_is_found() {
    let Some(document) = Document::find() else { return };
    let good = good_pool().await;
    let faults = |request: &Received| document.faults(request, Some("BatchPoolCreateOptions"));
    assert_eq!(faults(&good), Vec::<String>::new());

    // Where in the body, what stands there instead (nothing: the property is missing), and what is said of it.
    let mistakes = [
        ("/pinned", json!(true), "pinned"),
        ("/metadata/0/colour", json!("red"), "colour"),
        ("/targetDedicatedNodes", json!("1"), "/targetDedicatedNodes"),
        ("/targetDedicatedNodes", json!(1.5), "/targetDedicatedNodes"),
        ("/vmSize", json!(null), "/vmSize"),
        ("/resizeTimeout", json!("5 minutes"), "/resizeTimeout"),
        ("/taskSchedulingPolicy/nodeFillType", json!("tetris"), "/taskSchedulingPolicy/nodeFillType"),
        ("/metadata", json!({"a": "b"}), "/metadata"),
    ];
    for (place, value, said) in mistakes {
        let (object, property) = place.rsplit_once('/').unwrap();
        let mut body = good.json();
        body.pointer_mut(object).unwrap()[property] = value;
        let found = faults(&Received { body: Bytes::from(body.to_string()), ..good.clone() });
        assert!(found.len() == 1 && found[0].contains(said), "{place}: {found:?}");
    }
    for missing in ["id", "vmSize"] {
        let mut body = good.json();
        body.as_object_mut().unwrap().remove(missing);
        let found = faults(&Received { body: Bytes::from(body.to_string()), ..good.clone() });
        assert!(found.len() == 1 && found[0].contains(missing), "{missing}: {found:?}");
    }
}

#[tokio::test]
async fn a_mistake_around_the_body_is_found() {
    let Some(document) = Document::find() else { return };
    let good = good_pool().await;
    let with_header = |name: &str, value: &str| {
        let mut headers: BTreeMap<String, String> = good.headers.iter().cloned().collect();
        headers.insert(name.to_owned(), value.to_owned());
        Received { headers: headers.into_iter().collect(), ..good.clone() }
    };
    let mistakes = [
        (Received { path: "/pool".to_owned(), ..good.clone() }, "there is no POST /pool"),
        (Received { path: "/pools/".to_owned(), ..good.clone() }, "there is no POST /pools/"),
        (Received { method: "PUT".to_owned(), ..good.clone() }, "there is no PUT /pools"),
        (Received { query: String::new(), ..good.clone() }, "the query lacks api-version"),
        (Received { query: format!("{}&force=true", good.query), ..good.clone() }, "the query has force"),
        (
            Received { query: format!("{0}&{0}", good.query), ..good.clone() },
            "the query has api-version twice",
        ),
        (
            Received { query: "api-version=2024-07-01.20.0".to_owned(), ..good.clone() },
            "the query's api-version is",
        ),
        (Received { body: Bytes::new(), ..good.clone() }, "there is no body"),
        (with_header("content-type", "application/json"), "its content type is"),
        (with_header("if-match", "0x1"), "it has the header if-match"),
        (with_header("ocp-date", "2026-01-01T00:00:00Z"), "the header ocp-date is"),
    ];
    for (request, said) in mistakes {
        let found = document.faults(&request, Some("BatchPoolCreateOptions"));
        assert!(found.len() == 1 && found[0].starts_with(said), "{said}: {found:?}");
    }
    assert_eq!(document.faults(&good, None), ["there is a body"]);
}
