//! From a task's settings to the container that it runs in. Decides and touches nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::batch::command_line;
use crate::batch::model::{
    BatchTaskContainerSettings, BatchTaskFailureInfo, ContainerHostDataPath, ContainerWorkingDirectory,
};
use crate::batch::run_options::RunOptions;
use crate::node::account::Account;
use crate::node::environment::Environment;
use crate::node::failure;
use crate::node::layout::NodeLayout;
use crate::node::run::Run;
use crate::node::runtime::{ContainerSpec, Mount, MountSource};

/// How long a task's program has to end in when it is asked to, unless `--stop-timeout` says otherwise.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// A container that is to be made.
#[derive(Debug)]
pub(super) struct ContainerPlan {
    /// The container; its image is still to be fetched.
    pub(super) spec: ContainerSpec,
    /// Whether it goes as soon as its result is recorded.
    pub(super) remove: bool,
    /// How long it has to end in when it is asked to.
    pub(super) grace: Duration,
    /// Folders outside of the node that are meant to be seen: what stands in for the file systems of its pool.
    pub(super) shares: Vec<PathBuf>,
    /// Folders of the node that must be there before the container is made.
    pub(super) host_folders: Vec<PathBuf>,
}

type Decision<T> = Result<T, BatchTaskFailureInfo>;

/// Plans the container of a run.
pub(super) fn plan(
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    layout: &NodeLayout,
    owner: &str,
    account: Account,
) -> Decision<ContainerPlan> {
    let options = run_options(settings, &run.environment)?;
    let mounts = node_mounts(run, settings, layout)?;
    let working = run.directory.working();
    let working_directory = match settings.working_directory {
        Some(ContainerWorkingDirectory::ContainerImageDefault) => None,
        None | Some(ContainerWorkingDirectory::TaskWorkingDirectory) => {
            if options.working_directory.is_none() && !is_mounted(&mounts, &working) {
                return Err(failure::invalid_settings(
                    "the task starts in its working directory, and that is not among the mounts; \
                     mount `Task`, or start in the image's directory (`containerImageDefault`)",
                ));
            }
            Some(text(&working))
        }
        Some(ContainerWorkingDirectory::Other(ref other)) => {
            return Err(failure::invalid_settings(format!(
                "`{other}` is no working directory of a container"
            )));
        }
    };
    let is_visible = |value: &str| {
        let path = Path::new(value);
        !path.starts_with(layout.root()) || is_mounted(&mounts, path)
    };
    let command = command_line::split(run.command_line).map_err(failure::launch_failed)?;
    let mut host_folders: Vec<_> = mounts.iter().filter_map(bound).map(Path::to_owned).collect();
    host_folders.extend(options.host_folders.iter().cloned());
    let mut spec = ContainerSpec {
        name: run.name.clone(),
        owner: owner.to_owned(),
        labels: run.labels.clone(),
        command,
        environment: run.environment.clone().into_variables(is_visible),
        working_directory,
        user: Some(account.to_string()),
        mounts,
        stdout: run.directory.stdout(),
        stderr: run.directory.stderr(),
        ..ContainerSpec::default()
    };
    spec.apply(&options);
    drop_mknod(&mut spec);
    Ok(ContainerPlan {
        spec,
        shares: run.shares.iter().map(|share| share.folder().to_owned()).collect(),
        remove: options.remove,
        grace: options.stop_timeout.unwrap_or(GRACE),
        host_folders,
    })
}

/// Takes the right to make device nodes away, unless a task asks for it: one that it leaves in a folder of the node works there.
fn drop_mknod(spec: &mut ContainerSpec) {
    let asks = |name: &String| {
        let name = name.to_ascii_uppercase();
        ["ALL", "MKNOD"].contains(&name.strip_prefix("CAP_").unwrap_or(&name))
    };
    if !spec.privileged && !spec.cap_add.iter().any(asks) {
        spec.cap_drop.push("MKNOD".to_owned());
    }
}

