//! From a step's action to the function that does it.

use super::super::context::StepContext;
use super::super::event::Outcome;
use super::guard::if_gone;
use super::{inputs, job, move_job, pool, reboot, schedule, task};
use crate::plan::Action;

/// Brings about what a step wants.
pub(in super::super) async fn ensure(context: &StepContext<'_>) -> Outcome {
    let result = match &context.step.action {
        Action::CreatePool { spec, ownership } => pool::create(context, spec, ownership).await,
        Action::ResizePool { pool, size } => pool::resize(context, pool, *size).await,
        Action::EnableAutoscale { pool, autoscale } => pool::enable_autoscale(context, pool, autoscale).await,
        Action::DisableAutoscale { pool } => pool::disable_autoscale(context, pool).await,
        Action::UpdatePool { spec, fields, ownership } => {
            pool::update(context, spec, fields, ownership).await
        }
        Action::AwaitNodes { pool } => pool::await_nodes(context, pool).await,
        Action::DeletePool { pool, etag } => pool::delete(context, pool, etag.as_ref()).await,
        Action::AwaitPoolGone { pool } => pool::await_gone(context, pool).await,
        Action::CreateJob { spec, ownership } => job::create(context, spec, ownership).await,
        Action::UpdateJob { spec, fields, ownership } => job::update(context, spec, fields, ownership).await,
        Action::EndJob { job, etag, .. } => job::end(context, job, etag.as_ref()).await,
        Action::DeleteJob { job, etag } => job::delete(context, job, etag.as_ref()).await,
        Action::AwaitJobGone { job } => job::await_gone(context, job).await,
        Action::CreateSchedule { spec, ownership } => schedule::create(context, spec, ownership).await,
        Action::UpdateSchedule { spec, fields, ownership } => {
            schedule::update(context, spec, fields, ownership).await
        }
        Action::DeleteSchedule { schedule, etag } => schedule::delete(context, schedule, etag.as_ref()).await,
        Action::AwaitScheduleGone { schedule } => schedule::await_gone(context, schedule).await,
        Action::RebootNodes { pool, ownership } => {
            reboot::nodes(context, pool, ownership).await.map_err(|error| if_gone(context, error))
        }
        Action::MoveJob { job, pool, ownership } => move_job::to(context, job, pool, ownership).await,
        Action::UnsealJob { job, ownership } => job::mark(context, job, ownership).await,
        Action::SealJob { job, seal } => job::seal(context, job, seal).await,
        Action::DeleteTasks { job, tasks } => task::delete(context, job, tasks).await,
        Action::UploadInputs { files, .. } => inputs::upload(context, files).await,
        Action::AddTasks { job, tasks, present, done_before, count, sources, .. } => {
            task::add(context, job, tasks, (present, done_before), (*count, sources)).await
        }
    };
    result.unwrap_or_else(Outcome::Failed)
}
