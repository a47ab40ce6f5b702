//! One example of the service's documents, and what it is compared with.

use std::path::Path;

use batchyard::batch::{DateTime, Operation, WireDuration};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An example: its file, what was sent, what was answered.
pub(super) struct Example {
    pub(super) file: String,
    /// The operation, by its name in the older documents or in the present one: `JobAdd`, `Jobs_TerminateJob`.
    pub(super) operation: String,
    parameters: Value,
    answer: Option<Value>,
}

impl Example {
    pub(super) fn read(path: &Path) -> Self {
        let example: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let words: Vec<&str> = file.split('_').collect();
        let present =
            example["operationId"].as_str().is_some_and(|name| name.contains('_')) && words.len() > 1;
        let operation = match example["operationId"].as_str() {
            Some(name) if present => name.to_owned(),
            _ => words[0].to_owned(),
        };
        let answers = example["responses"].as_object().unwrap();
        let answer = answers.values().find_map(|answer| answer.get("body")).filter(|body| body.is_object());
        Self { file, operation, parameters: example["parameters"].clone(), answer: answer.cloned() }
    }

    /// An id of the path.
    pub(super) fn id<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.parameters[name].clone()).unwrap()
    }

    /// The body that is sent: the only parameter that is an object.
    fn body(&self) -> Option<&Value> {
        self.parameters.as_object().unwrap().values().find(|value| value.is_object())
    }

    pub(super) fn sent<T: DeserializeOwned>(&self) -> T {
        let body = self.body().cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        serde_json::from_value(body).unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// Checks what `operation` sends, and what it makes of the answer.
    pub(super) fn check<Op>(&self, operation: &Op)
    where
        Op: Operation<Output: Serialize>,
    {
        self.check_request(operation);
        if let Some(answer) = &self.answer {
            let decoded: Op::Output = serde_json::from_value(answer.clone())
                .unwrap_or_else(|error| panic!("{}: {error}", self.file));
            let encoded = serde_json::to_value(decoded).unwrap();
            assert_same(&self.file, "the answer", answer, &encoded);
        }
    }

    pub(super) fn check_request<Op: Operation>(&self, operation: &Op) {
        let sent = operation.body().unwrap().map(|body| serde_json::from_slice::<Value>(&body).unwrap());
        match (self.body(), sent) {
            (Some(expected), Some(sent)) => assert_same(&self.file, "the request", expected, &sent),
            (None, sent) => assert!(sent.is_none_or(|body| body == serde_json::json!({})), "{}", self.file),
            (Some(_), None) => panic!("{}: nothing is sent", self.file),
        }
        let path = Op::SPEC.render_path(&operation.path_parameters());
        for (name, value) in self.parameters.as_object().unwrap() {
            if let Some(value) = value.as_str().filter(|_| Op::SPEC.path.contains(&format!("{{{name}}}"))) {
                let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
                assert!(decoded.contains(value), "{}: {path} lacks {value}", self.file);
            }
        }
    }
}

/// Properties whose values the examples write in another case than the models: enumerations.
const ENUMERATIONS: &[&str] = &["placement"];

/// Whether two documents say the same: times and durations may be written in several ways, enumerations in either case, 64-bit
/// numbers as numbers or strings, and what is absent as null. `name` is that of the property that has these values.
fn same(name: &str, expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let names: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
            let value =
                |map: &serde_json::Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| same(name, &value(expected, name), &value(actual, name)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(a, b)| same(name, a, b))
        }
        (Value::String(expected), Value::String(actual)) => {
            let time = |text: &str| text.parse::<DateTime>().ok();
            let duration = |text: &str| text.parse::<WireDuration>().ok();
            let is_enumeration = ENUMERATIONS.contains(&name);
            expected == actual
                || is_enumeration && expected.eq_ignore_ascii_case(actual)
                || time(expected).is_some_and(|expected| Some(expected) == time(actual))
                || duration(expected).is_some_and(|expected| Some(expected) == duration(actual))
        }
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        (Value::Number(expected), Value::Number(actual)) => expected.as_f64() == actual.as_f64(),
        (expected, actual) => expected == actual,
    }
}

#[track_caller]
pub(super) fn assert_same(file: &str, what: &str, expected: &Value, actual: &Value) {
    assert!(same("", expected, actual), "{file}: {what} is\n{actual:#}\ninstead of\n{expected:#}");
}
