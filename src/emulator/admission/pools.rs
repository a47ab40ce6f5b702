//! Pools.

use std::path::Path;

use super::certificates::certificate_references;
use super::files::resource_files;
use super::nodes::emptying;
use super::packages::packages_of_pool;
use super::properties::{container_settings, metadata, registry, retries, user_identity};
use super::refusals::{invalid, missing, not_done, refuse};
use super::refused::{CRI, POOL, POOL_CHANGE, VIRTUAL_MACHINE, WINDOWS};
use super::users::user_accounts;
use crate::batch::autoscale::{Formula, MOST_CHARACTERS};
use crate::batch::model::{
    BatchCertificateReference, BatchContainerConfiguration, BatchNodeDeallocationOption,
    BatchNodeRemoveOptions, BatchPoolCreateOptions, BatchPoolEnableAutoScaleOptions, BatchPoolReplaceOptions,
    BatchPoolResizeOptions, BatchPoolUpdateOptions, BatchStartTask, CERTIFICATE_REFERENCES, ContainerType,
    MountConfiguration, VirtualMachineConfiguration,
};
use crate::batch::{ErrorCode, WireDuration};
use crate::emulator::formula::told;
use crate::emulator::refusal::Refusal;
use crate::node::Share;

/// The most nodes that are removed at a time.
const MAX_REMOVED: usize = 100;
/// How often a formula may be evaluated, in seconds.
const INTERVALS: std::ops::RangeInclusive<u64> = 5 * 60..=168 * 60 * 60;
/// The most slots of a node.
const MAX_SLOTS: i32 = 256;

/// Checks a pool that is to be made.
pub(crate) fn pool(pool: &BatchPoolCreateOptions) -> Result<(), Refusal> {
    if pool.vm_size.trim().is_empty() {
        return Err(missing("vmSize"));
    }
    refuse(pool, &POOL)?;
    certificates(&pool.other)?;
    auto_scaled_pool(pool)?;
    virtual_machine(
        pool.virtual_machine_configuration.as_ref().ok_or_else(|| missing("virtualMachineConfiguration"))?,
    )?;
    mounts(pool.mount_configuration.as_deref())?;
    targets(pool.target_dedicated_nodes, pool.target_low_priority_nodes)?;
    resize_timeout(pool.resize_timeout)?;
    slots(pool.task_slots_per_node)?;
    user_accounts(pool.user_accounts.as_deref())?;
    packages_of_pool(pool.application_package_references.as_deref())?;
    pool.start_task.as_ref().map_or(Ok(()), start_task)?;
    metadata(pool.metadata.as_deref())
}

/// Checks a change of a pool.
pub(crate) fn pool_update(update: &BatchPoolUpdateOptions) -> Result<(), Refusal> {
    refuse(update, &POOL)?;
    refuse(update, &POOL_CHANGE)?;
    certificates(&update.other)?;
    update.virtual_machine_configuration.as_ref().map_or(Ok(()), virtual_machine)?;
    mounts(update.mount_configuration.as_deref())?;
    slots(update.task_slots_per_node)?;
    user_accounts(update.user_accounts.as_deref())?;
    packages_of_pool(update.application_package_references.as_deref())?;
    update.start_task.as_ref().map_or(Ok(()), start_task)?;
    metadata(update.metadata.as_deref())
}

/// Checks the replacement of a pool's properties.
pub(crate) fn pool_replacement(options: &BatchPoolReplaceOptions) -> Result<(), Refusal> {
    refuse(options, &POOL)?;
    packages_of_pool(Some(&options.application_package_references))?;
    certificates(&options.other)?;
    options.start_task.as_ref().map_or(Ok(()), start_task)?;
    metadata(Some(&options.metadata))
}

/// Checks which certificates a pool refers to, as older versions of the API let it.
fn certificates(properties: &serde_json::Map<String, serde_json::Value>) -> Result<(), Refusal> {
    let references = BatchCertificateReference::listed(properties)
        .map_err(|error| invalid(CERTIFICATE_REFERENCES, "…", &error.to_string()))?;
    certificate_references(&references)
}

/// Checks which nodes are to leave.
pub(crate) fn node_removal(options: &BatchNodeRemoveOptions) -> Result<(), Refusal> {
    if !(1..=MAX_REMOVED).contains(&options.node_list.len()) {
        return Err(invalid("nodeList", options.node_list.len(), "1 to 100 nodes are removed at a time"));
    }
    deallocation(options.node_deallocation_option.as_ref())?;
    resize_timeout(options.resize_timeout)
}

