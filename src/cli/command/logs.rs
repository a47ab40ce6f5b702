//! `logs`: shows what a task printed.

use std::io::Write;
use std::time::Duration;

use futures::TryStreamExt;

use crate::batch::model::BatchTaskState;
use crate::batch::odata::Select;
use crate::batch::operations::{GetTask, GetTaskFile, GetTaskFileProperties};
use crate::batch::{JobId, TaskId};
use crate::cli::account::Account;
use crate::cli::args::LogsArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

/// How often a file that is followed is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(super) async fn run(context: &Context, args: &LogsArgs) -> Result<ExitCode, CommandError> {
    let (job_id, task_id) = task_of(&args.address)?;
    let account = Account::open(context).await?;
    let file_path = if args.stderr { "stderr.txt" } else { "stdout.txt" }.to_owned();
    let file = GetTaskFile { job_id, task_id, file_path, range: None };
    let result = show(context, &account, &file, args.follow).await;
    account.close().await;
    result
}

/// `JOB/TASK` or `jobs.JOB.tasks.TASK`.
fn task_of(address: &str) -> Result<(JobId, TaskId), CommandError> {
    let by_path = || address.strip_prefix("jobs.")?.split_once(".tasks.");
    let wrong = |reason: String| {
        CommandError::new(ExitCode::Usage, format!("`{address}` is not the address of a task: {reason}"))
            .hint(Some("write JOB/TASK, for example hello/greet".to_owned()))
    };
    let (job, task) =
        by_path().or_else(|| address.split_once('/')).ok_or_else(|| wrong("it names no task".into()))?;
    let job = JobId::new(job).map_err(|error| wrong(error.to_string()))?;
    let task = TaskId::new(task).map_err(|error| wrong(error.to_string()))?;
    Ok((job, task))
}

async fn show(
    context: &Context,
    account: &Account,
    file: &GetTaskFile,
    follow: bool,
) -> Result<ExitCode, CommandError> {
    let client = account.client();
    let task = GetTask {
        job_id: file.job_id.clone(),
        task_id: file.task_id.clone(),
        select: Select::of(&["id", "state"]),
    };
    let properties = GetTaskFileProperties {
        job_id: file.job_id.clone(),
        task_id: file.task_id.clone(),
        file_path: file.file_path.clone(),
    };
    let mut out = context.printer.stdout();
    let mut shown = 0;
    loop {
        // The state is read before the file, so that what a task prints last is never missed.
        let state = client.send(&task).await?.value.state;
        let over = state == Some(BatchTaskState::Completed);
        let length = match client.file_info(&properties).await {
            Ok(info) => info.length,
            Err(error) if follow && !over && error.status().is_some() => 0,
            Err(error) => return Err(error.into()),
        };
        if length > shown {
            let content = client.read_file_range(file, shown..length).await?;
            let mut bytes = content.bytes;
            while let Some(chunk) = bytes.try_next().await? {
                shown += chunk.len() as u64;
                out.write_all(&chunk)?;
            }
            out.flush()?;
        }
        if over || !follow {
            return Ok(ExitCode::Success);
        }
        if account.at_rest().is_some() {
            context.printer.err(
                "The local account is at rest, and nobody follows the task: `batchyard emulator`, or applying its recipe, goes on with it.\n",
            );
            return Ok(ExitCode::Success);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_two_addresses() {
        for address in ["sweep/estimate-7", "jobs.sweep.tasks.estimate-7"] {
            let (job, task) = task_of(address).unwrap();
            assert_eq!((job.as_str(), task.as_str()), ("sweep", "estimate-7"));
        }
        for address in ["sweep", "jobs.sweep", "sweep/..", "/x"] {
            assert!(task_of(address).is_err(), "{address}");
        }
    }
}
