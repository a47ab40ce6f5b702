//! The rules of faults, and how often each could strike and did.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::chance;
use super::node_rule::{NodeFault, NodeRule, Preemption, wanted_error};
use super::rules::{FaultAnswer, FaultRules};
use super::strikes::Strikes;
use crate::batch::model::BatchNodeError;
use crate::batch::{ErrorCode, OperationSpec, PoolId};
use crate::emulator::refusal::Refusal;

/// The faults of an account.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rules: FaultRules,
    /// Of each rule for requests.
    requests: Vec<Count>,
    /// Of each rule for nodes.
    nodes: Vec<Count>,
}

/// How often a rule could strike, and did.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    seen: u64,
    struck: u64,
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestFault {
    answer: Option<FaultAnswer>,
    carried_out: bool,
    delay: Duration,
    retry_after: Option<u32>,
}

impl Faults {
    /// These rules, none of which has struck yet.
    pub(crate) fn new(rules: FaultRules) -> Self {
        let requests = vec![Count::default(); rules.requests.len()];
        let nodes = vec![Count::default(); rules.nodes.len()];
        Self(Mutex::new(State { rules, requests, nodes }))
    }

    /// Puts these rules in place of all before.
    pub(crate) fn replace(&self, rules: FaultRules) {
        let Self(fresh) = Self::new(rules);
        *self.state() = fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    /// The rules, and how often each could strike (`seen`) and did (`struck`).
    pub(crate) fn show(&self) -> Value {
        let state = self.state();
        let counts = |counts: &[Count]| -> Vec<Value> {
            counts.iter().map(|count| json!({"seen": count.seen, "struck": count.struck})).collect()
        };
        json!({"rules": state.rules, "counts": {"requests": counts(&state.requests), "nodes": counts(&state.nodes)}})
    }

    /// What a request for `operation` meets, if anything: every rule that it is meant by counts it, and the first that strikes has it.
    pub(crate) fn of_request(&self, operation: &OperationSpec) -> Option<RequestFault> {
        let mut state = self.state();
        let State { rules, requests, .. } = &mut *state;
        let mut fault = None;
        for (number, (rule, count)) in rules.requests.iter().zip(requests).enumerate() {
            let is_meant = (rule.methods.is_empty()
                || rule.methods.iter().any(|method| operation.method == method.as_str()))
                && (rule.operations.is_empty() || rule.operations.iter().any(|name| name == operation.name));
            if is_meant && count.strikes(&rule.strikes, rules.seed, number, fault.is_none()) {
                fault = Some(RequestFault {
                    answer: rule.answer,
                    carried_out: rule.carried_out,
                    delay: Duration::from_millis(rule.delay_milliseconds.unwrap_or(0)),
                    retry_after: rule.retry_after_seconds,
                });
            }
        }
        fault
    }

    /// Why a node of that pool that has booted is unusable, if it is to be.
    pub(crate) fn of_boot(&self, pool: &PoolId) -> Option<BatchNodeError> {
        self.of_node(NodeFault::Unusable, pool, |rule| wanted_error(rule.code.as_deref()))
    }

    /// How a Spot node of that pool that has booted is taken away, if it is to be.
    pub(crate) fn of_spot_node(&self, pool: &PoolId) -> Option<Preemption> {
        self.of_node(NodeFault::Preempted, pool, NodeRule::preemption)
    }

    /// The exit code with which a start task in that pool fails, if it is to.
    pub(crate) fn of_start_task(&self, pool: &PoolId) -> Option<i32> {
        self.of_node(NodeFault::StartTaskFailed, pool, |rule| rule.exit_code.unwrap_or(1))
    }

    fn of_node<T>(&self, fault: NodeFault, pool: &PoolId, what: impl Fn(&NodeRule) -> T) -> Option<T> {
        let mut state = self.state();
        let State { rules, requests, nodes } = &mut *state;
        let mut met = None;
        for (number, (rule, count)) in rules.nodes.iter().zip(nodes).enumerate() {
            // Numbered after the rules for requests, so that no two rules share their chance.
            let number = requests.len() + number;
            if rule.is_about(fault, pool) && count.strikes(&rule.strikes, rules.seed, number, met.is_none()) {
                met = Some(what(rule));
            }
        }
        met
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    /// Counts a time that the rule could strike, and says whether it does.
    fn strikes(&mut self, strikes: &Strikes, seed: u64, rule: usize, is_free: bool) -> bool {
        let count = self.seen;
        self.seen += 1;
        let strikes = is_free
            && count >= strikes.skip
            && strikes.times.is_none_or(|times| self.struck < times)
            && chance::strikes(seed, rule, count, strikes.share);
        self.struck += u64::from(strikes);
        strikes
    }
}

impl RequestFault {
    /// Whether the request is carried out all the same, as one is whose own answer is only late.
    pub(crate) fn is_carried_out(&self) -> bool {
        self.carried_out || self.answer.is_none()
    }

    /// How long the client waits for what comes.
    pub(crate) fn delay(&self) -> Duration {
        self.delay
    }

    /// Whether the connection ends without an answer.
    pub(crate) fn is_silence(&self) -> bool {
        self.answer == Some(FaultAnswer::Nothing)
    }

    /// The refusal in place of the answer that is due, if there is one.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let code = match self.answer? {
            FaultAnswer::TooManyRequests => ErrorCode::TOO_MANY_REQUESTS,
            FaultAnswer::InternalError => ErrorCode::INTERNAL_ERROR,
            FaultAnswer::ServerBusy => ErrorCode::SERVER_BUSY,
            FaultAnswer::Nothing => return None,
        };
        let refusal = Refusal::new(code).with("Reason", "a rule for faults wants it so (/_emulator/faults)");
        Some(match self.retry_after {
            Some(seconds) => refusal.retry_after(Duration::from_secs(seconds.into())),
            None => refusal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::operation::Operation as _;
    use crate::batch::operations::{CreateJob, GetJob};

    fn faults(text: &str) -> Faults {
        Faults::new(FaultRules::parse(text.as_bytes()).unwrap())
    }

    fn statuses(faults: &Faults, operation: &OperationSpec, requests: usize) -> Vec<Option<u16>> {
        let status = |_| Some(faults.of_request(operation)?.refusal()?.status);
        (0..requests).map(status).collect()
    }

    #[test]
    fn a_rule_lets_some_pass_and_strikes_so_often() {
        let faults = faults(r#"{"requests":[{"answer":500,"skip":1,"times":2}]}"#);
        assert_eq!(statuses(&faults, &GetJob::SPEC, 5), [None, Some(500), Some(500), None, None]);
        assert_eq!(faults.show()["counts"]["requests"], json!([{"seen": 5, "struck": 2}]));
    }

    #[test]
    fn a_rule_is_for_the_requests_that_it_names_and_the_first_one_that_strikes_has_them() {
        let faults = faults(
            r#"{"requests":[{"answer":503,"methods":["POST"]},{"answer":429,"operations":["Jobs_CreateJob","Jobs_GetJob"]}]}"#,
        );
        assert_eq!(statuses(&faults, &CreateJob::SPEC, 1), [Some(503)]);
        assert_eq!(statuses(&faults, &GetJob::SPEC, 1), [Some(429)]);
        assert_eq!(
            faults.show()["counts"]["requests"],
            json!([{"seen": 1, "struck": 1}, {"seen": 2, "struck": 1}])
        );
    }

    #[test]
    fn nodes_meet_what_the_rules_for_their_pool_say() {
        let faults = faults(
            r#"{"nodes":[{"fault":"unusable","pools":["P"],"times":1},
                {"fault":"preempted","afterSeconds":5,"absentSeconds":9},{"fault":"startTaskFailed","exitCode":3}]}"#,
        );
        let (p, q) = (PoolId::new("p").unwrap(), PoolId::new("q").unwrap());
        assert_eq!(faults.of_boot(&q), None);
        assert_eq!(faults.of_boot(&p).unwrap().code.as_deref(), Some("DiskFull"));
        assert_eq!(faults.of_boot(&p), None);
        let preemption = Preemption { after: Duration::from_secs(5), absence: Duration::from_secs(9) };
        assert_eq!((faults.of_spot_node(&q), faults.of_start_task(&q)), (Some(preemption), Some(3)));
        let counts = json!([{"seen": 2, "struck": 1}, {"seen": 1, "struck": 1}, {"seen": 1, "struck": 1}]);
        assert_eq!(faults.show()["counts"]["nodes"], counts);
    }

    #[test]
    fn the_same_requests_meet_the_same_faults_again() {
        let text = r#"{"seed":5,"requests":[{"answer":429,"share":0.3},{"answer":503,"share":0.3}]}"#;
        let first = statuses(&faults(text), &GetJob::SPEC, 100);
        assert_eq!(first, statuses(&faults(text), &GetJob::SPEC, 100));
        assert_eq!(first, {
            let again = faults("{}");
            again.replace(FaultRules::parse(text.as_bytes()).unwrap());
            statuses(&again, &GetJob::SPEC, 100)
        });
        for status in [None, Some(429), Some(503)] {
            assert!(first.contains(&status), "{status:?}: {first:?}");
        }
    }
}