/// The run options, with the task's variables replaced in each argument; a value with blanks in it stays one argument.
fn run_options(settings: &BatchTaskContainerSettings, environment: &Environment) -> Decision<RunOptions> {
    let text = settings.container_run_options.as_deref().unwrap_or_default();
    let arguments = command_line::split(text).map_err(|error| {
        failure::invalid_settings(format!("the run options can't be split into arguments: {error}"))
    })?;
    let expand = |argument: &String| environment.expand("containerRunOptions", argument);
    let arguments =
        arguments.iter().map(expand).collect::<Result<Vec<_>, _>>().map_err(failure::invalid_settings)?;
    RunOptions::parse_arguments(&arguments).map_err(failure::invalid_settings)
}

/// What of the node's directories the container sees, each at its own path: all, unless parts are chosen.
fn node_mounts(
    run: &Run<'_>,
    settings: &BatchTaskContainerSettings,
    layout: &NodeLayout,
) -> Decision<Vec<Mount>> {
    let shares = |read_only: bool| {
        run.shares.iter().map(move |share| same_path(share.folder(), read_only || share.is_read_only()))
    };
    let Some(chosen) = &settings.container_host_batch_bind_mounts else {
        return Ok(each_once([same_path(layout.root(), false)].into_iter().chain(shares(false))));
    };
    let mut mounts: Vec<Mount> = Vec::new();
    for entry in chosen {
        let read_only = entry.is_read_only.unwrap_or(false);
        let source =
            entry.source.as_ref().ok_or_else(|| failure::invalid_settings("a mount has no source"))?;
        let mount = same_path(&part(source, run, layout)?, read_only);
        mounts.push(mount);
        // The links among the mounts lead there.
        mounts.extend(shares(read_only).filter(|_| *source == ContainerHostDataPath::VfsMounts));
    }
    Ok(each_once(mounts))
}

/// The service takes the same source twice, and a pool the same file system at two places; a container can't. The first counts.
fn each_once(mounts: impl IntoIterator<Item = Mount>) -> Vec<Mount> {
    let mut once: Vec<Mount> = Vec::new();
    for mount in mounts {
        if !once.iter().any(|present| present.target == mount.target) {
            once.push(mount);
        }
    }
    once
}

fn part(source: &ContainerHostDataPath, run: &Run<'_>, layout: &NodeLayout) -> Decision<PathBuf> {
    match source {
        ContainerHostDataPath::Shared => Ok(layout.shared()),
        ContainerHostDataPath::Startup => Ok(layout.startup().path().to_owned()),
        ContainerHostDataPath::VfsMounts => Ok(layout.mounts()),
        ContainerHostDataPath::Task => Ok(run.directory.path().to_owned()),
        ContainerHostDataPath::Applications => Ok(layout.applications()),
        ContainerHostDataPath::JobPrep => {
            run.preparation.as_ref().map(|directory| directory.path().to_owned()).ok_or_else(|| {
                failure::invalid_settings(
                    "there is no job preparation task whose directory `JobPrep` could mount",
                )
            })
        }
        ContainerHostDataPath::Other(other) => {
            Err(failure::invalid_settings(format!("nodes have no directory `{other}` to mount")))
        }
    }
}

fn same_path(path: &Path, read_only: bool) -> Mount {
    Mount { source: MountSource::Bind(path.to_owned()), target: text(path), read_only }
}

fn bound(mount: &Mount) -> Option<&Path> {
    match &mount.source {
        MountSource::Bind(path) => Some(path),
        MountSource::Tmpfs(_) => None,
    }
}

