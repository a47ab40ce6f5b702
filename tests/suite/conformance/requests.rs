//! For the same call our client sends what the official SDK sends.
//!
//! `conformance/python/every_call.py` calls every operation of the SDK, with arguments of every kind, at a service that answers
//! success to everything and remembers what it was sent, as it arrived. The same calls are then made with our client: with
//! the arguments that the script tells, and with bodies that our models have read from the SDK's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use batchyard::batch::auth::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY};
use batchyard::batch::model::UsagePeriod;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::every_operation;
use batchyard::batch::{Conditions, DateTime, ETag, OperationSpec};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::difference::{Comparison, Difference};
use crate::client::server::{Log, Received, client, router, serve};
use crate::contract::every_operation::{Arguments, answer_success, asked_for, send};
use crate::contract::generate::definition_of;
use crate::support::{Sandbox, Service};

/// Nearly a thousand calls, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A difference that is as it should be.
struct Known {
    /// The methods of the requests that may differ so.
    methods: &'static [&'static str],
    /// Where they differ.
    place: &'static str,
    /// What our client sends there, if anything.
    ours: Option<&'static str>,
    /// What the SDK sends there, where it may be nothing else.
    theirs: Option<&'static str>,
    reason: &'static str,
}

const READS: &[&str] = &["GET", "HEAD"];
const ALL: &[&str] = &["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];
const UNCONDITIONAL: &str =
    "the client reads what is there, and asks for nothing on condition that it changed";

/// Where both are right. An entry that no request needs any more fails the test.
const KNOWN: &[Known] = &[
    Known {
        methods: ALL,
        place: "header return-client-request-id",
        ours: Some("true"),
        theirs: None,
        reason: "the client wants its id back, so that whoever records answers can tell whose they are",
    },
    Known {
        methods: &["DELETE", "HEAD", "PATCH", "POST", "PUT"],
        place: "header accept",
        ours: Some("application/json"),
        theirs: Some("*/*"),
        reason: "where success has no body, an error has one, and that is JSON",
    },
    Known {
        methods: ALL,
        place: "query timeOut",
        ours: None,
        theirs: None,
        reason: "the client limits its own waiting, and leaves the service the 30 seconds that are the default and the most",
    },
    Known {
        methods: &["GET"],
        place: "query $expand",
        ours: None,
        theirs: Some("stats"),
        reason: "nothing that is read with the client shows the service's statistics",
    },
    Known {
        methods: &["DELETE", "POST"],
        place: "query force",
        ours: None,
        theirs: Some("false"),
        reason: "what is the default is not sent",
    },
    Known {
        methods: &["DELETE", "GET"],
        place: "query recursive",
        ours: None,
        theirs: Some("false"),
        reason: "what is the default is not sent",
    },
    Known { methods: READS, place: "header if-match", ours: None, theirs: None, reason: UNCONDITIONAL },
    Known { methods: READS, place: "header if-none-match", ours: None, theirs: None, reason: UNCONDITIONAL },
    Known {
        methods: READS,
        place: "header if-modified-since",
        ours: None,
        theirs: None,
        reason: UNCONDITIONAL,
    },
    Known {
        methods: READS,
        place: "header if-unmodified-since",
        ours: None,
        theirs: None,
        reason: UNCONDITIONAL,
    },
];

impl Known {
    fn allows(&self, method: &str, difference: &Difference) -> bool {
        self.methods.contains(&method)
            && self.place == difference.place
            && self.ours == difference.ours.as_deref()
            && self.theirs.is_none_or(|theirs| difference.theirs.as_deref() == Some(theirs))
    }
}

/// A call of the SDK, as the script tells it.
#[derive(Debug, Deserialize)]
struct Call {
    call: String,
    method: String,
    arguments: Map<String, Value>,
}

impl Call {
    /// Our operation of the method's name.
    fn operation(&self) -> &'static OperationSpec {
        let name = self.method.strip_prefix("begin_").unwrap_or(&self.method);
        let name = name.replace("download_", "get_").replace('_', "");
        let is_named =
            |spec: &&OperationSpec| spec.name.split_once('_').unwrap().1.eq_ignore_ascii_case(&name);
        every_operation()
            .find(is_named)
            .unwrap_or_else(|| panic!("nothing of ours is called {}", self.method))
    }
}

/// The arguments of a call of the SDK.
struct Recorded<'a> {
    operation: &'static str,
    arguments: &'a Map<String, Value>,
    body: &'a [u8],
}

impl Recorded<'_> {
    fn optional<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.arguments.get(name).map(|value| serde_json::from_value(value.clone()).unwrap())
    }

    fn tag(&self, condition: &str) -> Option<ETag> {
        (self.arguments.get("match_condition") == Some(&json!(condition)))
            .then(|| ETag::new(self.arguments["etag"].as_str().unwrap()))
    }
}

