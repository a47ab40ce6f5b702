//! The life of a node: creating → starting → (waitingforstarttask) → idle ⇄ running → leavingpool → gone.

use crate::batch::DateTime;
use crate::batch::model::{
    BatchNodeAgentInfo, BatchNodeError, BatchNodeState, BatchStartTaskInfo, BatchStartTaskState,
    BatchTaskExecutionResult,
};
use crate::emulator::store::NodeRecord;
use crate::node::TaskOutcome;

/// The code of the error of a node that has nothing to run containers with.
pub(crate) const ENGINE_UNAVAILABLE: &str = "ContainerEngineUnavailable";

/// Something that happens to a node.
#[derive(Debug, Clone)]
pub(crate) enum NodeEvent {
    /// Its machine is there.
    Created,
    /// It has booted and fetched its images, or could not.
    Prepared(Result<(), Vec<BatchNodeError>>),
    /// Its start task has ended.
    StartTaskEnded(TaskOutcome),
    /// Whether tasks run on it now.
    Occupied(bool),
    /// It is to leave its pool.
    Leave,
    /// It boots anew, with another container runtime.
    Reboot { runtime: String },
}

/// What follows for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeEffect {
    /// Boot it and fetch its images.
    Prepare,
    /// Run its start task.
    RunStartTask,
    /// It takes tasks.
    Schedule,
}

impl NodeRecord {
    /// What becomes of the node. An event that does not fit its state changes nothing.
    pub(crate) fn step(&mut self, event: NodeEvent, now: DateTime) -> Vec<NodeEffect> {
        use BatchNodeState as State;
        let state = self.state();
        match (event, state) {
            (NodeEvent::Created, State::Creating) => {
                self.enter(State::Starting, now);
                self.node.last_boot_time = Some(now);
                vec![NodeEffect::Prepare]
            }
            (NodeEvent::Prepared(Ok(())), State::Starting) => self.prepared(now),
            (NodeEvent::Prepared(Err(errors)), State::Starting) => {
                self.node.errors = Some(errors);
                self.enter(State::Unusable, now);
                vec![]
            }
            (
                NodeEvent::StartTaskEnded(outcome),
                State::WaitingForStartTask | State::Idle | State::Running,
            ) => self.start_task_ended(outcome, now),
            (NodeEvent::Occupied(true), State::Idle) => {
                self.enter(State::Running, now);
                vec![]
            }
            (NodeEvent::Occupied(false), State::Running) => {
                self.enter(State::Idle, now);
                vec![]
            }
            (NodeEvent::Leave, _) => {
                self.enter(State::LeavingPool, now);
                vec![]
            }
            (NodeEvent::Reboot { runtime }, state)
                if state != State::LeavingPool && state != State::Creating =>
            {
                self.runtime = runtime;
                self.node.errors = None;
                self.node.start_task_info = None;
                self.node.last_boot_time = Some(now);
                self.enter(State::Starting, now);
                vec![NodeEffect::Prepare]
            }
            _ => vec![],
        }
    }

    /// Its state.
    pub(crate) fn state(&self) -> BatchNodeState {
        self.node.state.clone().unwrap_or(BatchNodeState::Unknown)
    }

    /// Whether it is leaving its pool.
    pub(crate) fn is_leaving(&self) -> bool {
        self.state() == BatchNodeState::LeavingPool
    }

    fn prepared(&mut self, now: DateTime) -> Vec<NodeEffect> {
        self.node.node_agent_info = Some(BatchNodeAgentInfo {
            version: format!("batchyard {} ({})", env!("CARGO_PKG_VERSION"), self.runtime),
            last_update_time: now,
        });
        let Some(start_task) = &self.node.start_task else {
            self.enter(BatchNodeState::Idle, now);
            return vec![NodeEffect::Schedule];
        };
        let wait = start_task.wait_for_success.unwrap_or(true);
        self.node.start_task_info = Some(BatchStartTaskInfo {
            state: BatchStartTaskState::Running,
            start_time: now,
            end_time: None,
            exit_code: None,
            container_info: None,
            failure_info: None,
            retry_count: 0,
            last_retry_time: None,
            result: None,
        });
        if wait {
            self.enter(BatchNodeState::WaitingForStartTask, now);
            vec![NodeEffect::RunStartTask]
        } else {
            self.enter(BatchNodeState::Idle, now);
            vec![NodeEffect::RunStartTask, NodeEffect::Schedule]
        }
    }

    fn start_task_ended(&mut self, outcome: TaskOutcome, now: DateTime) -> Vec<NodeEffect> {
        let retries =
            self.node.start_task.as_ref().and_then(|task| task.max_task_retry_count).unwrap_or_default();
        let waiting = self.state() == BatchNodeState::WaitingForStartTask;
        let Some(info) = &mut self.node.start_task_info else { return vec![] };
        let succeeded = outcome.exit_code == Some(0) && outcome.succeeded();
        if !succeeded && outcome.exit_code.is_some() && (retries < 0 || info.retry_count < retries) {
            info.retry_count += 1;
            info.last_retry_time = Some(now);
            return vec![NodeEffect::RunStartTask];
        }
        info.state = BatchStartTaskState::Completed;
        info.end_time = Some(now);
        info.exit_code = outcome.exit_code;
        info.container_info = outcome.container_info;
        info.failure_info = outcome.failure_info;
        let (result, next) = if succeeded {
            (BatchTaskExecutionResult::Success, BatchNodeState::Idle)
        } else {
            (BatchTaskExecutionResult::Failure, BatchNodeState::StartTaskFailed)
        };
        info.result = Some(result);
        if !waiting {
            return vec![];
        }
        self.enter(next, now);
        if succeeded { vec![NodeEffect::Schedule] } else { vec![] }
    }

