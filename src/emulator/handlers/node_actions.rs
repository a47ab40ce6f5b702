//! What can be done with nodes.

use serde_json::json;

use crate::batch::model::{
    BatchNodeDeallocateOptions, BatchNodeDeallocationOption, BatchNodeDisableSchedulingOptions,
    BatchNodeRebootOptions, BatchNodeReimageOptions, BatchNodeRemoteLoginSettings,
};
use crate::batch::{ErrorCode, NodeId, PoolId};
use crate::emulator::admission;
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::lifecycle::NodeErrand;
use crate::emulator::query::ListRequest;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{NodeTable, PoolTable};

/// Nodes are folders of this machine: their address is this machine's own.
const ADDRESS: &str = "127.0.0.1";
/// Where SSH would take logins.
const LOGIN_PORT: u16 = 22;
/// Where Remote Desktop would take logins.
const DESKTOP_PORT: u16 = 3389;

pub(crate) async fn reboot(call: Call) -> Result<Answer, Refusal> {
    let options: BatchNodeRebootOptions = call.json_or_default()?;
    let option = options.node_reboot_option.as_ref().map(|option| option.as_str());
    let tasks = admission::emptying("nodeRebootOption", option)?;
    empty(call, NodeErrand::Reboot, tasks).await
}

pub(crate) async fn reimage(call: Call) -> Result<Answer, Refusal> {
    let options: BatchNodeReimageOptions = call.json_or_default()?;
    let option = options.node_reimage_option.as_ref().map(|option| option.as_str());
    let tasks = admission::emptying("nodeReimageOption", option)?;
    empty(call, NodeErrand::Reimage, tasks).await
}

pub(crate) async fn deallocate(call: Call) -> Result<Answer, Refusal> {
    let options: BatchNodeDeallocateOptions = call.json_or_default()?;
    let option = options.node_deallocate_option.as_ref().map(|option| option.as_str());
    let tasks = admission::emptying("nodeDeallocateOption", option)?;
    empty(call, NodeErrand::Deallocate, tasks).await
}

async fn empty(
    call: Call,
    errand: NodeErrand,
    tasks: BatchNodeDeallocationOption,
) -> Result<Answer, Refusal> {
    let (pool, node) = address(&call)?;
    call.account.service.write(move |unit| unit.empty_node(&pool, &node, errand, &tasks)).await?;
    Ok(Answer::acted(&call.url()))
}

pub(crate) async fn start(call: Call) -> Result<Answer, Refusal> {
    let (pool, node) = address(&call)?;
    call.account.service.write(move |unit| unit.start_node(&pool, &node)).await?;
    Ok(Answer::acted(&call.url()))
}

pub(crate) async fn disable_scheduling(call: Call) -> Result<Answer, Refusal> {
    let options: BatchNodeDisableSchedulingOptions = call.json_or_default()?;
    let option = options.node_disable_scheduling_option.as_ref().map(|option| option.as_str());
    let tasks = admission::emptying("nodeDisableSchedulingOption", option)?;
    let (pool, node) = address(&call)?;
    call.account.service.write(move |unit| unit.disable_scheduling(&pool, &node, &tasks)).await?;
    Ok(Answer::acted(&call.url()))
}

pub(crate) async fn enable_scheduling(call: Call) -> Result<Answer, Refusal> {
    let (pool, node) = address(&call)?;
    call.account.service.write(move |unit| unit.enable_scheduling(&pool, &node)).await?;
    Ok(Answer::acted(&call.url()))
}

/// The port where this machine would take logins.
pub(crate) async fn remote_login(call: Call) -> Result<Answer, Refusal> {
    find(&call).await?;
    let settings = BatchNodeRemoteLoginSettings {
        remote_login_ip_address: ADDRESS.to_owned(),
        remote_login_port: LOGIN_PORT,
        ipv6_remote_login_ip_address: None,
        ipv6_remote_login_port: None,
    };
    Ok(Answer::object(&call.base, "remoteloginsettings", json!(settings), &call.select()?))
}

/// The file that Remote Desktop opens a node with, by the port where this machine would take such logins.
pub(crate) async fn remote_desktop(call: Call) -> Result<Answer, Refusal> {
    find(&call).await?;
    Ok(Answer::made_up(format!("full address:s:{ADDRESS}:{DESKTOP_PORT}\r\nprompt for credentials:i:1\r\n")))
}

/// Extensions are refused when a pool is made, so no node has any.
pub(crate) async fn list_extensions(call: Call) -> Result<Answer, Refusal> {
    let request = ListRequest::parse(&call)?;
    find(&call).await?;
    Ok(request.answer(&call, "extensions", Vec::new()))
}

pub(crate) async fn get_extension(call: Call) -> Result<Answer, Refusal> {
    find(&call).await?;
    Err(Refusal::new(ErrorCode::RESOURCE_NOT_FOUND).with("ExtensionName", call.parameter(2)))
}

/// Sees that the node exists.
async fn find(call: &Call) -> Result<(), Refusal> {
    let (pool, node) = address(call)?;
    let read = call.account.service.read(move |store| {
        let pool = PoolTable(store).find(&pool)?.ok_or(ErrorCode::POOL_NOT_FOUND)?;
        NodeTable(store).find(pool.row, &node)?.ok_or(ErrorCode::NODE_NOT_FOUND)?;
        Ok(())
    });
    read.await
}

fn address(call: &Call) -> Result<(PoolId, NodeId), Refusal> {
    Ok((call.id(0)?, call.id(1)?))
}
