//! Steps about pools.

use crate::batch::model::{AllocationState, BatchPoolResizeOptions, BatchPoolUpdateOptions};
use crate::batch::odata::Select;
use crate::batch::operations::{CreatePool, DeletePool, GetPool, PoolExists, ResizePool, UpdatePool};
use crate::batch::{Conditions, ETag, ErrorCode, PoolId};
use crate::plan::PoolResize;
use crate::resource::{LivePool, Observed, Ownership, PoolSpec};

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

async fn read(context: &StepContext<'_>, pool: &PoolId) -> Result<Observed<LivePool>, StepError> {
    let answer = context.client.send(&GetPool { pool_id: pool.clone(), select: Select::default() }).await?;
    Ok(Observed::<LivePool>::from_wire(&answer.value))
}

pub(super) async fn resize(context: &StepContext<'_>, pool: &PoolId, size: PoolResize) -> StepResult {
    let there = settle(context, pool).await?;
    let target =
        PoolResize { dedicated: there.value.spec.dedicated_nodes, spot: there.value.spec.spot_nodes };
    let current = PoolResize { dedicated: there.value.current_dedicated, spot: there.value.current_spot };
    if target == size && current == size {
        return Ok(Outcome::AlreadyDone);
    }
    let resize = BatchPoolResizeOptions {
        target_dedicated_nodes: Some(size.dedicated),
        target_low_priority_nodes: Some(size.spot),
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
    let changes =
        |path: &str| fields.iter().any(|field| field == path || field.starts_with(&format!("{path}.")));
    let machine = (changes("image") || changes("container"))
        .then(|| spec.virtual_machine_configuration(&secrets))
        .transpose()?;
    let start_task = match &spec.start_task {
        Some(task) if changes("start_task") => Some(task.to_wire(&secrets)?),
        _ => None,
    };
    let update = BatchPoolUpdateOptions {
        display_name: changes("display_name").then(|| spec.display_name.clone()).flatten(),
        vm_size: changes("vm_size").then(|| spec.vm_size.clone()),
        virtual_machine_configuration: machine,
        task_slots_per_node: changes("slots_per_node").then_some(spec.slots_per_node),
        start_task,
        metadata: Some(ownership.to_metadata(&there.value.metadata)),
        ..BatchPoolUpdateOptions::default()
    };
    let conditions = etag.cloned().map(Conditions::if_match).unwrap_or_default();
    let request = UpdatePool { pool_id: spec.id.clone(), update, conditions };
    context.client.send(&request).await.map_err(|error| context.stale(error))?;
    Ok(Outcome::Done)
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
