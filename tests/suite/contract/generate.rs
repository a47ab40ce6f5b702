//! Arguments made up from the OpenAPI document: the same each time.

use batchyard::batch::model::UsagePeriod;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::{Conditions, DateTime, ETag, OperationSpec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::every_operation::Arguments;
use super::openapi::{Document, reference, writable};

/// Which of the things that may be left out are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// None of them.
    Required,
    /// Some of them.
    Some,
    /// All of them.
    All,
}

/// Operations whose body has another name in the document: there, what replaces an object is the object itself.
const REPLACING: &[(&str, &str)] = &[
    ("Jobs_ReplaceJob", "BatchJob"),
    ("JobSchedules_ReplaceJobSchedule", "BatchJobSchedule"),
    ("Tasks_ReplaceTask", "BatchTask"),
];

/// The name in the document of the body `T` of an operation.
pub fn definition_of<T>(operation: &str) -> &'static str {
    let ours = std::any::type_name::<T>().rsplit("::").next().unwrap();
    REPLACING.iter().find(|(name, _)| *name == operation).map_or(ours, |(_, theirs)| theirs)
}

/// Makes arguments up.
pub struct Generator<'a> {
    document: &'a Document,
    runner: &'a mut TestRunner,
    operation: &'a OperationSpec,
    fill: Fill,
    /// The body that was made up, and its definition.
    pub body: Option<(&'static str, Value)>,
}

impl<'a> Generator<'a> {
    pub fn new(
        document: &'a Document,
        runner: &'a mut TestRunner,
        operation: &'a OperationSpec,
        fill: Fill,
    ) -> Self {
        Self { document, runner, operation, fill, body: None }
    }

    fn draw<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(self.runner).unwrap().current()
    }

    fn maybe<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> Option<T> {
        let there = match self.fill {
            Fill::Required => false,
            Fill::Some => self.draw(any::<bool>()),
            Fill::All => true,
        };
        there.then(|| self.draw(strategy))
    }
}

impl Arguments for Generator<'_> {
    fn id<T: DeserializeOwned>(&mut self, _: &str) -> T {
        let id = self.draw(ids());
        serde_json::from_value(json!(id)).unwrap()
    }

    fn text(&mut self, _: &str) -> String {
        // A path of `.` or `..` can't be sent.
        self.draw("[a-z]\\PC{0,20}")
    }

    fn flag(&mut self, _: &str) -> bool {
        self.maybe(Just(true)).unwrap_or_default()
    }

    fn range(&mut self, _: &str) -> Option<String> {
        self.maybe(
            (0..1000_u32, 0..1000_u32).prop_map(|(from, more)| format!("bytes={from}-{}", from + more)),
        )
    }

    fn select(&mut self, _: &str) -> Select {
        self.maybe(proptest::sample::subsequence(vec!["id", "url", "state"], 1..=3))
            .map(|names| Select::of(&names))
            .unwrap_or_default()
    }

    fn list(&mut self, name: &str) -> ListQuery {
        let takes = |parameter| self.document.takes(self.operation, parameter);
        let (filter, select) = (takes("$filter"), takes("$select"));
        ListQuery {
            filter: filter.then(|| self.maybe("id eq '[a-z &+é]{1,9}'")).flatten(),
            select: if select { self.select(name) } else { Select::default() },
            max_results: self.maybe(1..=1000_u32),
        }
    }

    fn period(&mut self, _: &str) -> UsagePeriod {
        UsagePeriod { start_time: self.maybe(times()), end_time: self.maybe(times()) }
    }

    fn conditions(&mut self, _: &str) -> Conditions {
        Conditions {
            if_match: self.maybe("0x[0-9A-F]{15}").map(|tag| ETag::new(&tag)),
            if_none_match: self.maybe("0x[0-9A-F]{15}").map(|tag| ETag::new(&tag)),
            if_modified_since: self.maybe(times()),
            if_unmodified_since: self.maybe(times()),
        }
    }

    fn body<T: DeserializeOwned>(&mut self, _: &str) -> T {
        let name = definition_of::<T>(self.operation.name);
        let body = self.draw(values(self.document, self.document.definition(name), "", self.fill));
        self.body = Some((name, body.clone()));
        serde_json::from_value(body.clone()).unwrap_or_else(|error| {
            panic!("{} is not a {name} of ours: {error}\n{body:#}", self.operation.name)
        })
    }
}

fn ids() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,20}"
}

fn times() -> impl Strategy<Value = DateTime> {
    (0..4_000_000_000_i64).prop_map(|second| DateTime(jiff::Timestamp::from_second(second).unwrap()))
}

/// Values of a schema, as clients may send them; `name` is that of the property.
fn values(document: &Document, schema: &Value, name: &str, fill: Fill) -> BoxedStrategy<Value> {
    if let Some(definition) = reference(schema) {
        return values(document, document.definition(definition), name, fill);
    }
    if let Some(members) = document.values_of(schema) {
        return proptest::sample::select(members).boxed();
    }
    match schema["type"].as_str() {
        Some("object") if schema["additionalProperties"].is_object() => {
            proptest::collection::hash_map("[a-z]{1,8}", "\\PC{0,8}", 1..3).prop_map(|map| json!(map)).boxed()
        }
        Some("object") => objects(document, schema, fill),
        Some("array") => {
            let least = usize::from(fill == Fill::All);
            let items = values(document, &schema["items"], name, fill);
            proptest::collection::vec(items, least..3).prop_map(Value::Array).boxed()
        }
        Some("string") => strings(schema, name),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("integer") => any::<i32>().prop_map(Value::from).boxed(),
        Some("number") => (0..10_000_u32).prop_map(|hundredths| json!(f64::from(hundredths) / 100.0)).boxed(),
        other => panic!("{name}: nobody knows a value of the type {other:?}"),
    }
}

fn objects(document: &Document, schema: &Value, fill: Fill) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties: Vec<BoxedStrategy<Option<(String, Value)>>> = writable(schema)
        .filter_map(|(name, schema)| {
            let is_required = required.iter().any(|required| required == name);
            if fill == Fill::Required && !is_required {
                return None;
            }
            let label = name.clone();
            let property = values(document, schema, name, fill).prop_map(move |value| (label.clone(), value));
            Some(if is_required || fill == Fill::All {
                property.prop_map(Some).boxed()
            } else {
                proptest::option::of(property).boxed()
            })
        })
        .collect();
    properties.prop_map(|properties| Value::Object(properties.into_iter().flatten().collect())).boxed()
}

fn strings(schema: &Value, name: &str) -> BoxedStrategy<Value> {
    match schema["format"].as_str().or(schema["x-format"].as_str()) {
        Some("date-time") => times().prop_map(|time| json!(time.to_string())).boxed(),
        Some("duration") => proptest::sample::select(vec!["PT5M", "P1DT2H3M4S", "PT0.5S", "P7D"])
            .prop_map(Value::from)
            .boxed(),
        Some("int64") => any::<i64>().prop_map(|number| json!(number.to_string())).boxed(),
        Some(other) => panic!("{name}: nobody knows a text of the format {other}"),
        None if matches!(name, "displayName" | "value" | "commandLine" | "terminateReason") => {
            "\\PC{1,16}".prop_map(Value::from).boxed()
        }
        None => ids().prop_map(Value::from).boxed(),
    }
}
