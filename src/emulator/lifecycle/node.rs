//! The life of a node: creating → starting → (waitingforstarttask) → idle ⇄ running → leavingpool → gone.
//!
//! On the way it may be rebooted, reimaged, or deallocated and started again: each time it takes no more tasks, is emptied, and
//! boots anew. While its scheduling is disabled it is offline instead of idle.

use serde_json::{Map, Value};

use crate::batch::model::{
    BatchNodeAgentInfo, BatchNodeError, BatchNodeState, BatchStartTask, BatchStartTaskInfo,
    BatchStartTaskState, BatchTaskExecutionResult, SchedulingState,
};
use crate::batch::{DateTime, ErrorCode};
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
    /// It takes no more tasks and is emptied, for what a user wants done with it.
    Empty(NodeErrand),
    /// It boots anew, with this container runtime, and the start task and the references to certificates that its pool has now.
    Boot { runtime: String, start_task: Option<Box<BatchStartTask>>, references: Map<String, Value> },
    /// Its machine was given back.
    Deallocated,
    /// Its machine, of Spot, is taken away.
    Preempted,
    /// Something is wrong with it that only a boot or a new image can mend.
    Broken(BatchNodeError),
    /// Whether it is to take tasks.
    Schedule(SchedulingState),
}

/// What a user wants done with a node, once it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeErrand {
    /// Boot it anew.
    Reboot,
    /// Make it anew from its image.
    Reimage,
    /// Give its machine back.
    Deallocate,
}

impl NodeErrand {
    fn state(self) -> BatchNodeState {
        match self {
            Self::Reboot => BatchNodeState::Rebooting,
            Self::Reimage => BatchNodeState::Reimaging,
            Self::Deallocate => BatchNodeState::Deallocating,
        }
    }
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
                State::WaitingForStartTask | State::Idle | State::Running | State::Offline,
            ) => self.start_task_ended(outcome, now),
            (NodeEvent::Occupied(true), State::Idle) => {
                self.enter(State::Running, now);
                vec![]
            }
            (NodeEvent::Occupied(false), State::Running) => {
                self.enter(self.at_rest(), now);
                vec![]
            }
            (NodeEvent::Empty(errand), state) if may_empty_node(&state).is_ok() => {
                self.enter(errand.state(), now);
                vec![]
            }
            (NodeEvent::Deallocated, State::Deallocating) => {
                self.enter(State::Deallocated, now);
                vec![]
            }
            (NodeEvent::Preempted, _) if may_preempt_node(self).is_ok() => {
                self.node.errors = None;
                self.node.ip_address = None;
                self.enter(State::Preempted, now);
                vec![]
            }
            (NodeEvent::Broken(error), state) if may_empty_node(&state).is_ok() => {
                self.node.errors = Some(vec![error]);
                self.enter(State::Unusable, now);
                vec![]
            }
            (NodeEvent::Schedule(scheduling), state) => self.schedule(scheduling, &state, now),
            (NodeEvent::Leave, _) => {
                self.enter(State::LeavingPool, now);
                vec![]
            }
            (NodeEvent::Boot { runtime, start_task, references }, state)
                if state != State::LeavingPool && state != State::Creating =>
            {
                self.runtime = runtime;
                self.node.start_task = start_task.map(|task| *task);
                self.node.other = references;
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

    /// Whether it takes no more tasks because something else is to be done with it.
    pub(crate) fn is_being_emptied(&self) -> bool {
        use BatchNodeState::{Deallocating, LeavingPool, Preempted, Rebooting, Reimaging};
        matches!(self.state(), Rebooting | Reimaging | Deallocating | LeavingPool | Preempted)
    }

    fn prepared(&mut self, now: DateTime) -> Vec<NodeEffect> {
        self.node.node_agent_info = Some(BatchNodeAgentInfo {
            version: format!("batchyard {} ({})", env!("CARGO_PKG_VERSION"), self.runtime),
            last_update_time: now,
        });
        let Some(start_task) = &self.node.start_task else {
            self.enter(self.at_rest(), now);
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
            self.enter(self.at_rest(), now);
            vec![NodeEffect::RunStartTask, NodeEffect::Schedule]
        }
    }

    fn schedule(
        &mut self,
        scheduling: SchedulingState,
        state: &BatchNodeState,
        now: DateTime,
    ) -> Vec<NodeEffect> {
        self.node.scheduling_state = Some(scheduling);
        if matches!(state, BatchNodeState::Idle | BatchNodeState::Offline) {
            self.enter(self.at_rest(), now);
        }
        vec![NodeEffect::Schedule]
    }

    /// Whether it is to take tasks, as far as users want it to.
    pub(crate) fn scheduling(&self) -> SchedulingState {
        self.node.scheduling_state.clone().unwrap_or(SchedulingState::Enabled)
    }

    /// The state in which it has nothing to do.
    fn at_rest(&self) -> BatchNodeState {
        match self.scheduling() {
            SchedulingState::Disabled => BatchNodeState::Offline,
            _ => BatchNodeState::Idle,
        }
    }

    fn start_task_ended(&mut self, outcome: TaskOutcome, now: DateTime) -> Vec<NodeEffect> {
        let retries =
            self.node.start_task.as_ref().and_then(|task| task.max_task_retry_count).unwrap_or_default();
        let waiting = self.state() == BatchNodeState::WaitingForStartTask;
        let rest = self.at_rest();
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
            (BatchTaskExecutionResult::Success, rest)
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

/// Whether a user may have the node rebooted, reimaged or deallocated.
pub(crate) fn may_empty_node(state: &BatchNodeState) -> Result<(), ErrorCode> {
    use BatchNodeState as State;
    match state {
        State::Idle | State::Running | State::Offline | State::StartTaskFailed | State::Unusable => Ok(()),
        State::Creating => Err(ErrorCode::NODE_BEING_CREATED),
        State::Starting | State::WaitingForStartTask => Err(ErrorCode::NODE_BEING_STARTED),
        State::Rebooting => Err(ErrorCode::NODE_BEING_REBOOTED),
        State::Reimaging => Err(ErrorCode::NODE_BEING_REIMAGED),
        _ => Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE),
    }
}

/// Whether the node can be taken away: Spot nodes can, as long as they have a machine.
pub(crate) fn may_preempt_node(node: &NodeRecord) -> Result<(), ErrorCode> {
    use BatchNodeState as State;
    match node.state() {
        _ if node.node.is_dedicated.unwrap_or(true) => Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE),
        State::WaitingForStartTask => Ok(()),
        state => may_empty_node(&state),
    }
}

