//! What an evaluation goes by.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::batch::DateTime;
use crate::batch::autoscale::ServiceVariable;

/// How often the service counts.
pub const SAMPLE_PERIOD: Duration = Duration::from_secs(30);

/// What was counted at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// When.
    pub time: DateTime,
    /// Tasks that are ready to run.
    pub active_tasks: u32,
    /// Tasks that run.
    pub running_tasks: u32,
    /// Tasks that have succeeded.
    pub succeeded_tasks: u32,
    /// Tasks that have failed.
    pub failed_tasks: u32,
    /// Dedicated nodes.
    pub dedicated_nodes: u32,
    /// Spot nodes, also those that were taken away.
    pub low_priority_nodes: u32,
    /// Spot nodes that were taken away.
    pub preempted_nodes: u32,
    /// Nodes that can run tasks.
    pub usable_nodes: u32,
}

/// What an evaluation goes by.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The time.
    pub now: DateTime,
    /// Where the numbers of `rand()` come from.
    pub seed: u64,
    /// How many dedicated nodes the pool should have so far.
    pub dedicated: i32,
    /// How many Spot nodes the pool should have so far.
    pub low_priority: i32,
    /// The slots of a node.
    pub slots_per_node: i32,
    /// What was counted, oldest first.
    pub samples: &'a [Sample],
}

impl Inputs<'_> {
    /// What a sample says of a variable. `None` for what is not measured: the load of processors, memory, disks and networks.
    pub(super) fn value(&self, sample: &Sample, variable: ServiceVariable) -> Option<f64> {
        use ServiceVariable as Variable;
        Some(f64::from(match variable {
            Variable::ActiveTasks => sample.active_tasks,
            Variable::RunningTasks => sample.running_tasks,
            Variable::PendingTasks => sample.active_tasks.saturating_add(sample.running_tasks),
            Variable::SucceededTasks => sample.succeeded_tasks,
            Variable::FailedTasks => sample.failed_tasks,
            Variable::CurrentDedicatedNodes | Variable::CurrentDedicated => sample.dedicated_nodes,
            Variable::CurrentLowPriorityNodes => sample.low_priority_nodes,
            Variable::PreemptedNodeCount => sample.preempted_nodes,
            Variable::UsableNodeCount => sample.usable_nodes,
            Variable::SampleNodeCount => sample.dedicated_nodes.saturating_add(sample.low_priority_nodes),
            Variable::TaskSlotsPerNode => return Some(f64::from(self.slots_per_node)),
            _ => return None,
        }))
    }
}
