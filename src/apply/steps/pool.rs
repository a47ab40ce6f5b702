//! Steps about pools.

use futures::{TryStreamExt as _, pin_mut};

use crate::batch::model::{
    AllocationState, BatchMetadataItem, BatchNodeDeallocationOption, BatchNodeState,
    BatchPoolEnableAutoScaleOptions, BatchPoolResizeOptions, BatchPoolState, BatchPoolUpdateOptions,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{
    CreatePool, DeletePool, DisablePoolAutoScale, EnablePoolAutoScale, GetPool, ListNodes, ResizePool,
    UpdatePool,
};
use crate::batch::{Conditions, ETag, ErrorCode, PoolId};
use crate::observe::{Hold, pool_status};
use crate::plan::{Action, PoolResize, pool_differences};
use crate::resource::{AutoscaleSpec, LivePool, Observed, Ownership, PoolSpec, StartTaskSpec};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use super::guard::{self, Standing, change, if_gone, is_known, is_marked, owner_moved};

type StepResult = Result<Outcome, StepError>;

pub(super) async fn create(context: &StepContext<'_>, spec: &PoolSpec, ownership: &Ownership) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    let pool = spec.to_create(&context.signed(ownership), &secrets)?;
    match context.client.send(&CreatePool { pool }).await {
        Ok(answer) => {
            context.left_at(answer.etag);
            Ok(Outcome::Done)
        }
        Err(error) if error.code_is(ErrorCode::POOL_EXISTS) => {
            let there = read(context, &spec.id).await.map_err(|error| if_gone(context, error))?;
            context.is_ours(there.value.ownership.as_ref(), ownership)?;
            context.left_at(there.etag);
            Ok(Outcome::AlreadyDone)
        }
        Err(error) => Err(if_gone(context, error.into())),
    }
}

/// How a pool stands that was read.
fn standing(context: &StepContext<'_>, there: Observed<LivePool>) -> Standing<LivePool> {
    if is_known(context, there.etag.as_ref()) {
        return Standing::Unmoved(there);
    }
    let mut what = owner_moved(context, there.value.ownership.as_ref());
    let wanted = context.plan.steps.iter().find_map(|step| match &step.action {
        Action::UpdatePool { spec, .. } if spec.id == there.value.spec.id => Some(spec),
        _ => None,
    });
    if let Some(spec) = wanted.filter(|_| what.is_empty()) {
        what = context.fields_moved(&pool_differences(spec, &there.value));
    }
    if what.is_empty() { Standing::Unmoved(there) } else { Standing::Moved(what) }
}

pub(super) async fn read(context: &StepContext<'_>, pool: &PoolId) -> Result<Observed<LivePool>, StepError> {
    let answer = context.client.send(&GetPool { pool_id: pool.clone(), select: Select::default() }).await?;
    Ok(Observed::<LivePool>::from_wire(&answer.value))
}

pub(super) async fn await_nodes(context: &StepContext<'_>, pool: &PoolId) -> StepResult {
    let look = async || {
        let Some(status) = pool_status(context.client, pool).await? else {
            return Err(context.moved(vec!["it is gone".to_owned()]));
        };
        context.progress(format!("nodes: {}", status.states()), None);
        Ok(match status.hold() {
            None | Some(Hold::NoNodes { .. }) if status.is_settled() => Some(Ok(())),
            Some(hold) if hold.is_final() && status.is_settled() => Some(Err(StepError::Nodes(hold))),
            _ => None,
        })
    };
    context.wait_until(&format!("the allocation and start of the nodes of pool {pool}"), look).await??;
    Ok(Outcome::Done)
}

pub(super) async fn resize(context: &StepContext<'_>, pool: &PoolId, size: PoolResize) -> StepResult {
    let wanted = (size.dedicated, size.spot, size.timeout);
    let look = async |may_be_done: bool| {
        let there = settle(context, pool).await?;
        let LivePool { spec, current_dedicated, current_spot, .. } = &there.value;
        let target = (spec.dedicated_nodes, spec.spot_nodes, spec.resize_timeout);
        let current = (*current_dedicated, *current_spot, spec.resize_timeout);
        // A size that our own request may have set need not have been reached: that is told below.
        if target == wanted && may_be_done {
            return Ok(Standing::Reached(there.etag));
        }
        Ok(match standing(context, there) {
            Standing::Unmoved(there) if target == wanted && current == wanted => {
                Standing::Reached(there.etag)
            }
            standing => standing,
        })
    };
    let resized = change(context, look, async |_: &LivePool, conditions| {
        let resize = BatchPoolResizeOptions {
            target_dedicated_nodes: Some(size.dedicated),
            target_low_priority_nodes: Some(size.spot),
            resize_timeout: Some(size.timeout.into()),
            node_deallocation_option: Some(match size.interrupts {
                true => BatchNodeDeallocationOption::Requeue,
                false => BatchNodeDeallocationOption::TaskCompletion,
            }),
        };
        context.client.send(&ResizePool { pool_id: pool.clone(), resize, conditions }).await
    });
    let outcome = resized.await?;
    if matches!(outcome, Outcome::AlreadyDone) {
        return Ok(outcome);
    }
    let has_enough =
        |there: &LivePool| there.current_dedicated >= size.dedicated && there.current_spot >= size.spot;
    let is_done = async |there: &LivePool| {
        let may_be_left = !size.interrupts && has_enough(there);
        Ok(is_steady(there) || (may_be_left && only_finishes_tasks(context, pool).await?))
    };
    let resized = wait_until(context, pool, is_done).await;
    let there = resized.map_err(|error| if_gone(context, error))?.value;
    let reached = match size.interrupts {
        true => (there.current_dedicated, there.current_spot) == (size.dedicated, size.spot),
        false => has_enough(&there),
    };
    if !reached && !there.resize_errors.is_empty() {
        return Err(StepError::Resize(there.resize_errors.join("; ")));
    }
    Ok(outcome)
}

pub(super) async fn enable_autoscale(
    context: &StepContext<'_>,
    pool: &PoolId,
    autoscale: &AutoscaleSpec,
) -> StepResult {
    let look = async |_| {
        let there = settle(context, pool).await?;
        let reached = there.value.spec.autoscale.as_ref() == Some(autoscale);
        Ok(if reached { Standing::Reached(there.etag) } else { standing(context, there) })
    };
    let send = async |_: &LivePool, conditions| {
        let enable = BatchPoolEnableAutoScaleOptions {
            auto_scale_formula: Some(autoscale.formula.clone()),
            auto_scale_evaluation_interval: Some(autoscale.evaluation_interval.into()),
        };
        context.client.send(&EnablePoolAutoScale { pool_id: pool.clone(), enable, conditions }).await
    };
    change(context, look, send).await
}

pub(super) async fn disable_autoscale(context: &StepContext<'_>, pool: &PoolId) -> StepResult {
    let look = async |_| {
        let there = read(context, pool).await?;
        let reached = there.value.spec.autoscale.is_none();
        Ok(if reached { Standing::Reached(there.etag) } else { standing(context, there) })
    };
    // The one request about pools that knows no conditions.
    let send =
        async |_: &LivePool, _| context.client.send(&DisablePoolAutoScale { pool_id: pool.clone() }).await;
    change(context, look, send).await
}

/// Waits until the pool's nodes are no longer changing.
async fn settle(context: &StepContext<'_>, pool: &PoolId) -> Result<Observed<LivePool>, StepError> {
    wait_until(context, pool, async |there: &LivePool| Ok(is_steady(there))).await
}

fn is_steady(pool: &LivePool) -> bool {
    pool.allocation_state == AllocationState::Steady
}

/// Whether all nodes that a pool still waits for finish tasks before they go: that takes as long as tasks do.
async fn only_finishes_tasks(context: &StepContext<'_>, pool: &PoolId) -> Result<bool, StepError> {
    let select = Select::of(&["id", "state", "runningTasksCount"]);
    let query = ListQuery { select, ..ListQuery::default() };
    let nodes = context.client.list(ListNodes { pool_id: pool.clone(), query });
    pin_mut!(nodes);
    let mut some_do = false;
    while let Some(node) = nodes.try_next().await? {
        if node.state == Some(BatchNodeState::LeavingPool) {
            if node.running_tasks_count.unwrap_or_default() == 0 {
                return Ok(false);
            }
            some_do = true;
        }
    }
    Ok(some_do)
}

async fn wait_until(
    context: &StepContext<'_>,
    pool: &PoolId,
    is_done: impl AsyncFn(&LivePool) -> Result<bool, StepError>,
) -> Result<Observed<LivePool>, StepError> {
    context
        .wait_until(&format!("the allocation of pool {pool}"), async || {
            let there = read(context, pool).await?;
            if is_done(&there.value).await? {
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
) -> StepResult {
    let secrets = context.options.secrets.resolve(spec.secrets())?;
    // Filled in beforehand, because a secret that is missing is no matter of the service.
    let update = secrets.fill(update_of(spec, fields, Vec::new()))?;
    let look = async |_| {
        let there = read(context, &spec.id).await?;
        let is_marked = is_marked(there.value.ownership.as_ref(), ownership);
        let is_scale = |path: &str| path.starts_with("nodes.") || path == "resize_timeout";
        let differs = || pool_differences(spec, &there.value).iter().any(|field| !is_scale(&field.path));
        Ok(if is_marked && !differs() { Standing::Reached(there.etag) } else { standing(context, there) })
    };
    let send = async |there: &LivePool, conditions| {
        let metadata = Some(context.signed(ownership).to_metadata(&there.metadata));
        let update = BatchPoolUpdateOptions { metadata, ..update.clone() };
        context.client.send(&UpdatePool { pool_id: spec.id.clone(), update, conditions }).await
    };
    change(context, look, send).await
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
    let mut etag = etag.cloned();
    loop {
        let conditions = etag.map(Conditions::if_match).unwrap_or_default();
        match context.client.send(&DeletePool { pool_id: pool.clone(), conditions }).await {
            Ok(_) => break,
            Err(error) if error.is_not_found() => return Ok(Outcome::AlreadyDone),
            Err(error) if error.code_is(ErrorCode::POOL_BEING_DELETED) => break,
            Err(error) if error.code_is(ErrorCode::CONDITION_NOT_MET) => {
                let look = GetPool { pool_id: pool.clone(), select: Select::default() };
                let Some(there) = context.client.find(&look).await? else { break };
                let there = Observed::<LivePool>::from_wire(&there.value);
                if there.value.state == BatchPoolState::Deleting {
                    break;
                }
                let what = owner_moved(context, there.value.ownership.as_ref());
                // A formula changes the number of nodes, and with it the version.
                if !what.is_empty() || there.value.spec.autoscale.is_none() {
                    return Err(context.moved(what));
                }
                etag = there.etag;
            }
            Err(error) => return Err(error.into()),
        }
    }
    await_gone(context, pool).await
}

pub(super) async fn await_gone(context: &StepContext<'_>, pool: &PoolId) -> StepResult {
    let request = GetPool { pool_id: pool.clone(), select: Select::of(&["id", "state"]) };
    let look = async || {
        let there = context.client.find(&request).await?;
        Ok(there.map(|there| there.value.state == Some(BatchPoolState::Deleting)))
    };
    guard::await_gone(context, &format!("pool {pool}"), "nodes", look).await
}

/// Writes the mark of a pool.
pub(super) async fn mark(context: &StepContext<'_>, pool: &PoolId, ownership: &Ownership) -> StepResult {
    let look = async |_| {
        let there = read(context, pool).await?;
        let marked = there.value.ownership.as_ref() == Some(ownership);
        Ok(if marked { Standing::Reached(there.etag) } else { standing(context, there) })
    };
    let send = async |there: &LivePool, conditions| {
        let metadata = Some(context.signed(ownership).to_metadata(&there.metadata));
        let update = BatchPoolUpdateOptions { metadata, ..BatchPoolUpdateOptions::default() };
        context.client.send(&UpdatePool { pool_id: pool.clone(), update, conditions }).await
    };
    change(context, look, send).await
}