/// Checks what a pool that is to be made says of its formula: it has a size or a formula.
fn auto_scaled_pool(pool: &BatchPoolCreateOptions) -> Result<(), Refusal> {
    let settings =
        |reason: &str| Err(Refusal::new(ErrorCode::INVALID_AUTO_SCALING_SETTINGS).with("Reason", reason));
    if pool.enable_auto_scale != Some(true) {
        return match (&pool.auto_scale_formula, pool.auto_scale_evaluation_interval) {
            (None, None) => Ok(()),
            _ => settings("a formula and its interval need enableAutoScale"),
        };
    }
    if pool.target_dedicated_nodes.is_some() || pool.target_low_priority_nodes.is_some() {
        return settings("a pool whose size a formula sets has no targets of its own");
    }
    let formula = pool.auto_scale_formula.as_deref().ok_or_else(|| missing("autoScaleFormula"))?;
    formula_to_keep(formula)?;
    evaluation_interval(pool.auto_scale_evaluation_interval)
}

/// Checks a formula and how often it is evaluated.
pub(crate) fn auto_scale(options: &BatchPoolEnableAutoScaleOptions) -> Result<(), Refusal> {
    options.auto_scale_formula.as_deref().map_or(Ok(()), formula_to_keep)?;
    evaluation_interval(options.auto_scale_evaluation_interval)
}

/// Checks a formula that is only to be tried: what is wrong in it, the evaluation says.
pub(crate) fn formula(formula: &str) -> Result<(), Refusal> {
    if formula.trim().is_empty() {
        return Err(missing("autoScaleFormula"));
    }
    match formula.chars().count() {
        length if length > MOST_CHARACTERS => Err(Refusal::new(ErrorCode::AUTO_SCALING_FORMULA_TOO_LONG)
            .with("Reason", format!("a formula has at most {MOST_CHARACTERS} characters, not {length}"))),
        _ => Ok(()),
    }
}

/// Checks that a formula that is to be kept can be read.
pub(crate) fn formula_to_keep(text: &str) -> Result<(), Refusal> {
    formula(text)?;
    let Err(errors) = Formula::parse(text) else { return Ok(()) };
    let refusal = Refusal::new(ErrorCode::AUTO_SCALING_FORMULA_SYNTAX_ERROR);
    Err(told(text, &errors).fold(refusal, |refusal, mistake| refusal.with("Message", mistake)))
}

fn evaluation_interval(interval: Option<WireDuration>) -> Result<(), Refusal> {
    match interval.map(|interval| (interval, interval.limit())) {
        Some((interval, limit)) if limit.is_none_or(|limit| !INTERVALS.contains(&limit.as_secs())) => {
            Err(invalid("autoScaleEvaluationInterval", interval, "5 minutes to 168 hours"))
        }
        _ => Ok(()),
    }
}

fn deallocation(option: Option<&BatchNodeDeallocationOption>) -> Result<(), Refusal> {
    emptying("nodeDeallocationOption", option.map(BatchNodeDeallocationOption::as_str)).map(drop)
}

/// Checks a resize.
pub(crate) fn pool_resize(resize: &BatchPoolResizeOptions) -> Result<(), Refusal> {
    if resize.target_dedicated_nodes.is_none() && resize.target_low_priority_nodes.is_none() {
        return Err(
            missing("targetDedicatedNodes").with("Reason", "a resize names at least one of the two targets")
        );
    }
    deallocation(resize.node_deallocation_option.as_ref())?;
    targets(resize.target_dedicated_nodes, resize.target_low_priority_nodes)?;
    resize_timeout(resize.resize_timeout)
}

fn targets(dedicated: Option<i32>, spot: Option<i32>) -> Result<(), Refusal> {
    for (name, target) in [("targetDedicatedNodes", dedicated), ("targetLowPriorityNodes", spot)] {
        if let Some(target) = target.filter(|target| *target < 0) {
            return Err(invalid(name, target, "a number of nodes is not negative"));
        }
    }
    Ok(())
}

fn resize_timeout(timeout: Option<WireDuration>) -> Result<(), Refusal> {
    match timeout.and_then(WireDuration::limit) {
        Some(limit) if limit.as_secs() < 5 * 60 => {
            Err(invalid("resizeTimeout", WireDuration::from(limit), "at least 5 minutes"))
        }
        _ => Ok(()),
    }
}

fn slots(slots: Option<i32>) -> Result<(), Refusal> {
    match slots {
        Some(count) if !(1..=MAX_SLOTS).contains(&count) => {
            Err(invalid("taskSlotsPerNode", count, "a node has 1 to 256 slots"))
        }
        _ => Ok(()),
    }
}