/// Whether a user may have the node started.
pub(crate) fn may_start_node(state: &BatchNodeState) -> Result<(), ErrorCode> {
    if *state == BatchNodeState::Deallocated {
        Ok(())
    } else {
        Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE)
    }
}

/// Whether users may be added to the node, changed and removed.
pub(crate) fn may_have_users(state: &BatchNodeState) -> Result<(), ErrorCode> {
    match state {
        BatchNodeState::Idle | BatchNodeState::Running | BatchNodeState::Offline => Ok(()),
        BatchNodeState::Unusable => Err(ErrorCode::NODE_STATE_UNUSABLE),
        _ => Err(ErrorCode::OPERATION_INVALID_FOR_CURRENT_STATE),
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

    fn node(start_task: Value) -> NodeRecord {
        let node = json!({"id": "n", "state": "creating", "startTask": start_task});
        NodeRecord {
            row: NodeRow(1),
            pool: PoolRow(1),
            pool_id: PoolId::new("p").unwrap(),
            node: serde_json::from_value(node).unwrap(),
            runtime: "docker".to_owned(),
            users: Vec::new(),
            seat: None,
            absent_until: None,
            packages: Vec::new(),
            installed: Vec::new(),
        }
    }

    fn boot(runtime: &str, start_task: Value) -> NodeEvent {
        NodeEvent::Boot {
            runtime: runtime.to_owned(),
            start_task: serde_json::from_value(start_task).unwrap(),
            references: Map::new(),
        }
    }

    fn idle() -> NodeRecord {
        let mut node = node(json!(null));
        node.step(NodeEvent::Created, at(1));
        node.step(NodeEvent::Prepared(Ok(())), at(2));
        node
    }

    #[test]
    fn a_node_is_emptied_before_it_boots_anew_with_the_start_task_of_now() {
        let mut node = idle();
        node.step(NodeEvent::Occupied(true), at(3));
        assert!(node.step(NodeEvent::Empty(NodeErrand::Reboot), at(4)).is_empty());
        assert_eq!(node.state(), BatchNodeState::Rebooting);
        assert!(node.step(NodeEvent::Occupied(false), at(5)).is_empty());
        assert_eq!(node.state(), BatchNodeState::Rebooting, "not idle in between");
        assert_eq!(may_empty_node(&node.state()), Err(ErrorCode::NODE_BEING_REBOOTED));
        assert_eq!(node.step(boot("docker", json!({"commandLine": "new"})), at(6)), [NodeEffect::Prepare]);
        assert_eq!(node.step(NodeEvent::Prepared(Ok(())), at(7)), [NodeEffect::RunStartTask]);
    }

    #[test]
    fn a_deallocated_node_waits_to_be_started() {
        let mut node = idle();
        node.step(NodeEvent::Empty(NodeErrand::Deallocate), at(3));
        assert_eq!(node.state(), BatchNodeState::Deallocating);
        assert!(may_start_node(&node.state()).is_err());
        node.step(NodeEvent::Deallocated, at(4));
        assert_eq!(node.state(), BatchNodeState::Deallocated);
        assert_eq!(may_start_node(&node.state()), Ok(()));
        assert!(may_empty_node(&node.state()).is_err() && may_have_users(&node.state()).is_err());
        node.step(boot("docker", json!(null)), at(5));
        assert_eq!(node.state(), BatchNodeState::Starting);
    }

    #[test]
    fn only_a_spot_node_loses_its_machine_and_boots_on_another_one() {
        let mut dedicated = idle();
        dedicated.node.is_dedicated = Some(true);
        dedicated.step(NodeEvent::Preempted, at(3));
        assert_eq!(dedicated.state(), BatchNodeState::Idle);
        let mut spot = idle();
        spot.node.is_dedicated = Some(false);
        spot.step(NodeEvent::Occupied(true), at(3));
        assert!(spot.step(NodeEvent::Preempted, at(4)).is_empty());
        assert!(spot.state() == BatchNodeState::Preempted && spot.is_being_emptied());
        assert!(may_preempt_node(&spot).is_err(), "it has no machine to lose");
        assert!(spot.step(NodeEvent::Occupied(false), at(5)).is_empty());
        assert_eq!(spot.state(), BatchNodeState::Preempted, "not idle in between");
        assert_eq!(spot.step(boot("docker", json!(null)), at(6)), [NodeEffect::Prepare]);
        assert_eq!(spot.step(NodeEvent::Prepared(Ok(())), at(7)), [NodeEffect::Schedule]);
    }

    #[test]
    fn a_broken_node_says_what_is_wrong_until_it_boots_anew() {
        let mut node = idle();
        let error = BatchNodeError { code: Some("DiskFull".to_owned()), ..BatchNodeError::default() };
        node.step(NodeEvent::Occupied(true), at(3));
        node.step(NodeEvent::Broken(error), at(4));
        node.step(NodeEvent::Occupied(false), at(5));
        assert_eq!(node.state(), BatchNodeState::Unusable);
        assert_eq!(node.node.errors.as_ref().unwrap()[0].code.as_deref(), Some("DiskFull"));
        node.step(NodeEvent::Empty(NodeErrand::Reboot), at(6));
        node.step(boot("docker", json!(null)), at(7));
        assert_eq!((node.state(), node.node.errors), (BatchNodeState::Starting, None));
    }

    #[test]
    fn a_node_whose_scheduling_is_disabled_goes_offline_once_it_has_nothing_to_do() {
        let mut node = idle();
        node.step(NodeEvent::Occupied(true), at(3));
        node.step(NodeEvent::Schedule(SchedulingState::Disabled), at(4));
        assert_eq!((node.state(), node.scheduling()), (BatchNodeState::Running, SchedulingState::Disabled));
        node.step(NodeEvent::Occupied(false), at(5));
        assert_eq!(node.state(), BatchNodeState::Offline);
        node.step(boot("docker", json!(null)), at(6));
        node.step(NodeEvent::Prepared(Ok(())), at(7));
        assert_eq!(node.state(), BatchNodeState::Offline, "a boot does not change what users want");
        assert_eq!(node.step(NodeEvent::Schedule(SchedulingState::Enabled), at(8)), [NodeEffect::Schedule]);
        assert_eq!(node.state(), BatchNodeState::Idle);
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
        assert_eq!(node.step(boot("oci", json!(null)), at(4)), [NodeEffect::Prepare]);
        assert_eq!(node.runtime, "oci");
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
