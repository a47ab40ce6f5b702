//! Users of nodes. They are kept by name, so that clients find what they made; nobody can log in to a folder, so no password or
//! key is kept and no user of the machine is made.

use crate::batch::model::{BatchNodeUserCreateOptions, BatchNodeUserReplaceOptions};
use crate::batch::{NodeId, PoolId};
use crate::emulator::admission;
use crate::emulator::answer::Answer;
use crate::emulator::call::Call;
use crate::emulator::refusal::Refusal;

pub(crate) async fn create(call: Call) -> Result<Answer, Refusal> {
    let user: BatchNodeUserCreateOptions = call.json()?;
    admission::node_user(&user.name)?;
    let (pool, node) = (call.id::<PoolId>(0)?, call.id::<NodeId>(1)?);
    call.account.service.write(move |unit| unit.create_node_user(&pool, &node, user.name)).await?;
    Ok(Answer::added(&call.url()))
}

pub(crate) async fn replace(call: Call) -> Result<Answer, Refusal> {
    let _: BatchNodeUserReplaceOptions = call.json()?;
    let (pool, node, name) = (call.id::<PoolId>(0)?, call.id::<NodeId>(1)?, call.parameter(2).to_owned());
    call.account.service.write(move |unit| unit.replace_node_user(&pool, &node, &name)).await?;
    Ok(Answer::acted(&call.url()))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Refusal> {
    let (pool, node, name) = (call.id::<PoolId>(0)?, call.id::<NodeId>(1)?, call.parameter(2).to_owned());
    call.account.service.write(move |unit| unit.delete_node_user(&pool, &node, &name)).await?;
    Ok(Answer::done())
}
