//! Tasks.

use serde_json::{Map, Value};

use super::files::{output_files, resource_files};
use super::packages::package_references;
use super::properties::{container_settings, retries, user_identity};
use super::refusals::{invalid, missing, not_done};
use super::refused::HOST_INSTANCES;
use crate::batch::ErrorCode;
use crate::batch::exit_consequences::exit_options;
use crate::batch::model::{
    AUTHENTICATION_TOKEN_SETTINGS, AuthenticationTokenSettings, BatchAccessScope, BatchJob,
    BatchTaskConstraints, BatchTaskCreateOptions, BatchTaskDependencies, BatchTaskFailureMode,
    ExitConditions, MultiInstanceSettings,
};
use crate::emulator::refusal::Refusal;

/// The most characters that the ids of a task's dependencies have together.
const MAX_DEPENDENCY_IDS: usize = 64_000;

/// Checks a task that is to be added.
pub(crate) fn task(task: &BatchTaskCreateOptions) -> Result<(), Refusal> {
    package_references("applicationPackageReferences", task.application_package_references.as_deref())?;
    authentication_token(&task.other)?;
    user_identity(task.user_identity.as_ref())?;
    container_settings(task.container_settings.as_ref())?;
    resource_files(task.resource_files.as_deref())?;
    output_files(task.output_files.as_deref())?;
    if task.command_line.is_empty() && task.container_settings.is_none() {
        return Err(missing("commandLine")
            .with("Reason", "only a task in a container may leave it empty, to run the image's ENTRYPOINT"));
    }
    if let Some(slots) = task.required_slots.filter(|slots| !(1..=256).contains(slots)) {
        return Err(invalid("requiredSlots", slots, "a task takes 1 to 256 slots"));
    }
    task.multi_instance_settings.as_ref().map_or(Ok(()), |settings| multi_instance(task, settings))?;
    task_constraints(task.constraints.as_ref())?;
    task.exit_conditions.as_ref().map_or(Ok(()), exit_conditions)?;
    task.depends_on.as_ref().map_or(Ok(()), dependencies)
}

/// Checks that a job does what its tasks ask of it when they end, and that it knows dependencies if they speak of them.
pub(crate) fn exit_actions(task: &BatchTaskCreateOptions, job: &BatchJob) -> Result<(), Refusal> {
    let acts = job.on_task_failure == Some(BatchTaskFailureMode::PerformExitOptionsJobAction);
    let depends = job.uses_task_dependencies == Some(true);
    for (place, options) in task.exit_conditions.iter().flat_map(exit_options) {
        let property = |name: &str| format!("exitConditions.{place}.{name}");
        if let Some(action) = options.job_action.as_ref().filter(|_| !acts) {
            let reason = "the job's onTaskFailure is not performexitoptionsjobaction";
            return Err(invalid(&property("jobAction"), action, reason));
        }
        if let Some(action) = options.dependency_action.as_ref().filter(|_| !depends) {
            let reason = "the job's usesTaskDependencies is not true";
            return Err(invalid(&property("dependencyAction"), action, reason));
        }
    }
    Ok(())
}

/// Checks a task that runs on several nodes at once. Whether its pool has such nodes is not asked: it waits for them.
fn multi_instance(task: &BatchTaskCreateOptions, settings: &MultiInstanceSettings) -> Result<(), Refusal> {
    resource_files(settings.common_resource_files.as_deref())?;
    if settings.coordination_command_line.trim().is_empty() {
        return Err(missing("multiInstanceSettings.coordinationCommandLine"));
    }
    if let Some(count) = settings.number_of_instances.filter(|count| *count < 1) {
        let property = "multiInstanceSettings.numberOfInstances";
        return Err(invalid(property, count, "a task has at least one instance"));
    }
    if let Some(slots) = task.required_slots.filter(|slots| *slots != 1) {
        return Err(invalid(
            "requiredSlots",
            slots,
            "a task with several instances takes one slot of each node",
        ));
    }
    if task.container_settings.is_none() { Err(not_done(HOST_INSTANCES)) } else { Ok(()) }
}

/// Checks what a task's token is to give access to.
fn authentication_token(properties: &Map<String, Value>) -> Result<(), Refusal> {
    let settings = AuthenticationTokenSettings::of(properties)
        .map_err(|error| invalid(AUTHENTICATION_TOKEN_SETTINGS, "…", &error.to_string()))?;
    match settings.scopes().iter().find(|scope| **scope != BatchAccessScope::Job) {
        Some(other) => Err(invalid("authenticationTokenSettings.access", other, "expected job")),
        None => Ok(()),
    }
}

