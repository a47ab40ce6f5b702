//! One run of a task: clears what an earlier one left, makes the directories, fetches the task's files, and runs the program in a
//! container or on the node itself.

use std::io;

use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    BatchApplicationPackageReference, BatchTaskContainerSettings, BatchTaskCreateOptions,
    BatchTaskFailureInfo,
};
use crate::node::account::Account;
use crate::node::certificates;
use crate::node::container_plan::{self, ContainerPlan};
use crate::node::context::{NodeContext, in_background};
use crate::node::failure::{self, Interruption, TaskOutcome};
use crate::node::packages::{self, InstalledPackage, PackageError};
use crate::node::plain_path;
use crate::node::run::{Run, Watch};
use crate::node::runtime::RuntimeKind;
use crate::node::{container_task, host_task, instance, resource_files};

/// The image that a simulated node names where no container is asked for.
const NO_IMAGE: &str = "none";

/// Runs one attempt to its end.
pub(super) async fn run(node: &NodeContext, run: &Run<'_>, watch: &Watch<'_>) -> TaskOutcome {
    node.end_leftover(&run.record).await;
    let account = match decide(run, node.account) {
        Ok(account) => account,
        Err(failure_info) => return TaskOutcome::failed(failure_info),
    };
    if let Err(error) = make_directory(node, run, account).await {
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
    match container_plan::plan(run, settings, &node.layout, &node.owner, inside(node, account)) {
        Ok(plan) => match run.part {
            Some(part) => instance::run(node, run, part, settings, plan, watch).await,
            None if run.uses_account && node.runtime.kind() != RuntimeKind::Simulated => {
                instance::run_with_account(node, run, settings, plan, watch).await
            }
            None => container_task::run(node, run, settings, plan, watch).await,
        },
        Err(failure_info) => TaskOutcome::failed(failure_info),
    }
}

/// The container that a run would get.
pub(super) fn plan(node: &NodeContext, run: &Run<'_>) -> Result<ContainerPlan, BatchTaskFailureInfo> {
    let account = decide(run, node.account)?;
    let settings =
        run.settings.ok_or_else(|| failure::invalid_settings("the task has no container settings"))?;
    container_plan::plan(run, settings, &node.layout, &node.owner, inside(node, account))
}

/// Who a user of the node is in its containers.
fn inside(node: &NodeContext, account: Account) -> Account {
    let (uid, gid) = node.runtime.user_inside(account.uid, account.gid);
    Account { uid, gid }
}

/// Brings the application packages of a task to the node.
pub(super) async fn packages(
    node: &NodeContext,
    task: &BatchTaskCreateOptions,
    cancel: &CancellationToken,
) -> Result<Vec<InstalledPackage>, BatchTaskFailureInfo> {
    let mut packages = Vec::new();
    for reference in task.application_package_references.iter().flatten() {
        let package = install(node, reference, cancel).await;
        packages.push(package.map_err(|error| match cancel.is_cancelled() {
            true => failure::ended(Interruption::Cancelled),
            false => failure::of_package(reference, &error),
        })?);
    }
    Ok(packages)
}

/// Has an application package on the node.
pub(super) async fn install(
    node: &NodeContext,
    reference: &BatchApplicationPackageReference,
    cancel: &CancellationToken,
) -> Result<InstalledPackage, PackageError> {
    let (reference, applications) = (reference.clone(), node.applications.clone());
    let (layout, cancel) = (node.layout.clone(), cancel.clone());
    // Where nothing really runs, nobody looks into packages.
    let is_simulated = node.runtime.kind() == RuntimeKind::Simulated;
    let _alone = node.installing.lock().await;
    let work = move || match is_simulated {
        true => packages::find(&reference, &applications),
        false => packages::install(&reference, &applications, &layout, &cancel),
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(PackageError::Panicked(error)))
}

/// Who the task runs as, if it can run at all.
fn decide(run: &Run<'_>, current: Account) -> Result<Account, BatchTaskFailureInfo> {
    if run.settings.is_some() && run.pool.is_none() {
        return Err(failure::pool_without_containers());
    }
    if run.settings.is_none() && run.pool.is_some() && !run.may_run_on_host {
        return Err(failure::invalid_settings(
            "the pool runs containers, and the task has no container settings; name an image for it",
        ));
    }
    Account::of_task(run.user, run.user_accounts, current, run.own_user).map_err(failure::launch_failed)
}

/// Makes the task's directory with its certificates, and gives it to the task's user.
async fn make_directory(node: &NodeContext, run: &Run<'_>, account: Account) -> io::Result<()> {
    let directory = run.directory.clone();
    if !node.keeps_records() {
        return in_background(move || directory.create_output()).await;
    }
    let owner = (node.account.is_root() && !account.is_root()).then_some(account);
    let certificates = run.certificates.to_vec();
    let shared = run.part.map(|part| node.layout.task(part.job, part.task));
    let is_alone = owner == Some(run.own_user);
    let common = is_alone.then(|| [node.layout.shared(), node.layout.mounts()]);
    in_background(move || {
        directory.create()?;
        certificates::install(&certificates, &directory.certificates(), owner)?;
        if let Some(owner) = owner {
            // Only the working directory: whoever owned the directory above could put links in the place of the output
            // files, and this program, which may be root, writes through them.
            plain_path::give(&directory.working(), owner.uid, owner.gid)?;
        }
        if let Some(shared) = shared {
            // Instances share the directory above with each other's programs: anyone may add to it, and nobody replace what
            // is there.
            plain_path::share(shared.path())?;
        }
        for directory in common.iter().flatten() {
            // Those of the node belong to the user that other tasks share.
            plain_path::share(directory)?;
        }
        Ok(())
    })
    .await
}
