//! Where two requests for the same call differ.

use std::collections::{BTreeMap, BTreeSet};

use batchyard::batch::auth::query_pairs;
use batchyard::batch::{DateTime, WireDuration};
use serde_json::Value;

use crate::client::server::Received;

/// Headers of the connection rather than of the call.
const OF_THE_CONNECTION: &[&str] =
    &["accept-encoding", "connection", "content-length", "host", "user-agent", "x-call"];
/// Headers whose values differ from request to request; what counts is that they are there.
const ONE_OF_A_KIND: &[&str] = &["authorization", "client-request-id", "ocp-date"];

/// A field that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `query $expand`, `header accept`, `body /metadata/0/name`.
    pub place: String,
    /// What our client sends there, if anything.
    pub ours: Option<String>,
    /// What the SDK sends there, if anything.
    pub theirs: Option<String>,
}

/// Fields side by side.
#[derive(Debug, Default)]
pub struct Comparison {
    pub fields: usize,
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Compares the request of our client with that of the SDK, field by field.
    pub fn of(ours: &Received, theirs: &Received) -> Self {
        let mut comparison = Self::default();
        comparison.field("method", Some(ours.method.clone()), Some(theirs.method.clone()));
        comparison.field("path", Some(decoded(&ours.path)), Some(decoded(&theirs.path)));
        comparison.maps("query", &query(ours), &query(theirs));
        comparison.maps("header", &headers(ours), &headers(theirs));
        comparison.values("body ", body(ours).as_ref(), body(theirs).as_ref());
        comparison
    }

    fn field(&mut self, place: &str, ours: Option<String>, theirs: Option<String>) {
        self.fields += 1;
        if ours != theirs {
            self.differences.push(Difference { place: place.to_owned(), ours, theirs });
        }
    }

    fn maps(&mut self, what: &str, ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) {
        let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for name in names {
            self.field(&format!("{what} {name}"), ours.get(name).cloned(), theirs.get(name).cloned());
        }
    }

    /// Compares JSON. What is absent is not the same as null, nor a number the same as a string.
    fn values(&mut self, place: &str, ours: Option<&Value>, theirs: Option<&Value>) {
        match (ours, theirs) {
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
                for name in names {
                    self.values(&format!("{place}/{name}"), ours.get(name), theirs.get(name));
                }
            }
            (Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
                for position in 0..ours.len().max(theirs.len()) {
                    self.values(&format!("{place}/{position}"), ours.get(position), theirs.get(position));
                }
            }
            (ours, theirs) => self.field(place, ours.map(canonical_json), theirs.map(canonical_json)),
        }
    }
}

fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn query(request: &Received) -> BTreeMap<String, String> {
    query_pairs(&request.query).map(|(name, value)| (name, canonical(&value))).collect()
}

fn headers(request: &Received) -> BTreeMap<String, String> {
    let shown = |name: &str, value: &str| match ONE_OF_A_KIND.contains(&name) {
        true if value.is_empty() => "(empty)".to_owned(),
        true => "(there)".to_owned(),
        false => value.to_owned(),
    };
    let compared = request.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
    compared.map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

fn body(request: &Received) -> Option<Value> {
    (!request.body.is_empty()).then(|| request.json())
}

fn canonical_json(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", canonical(text)),
        other => other.to_string(),
    }
}

/// Points in time and durations may be written in several ways: here, in one.
fn canonical(text: &str) -> String {
    let time = text.parse::<DateTime>().map(|time| time.to_string());
    let duration = || text.parse::<WireDuration>().map(|duration| duration.to_string());
    time.or_else(|_| duration()).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(target: &str, headers: &[(&str, &str)], body: &str) -> Received {
        let (path, query) = target.split_once('?').unwrap();
        Received {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Bytes::from(body.to_owned()),
            position: 0,
        }
    }

    fn places(ours: &Received, theirs: &Received) -> Vec<String> {
        Comparison::of(ours, theirs).differences.into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn what_says_the_same_is_no_difference() {
        let ours = request(
            "/a%2Fb?x=2026-01-01T00:00:00.0000000Z&y=1",
            &[("ocp-date", "now"), ("host", "a")],
            r#"{"wait":"PT5M","at":"2026-01-01T00:00:00.5000000Z","list":[1,"2"]}"#,
        );
        let theirs = request(
            "/a%2fb?y=1&x=2026-01-01T00%3A00%3A00Z",
            &[("ocp-date", "then"), ("host", "b")],
            r#"{"list": [1, "2"], "at": "2026-01-01T00:00:00.5Z", "wait": "PT05M00S"}"#,
        );
        let comparison = Comparison::of(&ours, &theirs);
        assert_eq!((comparison.differences, comparison.fields), (Vec::new(), 9));
    }

    #[test]
    fn a_difference_in_any_part_is_found() {
        let ours = request("/a?x=1", &[("accept", "a"), ("ocp-date", "now")], r#"{"p":{"n":1}}"#);
        let differs = |target, headers: &[_], body| places(&ours, &request(target, headers, body));
        let (same_headers, same_body) = ([("accept", "a"), ("ocp-date", "now")], r#"{"p":{"n":1}}"#);
        assert_eq!(differs("/A?x=1", &same_headers, same_body), ["path"]);
        assert_eq!(differs("/a?x=2", &same_headers, same_body), ["query x"]);
        assert_eq!(differs("/a?x=1&z=", &same_headers, same_body), ["query z"]);
        assert_eq!(differs("/a?x=1", &same_headers[..1], same_body), ["header ocp-date"]);
        assert_eq!(differs("/a?x=1", &[("accept", "b"), ("ocp-date", "now")], same_body), ["header accept"]);
        for body in [r#"{"p":{"n":"1"}}"#, r#"{"p":{"n":2}}"#, r#"{"p":{}}"#, r#"{"p":{"n":null}}"#] {
            assert_eq!(differs("/a?x=1", &same_headers, body), ["body /p/n"], "{body}");
        }
        assert_eq!(differs("/a?x=1", &same_headers, r#"{"p":{"n":1,"m":null}}"#), ["body /p/m"]);
        assert_eq!(differs("/a?x=1", &same_headers, r#"{"P":{"n":1}}"#), ["body /P", "body /p"]);
        assert_eq!(differs("/a?x=1", &same_headers, ""), ["body "]);
        assert_eq!(
            places(&ours, &Received { method: "PUT".to_owned(), ..ours.clone() }),
            ["method"],
            "the method counts too"
        );
    }
}
