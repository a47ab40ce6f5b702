//! What an account at rest has to find out before it can be read: how the tasks stand that were running when it was last run.

use super::{Failure, Unit};
use crate::emulator::store::{
    NodeAddress, PoolRecord, RunRecord, RunRow, RunStage, TaskLife, TaskRecord, TaskRow,
};
use crate::node::runtime::RuntimeKind;
use crate::node::{TaskAssignment, TaskRole};

/// A run that is stored as running.
#[derive(Debug, Clone)]
pub(crate) struct UnsettledRun {
    pub(crate) row: RunRow,
    pub(crate) node: NodeAddress,
    /// The runtime that its node booted with.
    pub(crate) runtime: Option<RuntimeKind>,
    pub(crate) assignment: TaskAssignment,
}

impl Unit<'_> {
    /// Every run that is stored as running.
    pub(crate) fn unsettled_runs(&mut self) -> Result<Vec<UnsettledRun>, Failure> {
        let mut unsettled = Vec::new();
        for pool in self.pools().all()? {
            for node in self.nodes().of_pool(pool.row)? {
                for run in self.runs().of_node(node.row)? {
                    // What comes of a preparation or release task is for whoever runs the account.
                    if run.stage != RunStage::Running || run.role != TaskRole::Task {
                        continue;
                    }
                    let Some(assignment) = self.assignment_of(&pool, &node.address(), &run)? else {
                        continue;
                    };
                    let (row, node, runtime) = (run.row, node.address(), node.runtime.parse().ok());
                    unsettled.push(UnsettledRun { row, node, runtime, assignment });
                }
            }
        }
        Ok(unsettled)
    }

    /// What the node of a run was told; `None` if its job or task is gone.
    pub(super) fn assignment_of(
        &self,
        pool: &PoolRecord,
        node: &NodeAddress,
        run: &RunRecord,
    ) -> Result<Option<TaskAssignment>, Failure> {
        let Some(job) = self.jobs().get(run.job)? else { return Ok(None) };
        if run.role != TaskRole::Task {
            return self.assignment_beside(&job, node, run.role, run.row);
        }
        let task = match &run.orphan {
            Some(definition) => Some(TaskRecord {
                row: TaskRow::default(),
                job: run.job,
                definition: definition.clone(),
                life: TaskLife::new(String::new(), self.now),
            }),
            None => self.tasks().find_key(run.job, &run.task_key)?,
        };
        let Some(task) = task else { return Ok(None) };
        let mut assignment = self.assignment(pool, &job, task, run.row)?;
        assignment.instance = self.instance(run.row)?;
        Ok(Some(assignment))
    }
}
