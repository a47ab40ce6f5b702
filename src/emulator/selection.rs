//! What `$select` and `$expand` may name.

use super::refusal::Refusal;
use crate::batch::{ErrorCode, OperationSpec};

/// The properties of the objects of a set.
#[derive(Debug)]
struct Set {
    name: &'static str,
    properties: &'static str,
}

/// The sets whose objects can be asked for in part, each with the properties of its model in the REST reference.
const SETS: &[Set] = &[
    Set {
        name: "pools",
        properties: "id displayName url eTag lastModified creationTime state stateTransitionTime allocationState \
            allocationStateTransitionTime vmSize virtualMachineConfiguration resizeTimeout resizeErrors currentDedicatedNodes \
            currentLowPriorityNodes targetDedicatedNodes targetLowPriorityNodes enableAutoScale autoScaleFormula \
            autoScaleEvaluationInterval autoScaleRun enableInterNodeCommunication networkConfiguration startTask \
            certificateReferences applicationPackageReferences applicationLicenses taskSlotsPerNode taskSchedulingPolicy \
            userAccounts metadata stats mountConfiguration identity targetNodeCommunicationMode \
            currentNodeCommunicationMode upgradePolicy resourceTags cloudServiceConfiguration",
    },
    Set {
        name: "jobs",
        properties: "id displayName usesTaskDependencies url eTag lastModified creationTime state stateTransitionTime \
            previousState previousStateTransitionTime priority allowTaskPreemption maxParallelTasks constraints \
            jobManagerTask jobPreparationTask jobReleaseTask commonEnvironmentSettings poolInfo onAllTasksComplete \
            onTaskFailure networkConfiguration metadata executionInfo stats",
    },
    Set {
        name: "jobschedules",
        properties: "id displayName url eTag lastModified creationTime state stateTransitionTime previousState \
            previousStateTransitionTime schedule jobSpecification executionInfo metadata stats",
    },
    Set {
        name: "tasks",
        properties: "id displayName url eTag lastModified creationTime exitConditions state stateTransitionTime \
            previousState previousStateTransitionTime commandLine containerSettings resourceFiles outputFiles \
            environmentSettings affinityInfo constraints requiredSlots userIdentity executionInfo nodeInfo \
            multiInstanceSettings stats dependsOn applicationPackageReferences authenticationTokenSettings",
    },
    Set {
        name: "jobpreparationandreleasetaskstatus",
        properties: "poolId nodeId nodeUrl jobPreparationTaskExecutionInfo jobReleaseTaskExecutionInfo",
    },
    Set {
        name: "certificates",
        properties: "thumbprint thumbprintAlgorithm url state stateTransitionTime previousState \
            previousStateTransitionTime publicData deleteCertificateError",
    },
    Set {
        name: "nodes",
        properties: "id url state schedulingState stateTransitionTime lastBootTime allocationTime ipAddress ipv6Address \
            affinityId vmSize totalTasksRun runningTasksCount runningTaskSlotsCount totalTasksSucceeded recentTasks \
            startTask startTaskInfo certificateReferences errors isDedicated endpointConfiguration nodeAgentInfo \
            virtualMachineInfo",
    },
];

/// Checks what a request selects and expands, by the names of the present version.
pub(super) fn check(operation: &OperationSpec, names: &str, expand: Option<&str>) -> Result<(), Refusal> {
    let set = SETS.iter().find(|set| set.name == operation.subject());
    let known =
        |name: &str| set.is_none_or(|set| set.properties.split_whitespace().any(|property| property == name));
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    for name in names {
        if !known(name) {
            return Err(invalid("$select", name, "the objects that are asked for have no such property"));
        }
    }
    match expand.map(str::trim) {
        None | Some("" | "stats") => Ok(()),
        Some(other) => Err(invalid("$expand", other, "only `stats` can be expanded")),
    }
}

fn invalid(parameter: &str, value: &str, reason: &str) -> Refusal {
    Refusal::new(ErrorCode::INVALID_QUERY_PARAMETER_VALUE)
        .with("QueryParameterName", parameter)
        .with("QueryParameterValue", value)
        .with("Reason", reason)
}