fn exit_conditions(conditions: &ExitConditions) -> Result<(), Refusal> {
    match conditions.exit_code_ranges.iter().flatten().find(|range| range.start > range.end) {
        Some(range) => Err(invalid(
            "exitConditions.exitCodeRanges",
            format!("{}-{}", range.start, range.end),
            "a range does not end before its start",
        )),
        None => Ok(()),
    }
}

/// Checks how long and how often a task may run.
pub(crate) fn task_constraints(constraints: Option<&BatchTaskConstraints>) -> Result<(), Refusal> {
    let retry_count = constraints.and_then(|constraints| constraints.max_task_retry_count);
    retries("constraints.maxTaskRetryCount", retry_count)
}

fn dependencies(on: &BatchTaskDependencies) -> Result<(), Refusal> {
    let length: usize = on.task_ids.iter().flatten().map(|id| id.as_str().len()).sum();
    if length > MAX_DEPENDENCY_IDS {
        return Err(ErrorCode::TASK_DEPENDENCY_LIST_TOO_LONG.into());
    }
    match on.task_id_ranges.iter().flatten().find(|range| range.start > range.end || range.start < 0) {
        Some(range) => Err(invalid(
            "dependsOn.taskIdRanges",
            format!("{}-{}", range.start, range.end),
            "a range starts at 0 or later and does not end before its start",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(name: &str, value: Value) -> Result<(), Refusal> {
        let mut body = json!({"id": "t", "commandLine": "x"});
        body[name] = value;
        task(&serde_json::from_value(body).unwrap())
    }

    #[test]
    fn empty_lists_and_wishes_are_let_in() {
        for name in ["resourceFiles", "outputFiles", "applicationPackageReferences"] {
            assert_eq!(check(name, json!([])), Ok(()), "{name}");
        }
        assert_eq!(check("applicationPackageReferences", json!([{"applicationId": "a"}])), Ok(()));
        assert_eq!(check("affinityInfo", json!({"affinityId": "a"})), Ok(()));
    }

    #[test]
    fn a_task_with_several_instances_has_a_container_and_a_coordination_command() {
        let with = |settings: Value, more: Value| {
            let mut body = json!({
                "id": "t", "commandLine": "x", "containerSettings": {"imageName": "i"}, "multiInstanceSettings": settings,
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            task(&serde_json::from_value(body).unwrap())
        };
        let fine = json!({"coordinationCommandLine": "sshd"});
        assert_eq!(with(fine.clone(), json!({})), Ok(()));
        assert_eq!(
            with(
                json!({"coordinationCommandLine": "x", "numberOfInstances": 2}),
                json!({"requiredSlots": 1})
            ),
            Ok(())
        );
        for (settings, more, status, name) in [
            (
                json!({"coordinationCommandLine": " "}),
                json!({}),
                400,
                "multiInstanceSettings.coordinationCommandLine",
            ),
            (
                json!({"coordinationCommandLine": "x", "numberOfInstances": 0}),
                json!({}),
                400,
                "multiInstanceSettings.numberOfInstances",
            ),
            (fine.clone(), json!({"requiredSlots": 2}), 400, "requiredSlots"),
            (fine, json!({"containerSettings": null}), 501, HOST_INSTANCES),
            (
                json!({"coordinationCommandLine": "x", "commonResourceFiles": [{"httpUrl": "https://a/b"}]}),
                json!({}),
                400,
                "filePath",
            ),
        ] {
            let error = with(settings, more).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (status, Some(name)));
        }
    }

    #[test]
    fn a_token_is_for_the_job_and_nothing_else() {
        for settings in [json!({"access": ["job"]}), json!({"access": []}), json!({}), json!(null)] {
            assert_eq!(check("authenticationTokenSettings", settings), Ok(()));
        }
        for settings in [json!({"access": ["job", "pool"]}), json!({"access": "job"}), json!(true)] {
            assert_eq!(check("authenticationTokenSettings", settings).unwrap_err().status, 400);
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for (name, value) in [
            ("requiredSlots", json!(0)),
            ("commandLine", json!("")),
            ("containerSettings", json!({"imageName": " "})),
            ("dependsOn", json!({"taskIdRanges": [{"start": 2, "end": 1}]})),
            ("constraints", json!({"maxTaskRetryCount": -2})),
            ("applicationPackageReferences", json!([{"applicationId": ""}])),
            ("exitConditions", json!({"exitCodeRanges": [{"start": 2, "end": 1, "exitOptions": {}}]})),
        ] {
            assert_eq!(check(name, value).unwrap_err().status, 400, "{name}");
        }
        let ids: Vec<String> = (0..1_001).map(|n| format!("{n:064}")).collect();
        let error = check("dependsOn", json!({"taskIds": ids})).unwrap_err();
        assert!(error.is(ErrorCode::TASK_DEPENDENCY_LIST_TOO_LONG));
    }
}
