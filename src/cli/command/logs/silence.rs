//! Why a task has printed nothing.

use super::streams::Stream;
use super::targets::Target;
use crate::batch::model::{BatchTask, BatchTaskExecutionInfo, BatchTaskState};
use crate::cli::error::CommandError;
use crate::client::BatchClient;
use crate::observe::hold_of_task;

/// Why there is nothing to show, and what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
    /// Whether the task waits for something that will not come by itself.
    pub(super) is_final: bool,
    /// Whether there was something to show and it is gone.
    pub(super) is_loss: bool,
}

impl Silence {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None, is_final: false, is_loss: false }
    }
}

/// Finds out why `streams` of a task show nothing.
pub(super) async fn silence(
    client: &BatchClient,
    target: &Target,
    streams: &[Stream],
) -> Result<Silence, CommandError> {
    let task = &target.task;
    if task.state == Some(BatchTaskState::Completed) {
        return completed(client, target, streams).await;
    }
    if task.state != Some(BatchTaskState::Active) {
        let what = match &task.state {
            Some(BatchTaskState::Preparing) => "its node is preparing it",
            _ => "it is running and has printed nothing so far",
        };
        return Ok(Silence::new(what));
    }
    let Some(hold) = hold_of_task(client, &target.job, &task.id).await? else {
        return Ok(Silence::new("it is about to run"));
    };
    let is_final = hold.is_final();
    let verb = if is_final { "can't run" } else { "has not run yet" };
    Ok(Silence { hint: hold.hint(), is_final, ..Silence::new(format!("it {verb}: {hold}")) })
}

async fn completed(
    client: &BatchClient,
    target: &Target,
    streams: &[Stream],
) -> Result<Silence, CommandError> {
    let info = target.task.execution_info.clone().unwrap_or_default();
    let Some(exit_code) = info.exit_code else {
        return Ok(Silence::new(format!("it never ran: {}", failure(&info))));
    };
    let mut lost = false;
    for stream in streams {
        lost |= client.file_info(&stream.properties(&target.job, &target.task.id)).await.is_err();
    }
    if lost {
        let reason = format!(
            "it ended with exit code {exit_code}, and its files are gone: its node has left the pool, or they were kept long enough"
        );
        return Ok(Silence { is_loss: true, ..Silence::new(reason) });
    }
    let names: Vec<_> = streams.iter().map(|stream| stream.name()).collect();
    let mut silence = Silence::new(format!(
        "it ended with exit code {exit_code} and printed nothing to {}",
        names.join(" or ")
    ));
    if let [stream] = streams {
        let other = stream.other();
        let properties = other.properties(&target.job, &target.task.id);
        let length = client.file_info(&properties).await.map_or(0, |file| file.length);
        if length > 0 {
            silence.hint = Some(format!("its {0} has {length} bytes: --{0} shows them", other.name()));
        }
    }
    Ok(silence)
}

/// Why a task failed, in one line: `ContainerInvalidImage: … (Image: …)`.
pub(super) fn failure(info: &BatchTaskExecutionInfo) -> String {
    let Some(failure) = &info.failure_info else { return "the service gives no reason".to_owned() };
    let code = failure.code.as_deref().unwrap_or_default();
    let message = failure.message.as_deref().unwrap_or_default();
    let details = failure.details.iter().flatten().filter_map(|detail| {
        let (name, value) = (detail.name.as_deref()?, detail.value.as_deref()?);
        (value != message).then(|| format!("{name}: {value}"))
    });
    let details: Vec<_> = details.collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    format!("{code}: {message}{details}")
}

/// How a task that failed ended, in one line; `None` if it succeeded or has not ended.
pub(super) fn bad_end(task: &BatchTask) -> Option<String> {
    let info = task.execution_info.as_ref().filter(|info| info.failure_info.is_some())?;
    let exit = info
        .exit_code
        .map_or_else(|| "without an exit code".to_owned(), |code| format!("with exit code {code}"));
    Some(format!("ended {exit}: {}", failure(info)))
}
