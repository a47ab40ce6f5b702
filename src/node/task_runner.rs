//! One run of a task: clears what an earlier one left, makes the directories, fetches the task's files, and runs the program in a
//! container or on the node itself.

use std::io;

use crate::batch::model::{BatchTaskContainerSettings, BatchTaskFailureInfo};
use crate::node::account::Account;
use crate::node::container_plan;
use crate::node::context::{NodeContext, in_background};
use crate::node::failure::{self, TaskOutcome};
use crate::node::layout::TaskDirectory;
use crate::node::plain_path;
use crate::node::run::{Run, Watch};
use crate::node::runtime::RuntimeKind;
use crate::node::{container_task, host_task, resource_files};

/// The image that a simulated node names where no container is asked for.
const NO_IMAGE: &str = "none";

/// Runs one attempt to its end.
pub(super) async fn run(node: &NodeContext, run: &Run<'_>, watch: &Watch<'_>) -> TaskOutcome {
    node.end_leftover(&run.record).await;
    let account = match decide(run, node.account) {
        Ok(account) => account,
        Err(failure_info) => return TaskOutcome::failed(failure_info),
    };
    if let Err(error) = make_directory(node, run.directory.clone(), account).await {
        let path = run.directory.path().display();
        return TaskOutcome::failed(failure::node_failed(format!("the task's directory {path}: {error}")));
    }
    // A task that only counts as run needs no files, and whoever has it simulated may have none.
    if node.runtime.kind() != RuntimeKind::Simulated
        && let Err(failure_info) = resource_files::fetch(node, run, account, watch).await
    {
        return TaskOutcome::failed(failure_info);
    }
    let no_container = BatchTaskContainerSettings { image_name: NO_IMAGE.to_owned(), ..Default::default() };
    let settings = match run.settings {
        Some(settings) => settings,
        // Where nothing really runs, a process of the node is simulated like a container.
        None if node.runtime.kind() == RuntimeKind::Simulated => &no_container,
        None => return host_task::run(node, run, account, watch).await,
    };
    match container_plan::plan(run, settings, &node.layout, &node.owner, account) {
        Ok(plan) => container_task::run(node, run, settings, plan, watch).await,
        Err(failure_info) => TaskOutcome::failed(failure_info),
    }
}

/// Who the task runs as, if it can run at all.
fn decide(run: &Run<'_>, current: Account) -> Result<Account, BatchTaskFailureInfo> {
    if run.settings.is_some() && run.pool.is_none() {
        return Err(failure::pool_without_containers());
    }
    let is_job_task = run.job.is_some();
    if run.settings.is_none() && run.pool.is_some() && is_job_task {
        return Err(failure::invalid_settings(
            "the pool runs containers, and the task has no container settings; name an image for it",
        ));
    }
    Account::of_task(run.user, current).map_err(failure::launch_failed)
}

/// Makes the task's directory and gives it to the task's user.
async fn make_directory(node: &NodeContext, directory: TaskDirectory, account: Account) -> io::Result<()> {
    if !node.keeps_records() {
        return in_background(move || directory.create_output()).await;
    }
    let hand_over = node.account.is_root() && !account.is_root();
    in_background(move || {
        directory.create()?;
        if hand_over {
            // Only the working directory: whoever owned the directory above could put links in the place of the output
            // files, and this program, which may be root, writes through them.
            plain_path::give(&directory.working(), account.uid, account.gid)?;
        }
        Ok(())
    })
    .await
}
