//! Steps about pools.

use crate::batch::model::{
    AllocationState, BatchMetadataItem, BatchPoolEnableAutoScaleOptions, BatchPoolResizeOptions,
    BatchPoolUpdateOptions,
};
use crate::batch::odata::Select;
use crate::batch::operations::{
    CreatePool, DeletePool, DisablePoolAutoScale, EnablePoolAutoScale, GetPool, PoolExists, ResizePool,
    UpdatePool,
};
use crate::batch::{Conditions, ETag, ErrorCode, PoolId};
use crate::plan::PoolResize;
use crate::resource::{AutoscaleSpec, LivePool, Observed, Ownership, PoolSpec, StartTaskSpec};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;

type StepResult = Result<Outcome, StepError>;

pub(super) async fn create(context: &StepContext<'_>, spec: &PoolSpec, ownership: &Ownership) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let pool = spec.to_create(ownership, &secrets)?;
    match context.client.send(&CreatePool { pool }).await {
        Ok(_) => Ok(Outcome::Done),
        Err(error) if error.code_is(ErrorCode::POOL_EXISTS) => {
            let there = read(context, &spec.id).await?;
            let same = there.value.ownership.as_ref().is_some_and(|own| own.digest == ownership.digest);
            if same { Ok(Outcome::AlreadyDone) } else { Err(context.appeared()) }
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn read(context: &StepContext<'_>, pool: &PoolId) -> Result<Observed<LivePool>, StepError> {
    let answer = context.client.send(&GetPool { pool_id: pool.clone(), select: Select::default() }).await?;
    Ok(Observed::<LivePool>::from_wire(&answer.value))
}

pub(super) async fn resize(context: &StepContext<'_>, pool: &PoolId, size: PoolResize) -> StepResult {
    let there = settle(context, pool).await?;
    let LivePool { spec, current_dedicated, current_spot, .. } = &there.value;
    let target = (spec.dedicated_nodes, spec.spot_nodes, spec.resize_timeout);
    let current = (*current_dedicated, *current_spot, spec.resize_timeout);
    let wanted = (size.dedicated, size.spot, size.timeout);
    if target == wanted && current == wanted {
        return Ok(Outcome::AlreadyDone);
    }
    let resize = BatchPoolResizeOptions {
        target_dedicated_nodes: Some(size.dedicated),
        target_low_priority_nodes: Some(size.spot),
        resize_timeout: Some(size.timeout.into()),
        ..BatchPoolResizeOptions::default()
    };
    let request = ResizePool { pool_id: pool.clone(), resize, conditions: Conditions::default() };
    context.client.send(&request).await?;
    let there = settle(context, pool).await?.value;
    let reached = (there.current_dedicated, there.current_spot) == (size.dedicated, size.spot);
    if !reached && !there.resize_errors.is_empty() {
        return Err(StepError::Resize(there.resize_errors.join("; ")));
    }
    Ok(Outcome::Done)
}

pub(super) async fn enable_autoscale(
    context: &StepContext<'_>,
    pool: &PoolId,
    autoscale: &AutoscaleSpec,
) -> StepResult {
    let there = settle(context, pool).await?;
    if there.value.spec.autoscale.as_ref() == Some(autoscale) {
        return Ok(Outcome::AlreadyDone);
    }
    let enable = BatchPoolEnableAutoScaleOptions {
        auto_scale_formula: Some(autoscale.formula.clone()),
        auto_scale_evaluation_interval: Some(autoscale.evaluation_interval.into()),
    };
    let request = EnablePoolAutoScale { pool_id: pool.clone(), enable, conditions: Conditions::default() };
    context.client.send(&request).await?;
    Ok(Outcome::Done)
}

pub(super) async fn disable_autoscale(context: &StepContext<'_>, pool: &PoolId) -> StepResult {
    if read(context, pool).await?.value.spec.autoscale.is_none() {
        return Ok(Outcome::AlreadyDone);
    }
    context.client.send(&DisablePoolAutoScale { pool_id: pool.clone() }).await?;
    Ok(Outcome::Done)
}

/// Waits until the pool's nodes are no longer changing.
async fn settle(context: &StepContext<'_>, pool: &PoolId) -> Result<Observed<LivePool>, StepError> {
    context
        .wait_until(&format!("the allocation of pool {pool}"), async || {
            let there = read(context, pool).await?;
            if there.value.allocation_state == AllocationState::Steady {
                return Ok(Some(there));
            }
            let nodes = there.value.current_dedicated + there.value.current_spot;
            let wanted = there.value.spec.dedicated_nodes + there.value.spec.spot_nodes;
            let state = &there.value.allocation_state;
            context.progress(format!("{nodes} of {wanted} nodes, {state}"), None);
            Ok(None)
        })
        .await
}

pub(super) async fn update(
    context: &StepContext<'_>,
    spec: &PoolSpec,
    fields: &[String],
    ownership: &Ownership,
    etag: Option<&ETag>,
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let there = read(context, &spec.id).await?;
    let metadata = ownership.to_metadata(&there.value.metadata);
    let update = secrets.fill(update_of(spec, fields, metadata))?;
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = UpdatePool { pool_id: spec.id.clone(), update, conditions };
    context.client.send(&request).await.map_err(|error| context.stale(error))?;
    Ok(Outcome::Done)
}

/// Properties that are sent together, because the virtual machines are described by one object.
const MACHINE: [&str; 11] = [
    "image",
    "container",
    "os_disk",
    "data_disks",
    "disk_encryption",
    "node_placement",
    "security_profile",
    "extensions",
    "windows",
    "license_type",
    "service_artifact",
];

/// The request that changes those fields; secrets are still references.
fn update_of(spec: &PoolSpec, fields: &[String], metadata: Vec<BatchMetadataItem>) -> BatchPoolUpdateOptions {
    let changes =
        |path: &str| fields.iter().any(|field| field == path || field.starts_with(&format!("{path}.")));
    BatchPoolUpdateOptions {
        display_name: changes("display_name").then(|| spec.display_name.clone()).flatten(),
        vm_size: changes("vm_size").then(|| spec.vm_size.clone()),
        virtual_machine_configuration: MACHINE
            .into_iter()
            .any(changes)
            .then(|| spec.virtual_machine_configuration()),
        task_slots_per_node: changes("slots_per_node").then_some(spec.slots_per_node),
        task_scheduling_policy: changes("scheduling_policy").then(|| spec.scheduling_policy()),
        enable_inter_node_communication: changes("inter_node_communication")
            .then_some(spec.inter_node_communication),
        start_task: spec.start_task.as_ref().filter(|_| changes("start_task")).map(StartTaskSpec::to_wire),
        network_configuration: spec.network.clone().filter(|_| changes("network")),
        application_package_references: changes("application_packages")
            .then(|| spec.application_packages.clone()),
        user_accounts: changes("user_accounts").then(|| spec.user_accounts.clone()),
        mount_configuration: changes("mounts").then(|| spec.mounts.clone()),
        upgrade_policy: spec.upgrade_policy.clone().filter(|_| changes("upgrade_policy")),
        metadata: Some(metadata),
        other: serde_json::Map::new(),
    }
}

pub(super) async fn delete(context: &StepContext<'_>, pool: &PoolId, etag: Option<&ETag>) -> StepResult {
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    match context.client.send(&DeletePool { pool_id: pool.clone(), conditions }).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyDone),
        Err(error) if error.code_is(ErrorCode::POOL_BEING_DELETED) => {}
        Err(error) => return Err(context.stale(error)),
    }
    await_gone(context, pool).await
}

pub(super) async fn await_gone(context: &StepContext<'_>, pool: &PoolId) -> StepResult {
    context
        .wait_until(&format!("the deletion of pool {pool}"), async || {
            let exists = context.client.exists(&PoolExists { pool_id: pool.clone() }).await?;
            if exists {
                context.progress("waiting for its nodes to go", None);
            }
            Ok((!exists).then_some(()))
        })
        .await?;
    Ok(Outcome::Done)
}