impl Arguments for Recorded<'_> {
    fn id<T: DeserializeOwned>(&mut self, name: &str) -> T {
        self.optional(name).unwrap_or_else(|| panic!("{} has no {name}", self.operation))
    }

    fn text(&mut self, name: &str) -> String {
        self.id(name)
    }

    fn flag(&mut self, name: &str) -> bool {
        self.optional(name).unwrap_or_default()
    }

    fn range(&mut self, _: &str) -> Option<String> {
        self.optional("ocp_range")
    }

    fn select(&mut self, _: &str) -> Select {
        let names: Vec<String> = self.optional("select").unwrap_or_default();
        Select::of(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn list(&mut self, name: &str) -> ListQuery {
        ListQuery {
            filter: self.optional("filter"),
            select: self.select(name),
            max_results: self.optional("max_results"),
        }
    }

    fn period(&mut self, _: &str) -> UsagePeriod {
        UsagePeriod { start_time: self.optional("start_time"), end_time: self.optional("end_time") }
    }

    fn conditions(&mut self, _: &str) -> Conditions {
        Conditions {
            if_match: self.tag("IfNotModified"),
            if_none_match: self.tag("IfModified"),
            if_modified_since: self.optional::<DateTime>("if_modified_since"),
            if_unmodified_since: self.optional::<DateTime>("if_unmodified_since"),
        }
    }

    fn body<T: DeserializeOwned>(&mut self, _: &str) -> T {
        let definition = definition_of::<T>(self.operation);
        let told = self.arguments.values().any(|value| value == definition);
        assert!(told, "{} takes no {definition}: {:?}", self.operation, self.arguments);
        serde_json::from_slice(self.body).unwrap_or_else(|error| panic!("{}: {error}", self.operation))
    }
}

/// Has the SDK call every operation at `endpoint`.
fn calls_of_the_sdk(python: &str, endpoint: &str) -> Vec<Call> {
    let sandbox = Sandbox::new();
    let output = sandbox
        .program(python)
        .args(["-B", "every_call.py"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/python"))
        .env("CONFORMANCE_ENDPOINT", endpoint)
        .env("CONFORMANCE_ACCOUNT", DEVELOPMENT_ACCOUNT)
        .env("CONFORMANCE_KEY", DEVELOPMENT_KEY)
        .timeout(TIMEOUT)
        .run();
    assert!(output.code == Some(0), "{output}");
    output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn taken(log: &Log) -> Vec<Received> {
    std::mem::take(&mut log.lock().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_sends_what_the_official_sdk_sends_for_the_same_call() {
    let Some(python) = Service::Python.address() else { return };
    let (service, log) = router(answer_success);
    let url = serve(service).await;
    let calls = calls_of_the_sdk(&python, url.as_str());
    let recorded = taken(&log);
    let ours = client(url);

    let (mut fields, mut needed) = (0, BTreeSet::new());
    let mut operations: BTreeSet<&str> = BTreeSet::new();
    let mut unknown: BTreeMap<String, Difference> = BTreeMap::new();
    for call in &calls {
        let spec = call.operation();
        // What a poller asks afterwards carries the same mark.
        let of_this_call =
            |request: &&Received| request.header("x-call") == call.call && asked_for(request) == Some(spec);
        let theirs = recorded.iter().find(of_this_call).unwrap_or_else(|| panic!("{call:?} was not sent"));
        assert!(theirs.is_signed(), "{theirs:?}");
        let mut arguments = Recorded { operation: spec.name, arguments: &call.arguments, body: &theirs.body };
        send(&ours, spec.name, &mut arguments).await;
        let [sent] = <[_; 1]>::try_from(taken(&log)).expect("one call is one request");
        let comparison = Comparison::of(&sent, theirs);
        fields += comparison.fields;
        operations.insert(spec.name);
        for difference in comparison.differences {
            match KNOWN.iter().position(|known| known.allows(&theirs.method, &difference)) {
                Some(known) => _ = needed.insert(known),
                None => _ = unknown.insert(format!("{}: {}", spec.name, difference.place), difference),
            }
        }
    }
    assert!(unknown.is_empty(), "{} differences:\n{unknown:#?}", unknown.len());
    let stale = (0..KNOWN.len()).filter(|known| !needed.contains(known)).map(|known| KNOWN[known].place);
    assert_eq!(stale.collect::<Vec<_>>(), Vec::<&str>::new(), "no request differs so any more");
    assert_eq!(operations.len(), every_operation().count());
    eprintln!(
        "{} calls of {} operations, {fields} fields; both are right in:",
        calls.len(),
        operations.len()
    );
    for known in KNOWN {
        eprintln!("  {} of {}: {}", known.place, known.methods.join(", "), known.reason);
    }
}
