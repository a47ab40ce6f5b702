//! Pools.

use super::applications::refuse_unknown;
use crate::batch::model::{
    BatchNodeRemoveOptions, BatchPoolCreateOptions, BatchPoolEnableAutoScaleOptions,
    BatchPoolEvaluateAutoScaleOptions, BatchPoolReplaceOptions, BatchPoolResizeOptions,
    BatchPoolUpdateOptions,
};
use crate::batch::{DateTime, ErrorCode, PoolId};
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::service::{Failure, scaled};
use crate::emulator::store::{Column, Kind, PoolTable, SampleTable, StoreError};
use crate::emulator::{admission, conditions, formula, wire};

const SET: &str = "pools";

const COLUMNS: &[Column] = &[
    Column { property: "id", sql: "key", kind: Kind::Text },
    Column { property: "state", sql: "json_extract(body, '$.pool.state')", kind: Kind::Text },
    Column {
        property: "stateTransitionTime",
        sql: "json_extract(body, '$.pool.stateTransitionTime')",
        kind: Kind::Time,
    },
    Column {
        property: "allocationState",
        sql: "json_extract(body, '$.pool.allocationState')",
        kind: Kind::Text,
    },
    Column {
        property: "allocationStateTransitionTime",
        sql: "json_extract(body, '$.pool.allocationStateTransitionTime')",
        kind: Kind::Time,
    },
    Column { property: "creationTime", sql: "json_extract(body, '$.pool.creationTime')", kind: Kind::Time },
    Column { property: "lastModified", sql: "json_extract(body, '$.pool.lastModified')", kind: Kind::Time },
    Column { property: "vmSize", sql: "json_extract(body, '$.pool.vmSize')", kind: Kind::Text },
    Column {
        property: "enableAutoScale",
        sql: "json_extract(body, '$.pool.enableAutoScale')",
        kind: Kind::Boolean,
    },
    Column {
        property: "enableInterNodeCommunication",
        sql: "json_extract(body, '$.pool.enableInterNodeCommunication')",
        kind: Kind::Boolean,
    },
];

pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    let pool: BatchPoolCreateOptions = call.json()?;
    admission::pool(&pool)?;
    refuse_unknown(&call, pool.application_package_references.as_deref()).await?;
    let location = format!("{}/pools/{}", call.base, pool.id);
    let version = call.account.service.write(move |unit| unit.create_pool(pool)).await?;
    Ok(Answer::created(&location, &version))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    let page = request.page(COLUMNS)?;
    let base = call.base.clone();
    let pools = call.account.service.read(move |store| {
        let pools = PoolTable(store);
        pools
            .page(&page)?
            .into_iter()
            .map(|record| {
                let nodes = pools.census(record.row)?;
                Ok((record.pool.id.key(), wire::pool(&base, record, nodes)?))
            })
            .collect::<Result<Vec<_>, _>>()
    });
    let pools = pools.await?;
    Ok(request.answer(&call, SET, pools))
}

pub(crate) async fn get(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions, base) = (call.id::<PoolId>(0)?, call.conditions()?, call.base.clone());
    let read = call.account.service.read(move |store| {
        let record = PoolTable(store).find(&id)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        let version = record.version();
        conditions::check_read(&conditions, &version)?;
        let nodes = PoolTable(store).census(record.row)?;
        Ok((wire::pool(&base, record, nodes)?, version))
    });
    let (pool, version) = read.await?;
    Ok(Answer::object(&call.base, SET, pool, &call.select()?).version(&version))
}

pub(crate) async fn exists(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let read = call.account.service.read(move |store| {
        let record = PoolTable(store).find(&id)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        let version = record.version();
        conditions::check_read(&conditions, &version)?;
        Ok(version)
    });
    Ok(Answer::exists(&read.await?))
}

pub(crate) async fn update(call: Call) -> Result<Answer, Refusal> {
    let update: BatchPoolUpdateOptions = call.json()?;
    admission::pool_update(&update)?;
    refuse_unknown(&call, update.application_package_references.as_deref()).await?;
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.update_pool(&id, update, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    call.account.service.write(move |unit| unit.delete_pool(&id, &conditions)).await?;
    Ok(Answer::done())
}

pub(crate) async fn resize(call: Call) -> Result<Answer, Refusal> {
    let resize: BatchPoolResizeOptions = call.json()?;
    admission::pool_resize(&resize)?;
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.resize_pool(&id, resize, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn stop_resize(call: Call) -> Result<Answer, Refusal> {
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let version = call.account.service.write(move |unit| unit.stop_pool_resize(&id, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn replace_properties(call: Call) -> Result<Answer, Refusal> {
    let options: BatchPoolReplaceOptions = call.json()?;
    admission::pool_replacement(&options)?;
    refuse_unknown(&call, Some(&options.application_package_references)).await?;
    let id = call.id::<PoolId>(0)?;
    let version = call.account.service.write(move |unit| unit.replace_pool_properties(&id, options)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn remove_nodes(call: Call) -> Result<Answer, Refusal> {
    let options: BatchNodeRemoveOptions = call.json()?;
    admission::node_removal(&options)?;
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let version =
        call.account.service.write(move |unit| unit.remove_nodes(&id, options, &conditions)).await?;
    Ok(Answer::changed(&call.url(), &version))
}

pub(crate) async fn enable_auto_scale(call: Call) -> Result<Answer, Refusal> {
    let options: BatchPoolEnableAutoScaleOptions = call.json()?;
    admission::auto_scale(&options)?;
    let (id, conditions) = (call.id::<PoolId>(0)?, call.conditions()?);
    let write = call.account.service.write(move |unit| unit.enable_auto_scale(&id, options, &conditions));
    Ok(Answer::changed(&call.url(), &write.await?))
}

pub(crate) async fn evaluate_auto_scale(call: Call) -> Result<Answer, Refusal> {
    let options: BatchPoolEvaluateAutoScaleOptions = call.json()?;
    admission::formula(&options.auto_scale_formula)?;
    let (id, now) = (call.id::<PoolId>(0)?, DateTime(call.account.clock.now()));
    let read = call.account.service.read(move |store| {
        let record = PoolTable(store).find(&id)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        scaled(&record)?;
        let sample = SampleTable(store).take(&record, now)?;
        Ok(formula::evaluate(store, &record, &options.auto_scale_formula, sample)?.0)
    });
    let run = serde_json::to_value(read.await?).map_err(StoreError::from).map_err(Failure::from)?;
    Ok(Answer::object(&call.base, "autoscalerun", run, &call.select()?))
}

pub(crate) async fn disable_auto_scale(call: Call) -> Result<Answer, Refusal> {
    let id = call.id::<PoolId>(0)?;
    let version = call.account.service.write(move |unit| unit.disable_auto_scale(&id)).await?;
    Ok(Answer::changed(&call.url(), &version))
}
