//! What some nodes meet.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::strikes::Strikes;
use crate::batch::PoolId;
use crate::batch::model::{BatchNodeError, NameValuePair};

/// What some nodes meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NodeRule {
    /// What.
    pub(super) fault: NodeFault,
    /// The pools of the nodes; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pools: Vec<PoolId>,
    /// How long after a Spot node has booted it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after_seconds: Option<u32>,
    /// How long there is no other machine for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) absent_seconds: Option<u32>,
    /// The error's code of a node that becomes unusable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// The exit code that its start task is said to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i32>,
    /// When it strikes, of the times that a node does what the fault is about.
    #[serde(flatten)]
    pub(super) strikes: Strikes,
}

/// What can go wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NodeFault {
    /// A Spot node is taken away after it has booted.
    Preempted,
    /// A node is unusable once it has booted.
    Unusable,
    /// A start task fails without having run.
    StartTaskFailed,
}

/// How a Spot node is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Preemption {
    /// How long after its boot.
    pub(crate) after: Duration,
    /// How long there is no other machine for it.
    pub(crate) absence: Duration,
}

impl NodeRule {
    pub(super) fn check(&self) -> Result<(), String> {
        self.strikes.check()?;
        let is = |fault| self.fault == fault;
        let misplaced = [
            ("afterSeconds", self.after_seconds.is_some(), is(NodeFault::Preempted), "preempted"),
            ("absentSeconds", self.absent_seconds.is_some(), is(NodeFault::Preempted), "preempted"),
            ("code", self.code.is_some(), is(NodeFault::Unusable), "unusable"),
            ("exitCode", self.exit_code.is_some(), is(NodeFault::StartTaskFailed), "startTaskFailed"),
        ];
        match misplaced.iter().find(|(_, is_given, fits, _)| *is_given && !fits) {
            Some((property, _, _, fault)) => Err(format!("`{property}` is of the fault `{fault}`")),
            None if self.exit_code == Some(0) => Err("with `exitCode` 0 a start task succeeds".to_owned()),
            None => Ok(()),
        }
    }

    /// Whether it is about nodes of that pool that do what `fault` is about.
    pub(super) fn is_about(&self, fault: NodeFault, pool: &PoolId) -> bool {
        self.fault == fault && (self.pools.is_empty() || self.pools.iter().any(|id| id.key() == pool.key()))
    }

    pub(super) fn preemption(&self) -> Preemption {
        let seconds = |seconds: Option<u32>| Duration::from_secs(seconds.unwrap_or_default().into());
        Preemption { after: seconds(self.after_seconds), absence: seconds(self.absent_seconds) }
    }
}

/// The error of a node that is unusable because somebody wants it so; the code is that of a node whose disk is full where none is given.
pub(crate) fn wanted_error(code: Option<&str>) -> BatchNodeError {
    BatchNodeError {
        code: Some(code.unwrap_or("DiskFull").to_owned()),
        message: Some("The node is unusable because it was asked to be.".to_owned()),
        error_details: Some(vec![NameValuePair::new("Reason", "a fault on demand (/_emulator)")]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_rule_says_nothing_that_does_not_belong_to_its_fault() {
        let check = |rule: Value| serde_json::from_value::<NodeRule>(rule).map(|rule| rule.check());
        for rule in [
            json!({"fault": "preempted", "afterSeconds": 5, "absentSeconds": 60, "pools": ["p"]}),
            json!({"fault": "unusable", "code": "DiskFull", "share": 0.5}),
            json!({"fault": "startTaskFailed", "exitCode": 3, "times": 1}),
        ] {
            assert_eq!(check(rule.clone()).unwrap(), Ok(()), "{rule}");
        }
        for (rule, reason) in [
            (json!({"fault": "unusable", "afterSeconds": 5}), "`afterSeconds` is of the fault `preempted`"),
            (json!({"fault": "preempted", "code": "x"}), "`code` is of the fault `unusable`"),
            (json!({"fault": "startTaskFailed", "exitCode": 0}), "with `exitCode` 0 a start task succeeds"),
        ] {
            assert_eq!(check(rule.clone()).unwrap(), Err(reason.to_owned()), "{rule}");
        }
        assert!(check(json!({"fault": "lost"})).is_err());
        assert!(check(json!({"fault": "unusable", "node": "n"})).is_err());
    }
}
