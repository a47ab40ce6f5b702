//! What is to go wrong: a JSON document, from a file or from a request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::node_rule::NodeRule;
use super::strikes::Strikes;
use crate::batch::operations::{every_operation, retired_operations};

/// The longest that an answer is kept back.
const MAX_DELAY: u64 = 600_000;

/// The most rules.
const MAX_RULES: usize = 1_000;

/// What is to go wrong. Empty by default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRules {
    /// What chance starts from: the same requests in the same order meet the same faults again.
    #[serde(default)]
    pub(super) seed: u64,
    /// What requests meet: the first rule that strikes.
    #[serde(default)]
    pub(super) requests: Vec<RequestRule>,
    /// What nodes meet: the first rule for what they do that strikes.
    #[serde(default)]
    pub(super) nodes: Vec<NodeRule>,
}

/// What some requests meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestRule {
    /// What is answered in place of what is due; absent for an answer that is due and late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<FaultAnswer>,
    /// Whether the request is carried out all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) carried_out: bool,
    /// How long the client waits for what comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delay_milliseconds: Option<u64>,
    /// What the answer tells the client to wait before it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_seconds: Option<u32>,
    /// The HTTP methods of the requests; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    /// The operations of the requests, such as `Jobs_CreateJob`; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) operations: Vec<String>,
    /// When it strikes.
    #[serde(flatten)]
    pub(super) strikes: Strikes,
}

/// What is answered in place of what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(super) enum FaultAnswer {
    /// 429: the account goes beyond its rate.
    TooManyRequests,
    /// 500: the service met an error of its own.
    InternalError,
    /// 503: the service is busy.
    ServerBusy,
    /// The connection ends without an answer.
    Nothing,
}

impl TryFrom<Value> for FaultAnswer {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match (value.as_u64(), value.as_str()) {
            (Some(429), _) => Ok(Self::TooManyRequests),
            (Some(500), _) => Ok(Self::InternalError),
            (Some(503), _) => Ok(Self::ServerBusy),
            (_, Some("none")) => Ok(Self::Nothing),
            _ => Err(format!("an `answer` is 429, 500, 503 or \"none\", and not {value}")),
        }
    }
}

impl From<FaultAnswer> for Value {
    fn from(answer: FaultAnswer) -> Self {
        match answer {
            FaultAnswer::TooManyRequests => 429.into(),
            FaultAnswer::InternalError => 500.into(),
            FaultAnswer::ServerBusy => 503.into(),
            FaultAnswer::Nothing => "none".into(),
        }
    }
}

/// Why a document is none of faults.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFaults {
    /// It is not JSON, or has what is not known.
    #[error("it is no document of faults: {0}")]
    Format(serde_json::Error),
    /// A rule makes no sense.
    #[error("rule {number} of `{list}`: {reason}")]
    Rule {
        /// The list that it is in.
        list: &'static str,
        /// Which one, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// There are too many.
    #[error("it has {0} rules, and {MAX_RULES} are the most")]
    TooMany(usize),
}

impl FaultRules {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is none, has what is not known, or contradicts itself.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidFaults> {
        let rules: Self = serde_json::from_slice(text).map_err(InvalidFaults::Format)?;
        let count = rules.requests.len() + rules.nodes.len();
        if count > MAX_RULES {
            return Err(InvalidFaults::TooMany(count));
        }
        check_each("requests", &rules.requests, RequestRule::check)?;
        check_each("nodes", &rules.nodes, NodeRule::check)?;
        Ok(rules)
    }
}

fn check_each<T>(
    list: &'static str,
    rules: &[T],
    check: fn(&T) -> Result<(), String>,
) -> Result<(), InvalidFaults> {
    for (position, rule) in rules.iter().enumerate() {
        check(rule).map_err(|reason| InvalidFaults::Rule { list, number: position + 1, reason })?;
    }
    Ok(())
}

impl RequestRule {
    fn check(&self) -> Result<(), String> {
        self.strikes.check()?;
        match self.answer {
            None if self.delay_milliseconds.is_none() => {
                return Err(
                    "it has neither `answer` nor `delayMilliseconds`, so nothing comes of it".to_owned()
                );
            }
            None if self.retry_after_seconds.is_some() => {
                return Err("`retryAfterSeconds` is of an `answer`".to_owned());
            }
            Some(FaultAnswer::TooManyRequests) if self.carried_out => {
                return Err(
                    "429 says that a request was not carried out, so `carriedOut` can't be true".to_owned()
                );
            }
            Some(FaultAnswer::Nothing) if self.retry_after_seconds.is_some() => {
                return Err("without an answer nobody learns of `retryAfterSeconds`".to_owned());
            }
            _ => {}
        }
        if self.delay_milliseconds.is_some_and(|delay| delay > MAX_DELAY) {
            return Err(format!("`delayMilliseconds` is {MAX_DELAY} at the most"));
        }
        for method in &self.methods {
            if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                return Err(format!("`{}` is no method of this API", method.escape_debug()));
            }
        }
        for operation in &self.operations {
            if !every_operation().chain(retired_operations()).any(|spec| spec.name == operation) {
                let name = operation.escape_debug();
                return Err(format!(
                    "there is no operation `{name}`; docs/emulator-support.md lists them, such as `Jobs_CreateJob`"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        FaultRules::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_read_is_what_is_shown() {
        let text = r#"{"seed":7,"requests":[{"answer":503,"retryAfterSeconds":2,"methods":["POST"],"operations":["Jobs_CreateJob"],"share":0.5,"skip":1,"times":3},{"answer":"none","carriedOut":true,"delayMilliseconds":20,"share":1.0,"skip":0}],"nodes":[{"fault":"preempted","afterSeconds":5,"share":1.0,"skip":0}]}"#;
        assert_eq!(serde_json::to_string(&FaultRules::parse(text.as_bytes()).unwrap()).unwrap(), text);
        assert_eq!(FaultRules::parse(b"{}").unwrap(), FaultRules::default());
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (rule, reason) in [
            ("{}", "neither `answer` nor"),
            (r#"{"answer":404}"#, "429, 500, 503 or \"none\", and not 404"),
            (r#"{"answer":"nothing"}"#, "429, 500, 503 or \"none\""),
            (r#"{"answer":429,"carriedOut":true}"#, "was not carried out"),
            (r#"{"answer":"none","retryAfterSeconds":1}"#, "nobody learns"),
            (r#"{"delayMilliseconds":1,"retryAfterSeconds":1}"#, "is of an `answer`"),
            (r#"{"delayMilliseconds":600001}"#, "600000 at the most"),
            (r#"{"answer":500,"share":1.5}"#, "from 0 to 1, and not 1.5"),
            (r#"{"answer":500,"methods":["get"]}"#, "`get` is no method"),
            (r#"{"answer":500,"operations":["CreateJob"]}"#, "no operation `CreateJob`"),
            (r#"{"answer":500,"shar":1}"#, "shar"),
        ] {
            let complaint = complaint(&format!(r#"{{"requests":[{rule}]}}"#));
            assert!(complaint.contains(reason), "{rule}: {complaint}");
        }
        assert!(complaint("[").contains("no document of faults"));
        let many = vec![r#"{"answer":500}"#; MAX_RULES + 1].join(",");
        assert!(complaint(&format!(r#"{{"requests":[{many}]}}"#)).contains("1000 are the most"));
    }
}