fn is_mounted(mounts: &[Mount], path: &Path) -> bool {
    mounts.iter().filter_map(bound).any(|mounted| path.starts_with(mounted))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::ContainerHostBatchBindMountEntry;
    use crate::batch::{NodeId, PoolId, TaskId};
    use crate::node::assignment::NodeIdentity;
    use crate::node::record::RecordFile;

    const OWNER: &str = "owner";
    const ACCOUNT: Account = Account { uid: 7, gid: 8 };

    fn settings(options: &str) -> BatchTaskContainerSettings {
        BatchTaskContainerSettings {
            image_name: "busybox".to_owned(),
            container_run_options: Some(options.to_owned()),
            ..BatchTaskContainerSettings::default()
        }
    }

    fn with_mounts(parts: &[(ContainerHostDataPath, bool)]) -> BatchTaskContainerSettings {
        let entry = |(source, read_only): &(ContainerHostDataPath, bool)| ContainerHostBatchBindMountEntry {
            source: Some(source.clone()),
            is_read_only: Some(*read_only),
        };
        BatchTaskContainerSettings {
            container_host_batch_bind_mounts: Some(parts.iter().map(entry).collect()),
            ..settings("")
        }
    }

    fn plan_of(command_line: &str, settings: &BatchTaskContainerSettings) -> Decision<ContainerPlan> {
        let layout = NodeLayout::new("/node".into());
        let (job, task) = (JobId::new("j").unwrap(), TaskId::new("t").unwrap());
        let identity = NodeIdentity {
            account_name: "local".to_owned(),
            account_url: "http://x/".to_owned(),
            pool_id: PoolId::new("p").unwrap(),
            node_id: NodeId::new("n").unwrap(),
            is_dedicated: true,
            account_door: "/door".into(),
        };
        let run = Run {
            may_run_on_host: false,
            preparation: None,
            attempt: 0,
            started: jiff::Timestamp::UNIX_EPOCH,
            name: "name".to_owned(),
            labels: std::collections::BTreeMap::new(),
            directory: layout.task(&job, &task),
            record: RecordFile::of_task(&layout, &job, &task),
            environment: Environment::of_task(&identity, &layout, &layout.task(&job, &task), &job, &task),
            command_line,
            resource_files: &[],
            output_files: &[],
            settings: Some(settings),
            user: None,
            own_user: ACCOUNT,
            user_accounts: &[],
            pool: None,
            shares: &[],
            certificates: &[],
            uses_account: false,
            part: None,
        };
        plan(&run, settings, &layout, OWNER, ACCOUNT)
    }

    fn variable<'a>(plan: &'a ContainerPlan, name: &str) -> Option<&'a str> {
        plan.spec.environment.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    fn reason(result: Decision<ContainerPlan>) -> (String, String) {
        let info = result.unwrap_err();
        let detail = info.details.unwrap().remove(0).value.unwrap();
        (info.code.unwrap(), detail)
    }

    use crate::batch::JobId;

    #[test]
    fn by_default_the_whole_node_is_mounted_and_the_task_starts_in_its_directory() {
        let plan = plan_of("python train.py --lr '1 2'", &settings("")).unwrap();
        assert_eq!(plan.spec.command, ["python", "train.py", "--lr", "1 2"]);
        assert_eq!(plan.spec.entrypoint, None);
        assert_eq!(plan.spec.working_directory.as_deref(), Some("/node/workitems/j/job-1/t/wd"));
        assert_eq!(plan.spec.user.as_deref(), Some("7:8"));
        assert_eq!(plan.spec.mounts, [same_path(Path::new("/node"), false)]);
        assert_eq!(variable(&plan, "AZ_BATCH_NODE_ROOT_DIR"), Some("/node"));
        assert_eq!((plan.remove, plan.grace), (false, GRACE));
    }

    #[test]
    fn an_empty_command_line_leaves_entrypoint_and_command_to_the_image() {
        for command_line in ["", "  "] {
            let plan = plan_of(command_line, &settings("")).unwrap();
            assert!(plan.spec.command.is_empty() && plan.spec.entrypoint.is_none());
        }
    }

    #[test]
    fn workdir_wins_over_the_setting_and_the_setting_over_the_default() {
        let image_default = BatchTaskContainerSettings {
            working_directory: Some(ContainerWorkingDirectory::ContainerImageDefault),
            ..settings("")
        };
        assert_eq!(plan_of("x", &image_default).unwrap().spec.working_directory, None);
        let both = BatchTaskContainerSettings {
            container_run_options: Some("--rm -w /".to_owned()),
            ..image_default
        };
        let plan = plan_of("x", &both).unwrap();
        assert_eq!(plan.spec.working_directory.as_deref(), Some("/"));
        assert!(plan.remove);
    }

    #[test]
    fn variables_are_replaced_in_run_options() {
        let plan = plan_of(
            "x",
            &settings("-w $AZ_BATCH_TASK_WORKING_DIR/sub -v ${AZ_BATCH_NODE_SHARED_DIR}/a:/a:ro"),
        );
        let plan = plan.unwrap();
        assert_eq!(plan.spec.working_directory.as_deref(), Some("/node/workitems/j/job-1/t/wd/sub"));
        assert!(plan.host_folders.contains(&PathBuf::from("/node/shared/a")));
    }

    #[test]
    fn only_chosen_parts_are_mounted_and_variables_of_others_are_gone() {
        let parts = [
            (ContainerHostDataPath::Task, false),
            (ContainerHostDataPath::Shared, true),
            (ContainerHostDataPath::Shared, false),
        ];
        let plan = plan_of("x", &with_mounts(&parts)).unwrap();
        assert_eq!(
            plan.spec.mounts,
            [
                same_path(Path::new("/node/workitems/j/job-1/t"), false),
                same_path(Path::new("/node/shared"), true)
            ]
        );
        assert_eq!(variable(&plan, "AZ_BATCH_NODE_SHARED_DIR"), Some("/node/shared"));
        assert!(variable(&plan, "AZ_BATCH_TASK_WORKING_DIR").is_some());
        for name in ["AZ_BATCH_NODE_ROOT_DIR", "AZ_BATCH_NODE_STARTUP_DIR", "AZ_BATCH_NODE_MOUNTS_DIR"] {
            assert_eq!(variable(&plan, name), None, "{name}");
        }
        assert_eq!(variable(&plan, "AZ_BATCH_TASK_ID"), Some("t"));
    }

    #[test]
    fn what_is_named_twice_is_mounted_once() {
        let mount = |target, read_only| same_path(Path::new(target), read_only);
        let mounts = each_once([mount("/a", true), mount("/b", false), mount("/a", false)]);
        assert_eq!(mounts, [mount("/a", true), mount("/b", false)]);
    }

    #[test]
    fn a_task_that_is_not_mounted_must_start_elsewhere() {
        let (code, text) = reason(plan_of("x", &with_mounts(&[])));
        assert_eq!(code, "ContainerInvalidSettings");
        assert!(text.contains("containerImageDefault"), "{text}");
        let elsewhere = BatchTaskContainerSettings {
            working_directory: Some(ContainerWorkingDirectory::ContainerImageDefault),
            ..with_mounts(&[])
        };
        assert!(plan_of("x", &elsewhere).unwrap().spec.mounts.is_empty());
        let workdir =
            BatchTaskContainerSettings { container_run_options: Some("-w /".to_owned()), ..with_mounts(&[]) };
        assert!(plan_of("x", &workdir).is_ok());
    }

    #[test]
    fn what_is_not_valid_has_the_code_of_the_service() {
        let (code, text) = reason(plan_of("x", &settings("--workdr /")));
        assert_eq!(code, "ContainerInvalidSettings");
        assert!(text.contains("--workdir"), "{text}");
        assert_eq!(reason(plan_of("x", &settings("--env 'A"))).0, "ContainerInvalidSettings");
        assert_eq!(reason(plan_of("x 'y", &settings(""))).0, "CommandLaunchFailed");
        let unknown = with_mounts(&[(ContainerHostDataPath::Other("Attic".to_owned()), false)]);
        assert!(reason(plan_of("x", &unknown)).1.contains("`Attic`"));
    }
}