    fn enter(&mut self, state: BatchNodeState, now: DateTime) {
        if self.node.state.as_ref() != Some(&state) {
            self.node.state = Some(state);
            self.node.state_transition_time = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::batch::PoolId;
    use crate::emulator::store::{NodeRow, PoolRow};

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    fn node(start_task: serde_json::Value) -> NodeRecord {
        let node = json!({"id": "n", "state": "creating", "startTask": start_task});
        NodeRecord {
            row: NodeRow(1),
            pool: PoolRow(1),
            pool_id: PoolId::new("p").unwrap(),
            node: serde_json::from_value(node).unwrap(),
            runtime: "docker".to_owned(),
        }
    }

    fn ended(code: i32) -> NodeEvent {
        NodeEvent::StartTaskEnded(TaskOutcome {
            exit_code: Some(code),
            container_info: None,
            failure_info: None,
        })
    }

    #[test]
    fn a_node_without_start_task_is_idle_after_its_boot() {
        let mut node = node(json!(null));
        assert_eq!(node.step(NodeEvent::Created, at(1)), [NodeEffect::Prepare]);
        assert_eq!((node.state(), node.node.last_boot_time), (BatchNodeState::Starting, Some(at(1))));
        assert!(node.node.node_agent_info.is_none());
        assert_eq!(node.step(NodeEvent::Prepared(Ok(())), at(2)), [NodeEffect::Schedule]);
        assert_eq!(node.state(), BatchNodeState::Idle);
        assert!(node.node.node_agent_info.clone().unwrap().version.ends_with("(docker)"));
        node.step(NodeEvent::Occupied(true), at(3));
        assert_eq!(node.state(), BatchNodeState::Running);
    }

    #[test]
    fn a_node_that_can_not_be_prepared_is_unusable_and_says_why() {
        let mut node = node(json!(null));
        node.step(NodeEvent::Created, at(1));
        let error =
            BatchNodeError { code: Some("ContainerInvalidImage".to_owned()), ..BatchNodeError::default() };
        assert!(node.step(NodeEvent::Prepared(Err(vec![error.clone()])), at(2)).is_empty());
        assert_eq!((node.state(), node.node.errors.clone()), (BatchNodeState::Unusable, Some(vec![error])));
        assert!(node.step(NodeEvent::Occupied(true), at(3)).is_empty());
        assert_eq!(node.state(), BatchNodeState::Unusable);
        let reboot = NodeEvent::Reboot { runtime: "oci".to_owned() };
        assert_eq!(node.step(reboot, at(4)), [NodeEffect::Prepare]);
        assert_eq!((node.state(), node.node.errors), (BatchNodeState::Starting, None));
    }

    #[test]
    fn a_start_task_is_waited_for_and_run_again() {
        let mut node = node(json!({"commandLine": "x", "maxTaskRetryCount": 1, "waitForSuccess": true}));
        node.step(NodeEvent::Created, at(1));
        assert_eq!(node.step(NodeEvent::Prepared(Ok(())), at(2)), [NodeEffect::RunStartTask]);
        assert_eq!(node.state(), BatchNodeState::WaitingForStartTask);
        assert_eq!(node.step(ended(1), at(3)), [NodeEffect::RunStartTask]);
        assert!(node.step(ended(1), at(4)).is_empty());
        assert_eq!(node.state(), BatchNodeState::StartTaskFailed);
        let info = node.node.start_task_info.unwrap();
        assert_eq!((info.retry_count, info.exit_code, info.end_time), (1, Some(1), Some(at(4))));
        assert_eq!(info.result, Some(BatchTaskExecutionResult::Failure));
    }

    #[test]
    fn a_start_task_that_is_not_waited_for_does_not_keep_tasks_away() {
        let mut node = node(json!({"commandLine": "x", "waitForSuccess": false}));
        node.step(NodeEvent::Created, at(1));
        let effects = node.step(NodeEvent::Prepared(Ok(())), at(2));
        assert_eq!(effects, [NodeEffect::RunStartTask, NodeEffect::Schedule]);
        assert!(node.step(ended(1), at(3)).is_empty());
        assert_eq!(node.state(), BatchNodeState::Idle);
    }

    #[test]
    fn a_leaving_node_does_nothing_but_leave() {
        let mut node = node(json!(null));
        node.step(NodeEvent::Leave, at(1));
        for event in [NodeEvent::Created, NodeEvent::Prepared(Ok(())), NodeEvent::Occupied(true), ended(0)] {
            assert!(node.step(event, at(2)).is_empty());
            assert!(node.is_leaving());
        }
    }
}