/// Checks that folders can stand in for the file systems that nodes mount.
fn mounts(configurations: Option<&[MountConfiguration]>) -> Result<(), Refusal> {
    // Where the folders are makes no difference to what can have one.
    let shares = Share::all(configurations.unwrap_or_default(), Path::new("/"));
    shares.map(drop).map_err(|error| invalid(error.property, error.value, error.reason))
}

fn virtual_machine(configuration: &VirtualMachineConfiguration) -> Result<(), Refusal> {
    refuse(configuration, &VIRTUAL_MACHINE)?;
    if configuration.node_agent_sku_id.to_ascii_lowercase().starts_with("batch.node.windows") {
        return Err(not_done(WINDOWS));
    }
    configuration.container_configuration.as_ref().map_or(Ok(()), containers)
}

fn containers(configuration: &BatchContainerConfiguration) -> Result<(), Refusal> {
    match &configuration.r#type {
        Some(ContainerType::DockerCompatible) => {}
        Some(ContainerType::CriCompatible) => {
            return Err(not_done(CRI));
        }
        Some(ContainerType::Other(other)) => {
            return Err(invalid("containerConfiguration.type", other, "expected dockerCompatible"));
        }
        None => return Err(missing("containerConfiguration.type")),
    }
    configuration.container_registries.iter().flatten().try_for_each(registry)
}

fn start_task(task: &BatchStartTask) -> Result<(), Refusal> {
    resource_files(task.resource_files.as_deref())?;
    user_identity(task.user_identity.as_ref())?;
    retries("startTask.maxTaskRetryCount", task.max_task_retry_count)?;
    container_settings(task.container_settings.as_ref())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(path: &str, value: Value) -> Result<(), Refusal> {
        let mut body = json!({"id": "p", "vmSize": "standard_d2_v3", "virtualMachineConfiguration": {
            "nodeAgentSKUId": "batch.node.ubuntu 22.04", "imageReference": {"offer": "o"},
            "containerConfiguration": {"type": "dockerCompatible"}}});
        let (parent, name) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        pool(&serde_json::from_value(body).unwrap())
    }

    #[test]
    fn inert_properties_are_let_in() {
        for (path, value) in [
            ("/displayName", json!("d")),
            ("/networkConfiguration", json!({"subnetId": "s"})),
            ("/upgradePolicy", json!({"mode": "automatic"})),
            ("/mountConfiguration", json!([])),
            ("/userAccounts", json!([{"name": "a", "password": "p"}])),
            ("/enableAutoScale", json!(false)),
            ("/resizeTimeout", json!("PT5M")),
            ("/virtualMachineConfiguration/dataDisks", json!([{"lun": 0, "diskSizeGB": 10}])),
        ] {
            assert_eq!(check(path, value), Ok(()), "{path}");
        }
    }

    #[test]
    fn what_is_not_done_is_refused_by_name() {
        for (path, value, property) in [
            (
                "/startTask",
                json!({"commandLine": "x", "resourceFiles": [{"autoStorageContainerName": "in"}]}),
                "autoStorageContainerName",
            ),
            (
                "/virtualMachineConfiguration/extensions",
                json!([{"name": "e", "publisher": "p", "type": "t"}]),
                "extensions",
            ),
            (
                "/virtualMachineConfiguration/nodeAgentSKUId",
                json!("batch.node.windows amd64"),
                "nodeAgentSKUId: Windows",
            ),
            (
                "/virtualMachineConfiguration/containerConfiguration/containerRegistries",
                json!([{"identityReference": {"resourceId": "r"}}]),
                "identityReference",
            ),
        ] {
            let error = check(path, value).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (501, Some(property)), "{path}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused_as_the_service_does() {
        for (path, value, property) in [
            ("/targetDedicatedNodes", json!("-1"), "targetDedicatedNodes"),
            ("/taskSlotsPerNode", json!(0), "taskSlotsPerNode"),
            ("/resizeTimeout", json!("PT4M59S"), "resizeTimeout"),
            ("/metadata", json!([{"name": "", "value": "v"}]), "metadata"),
            ("/vmSize", json!(" "), "vmSize"),
            ("/enableAutoScale", json!(true), "autoScaleFormula"),
            ("/virtualMachineConfiguration", json!(null), "virtualMachineConfiguration"),
        ] {
            let error = check(path, value).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (400, Some(property)), "{path}");
        }
    }
}
