//! Where a recipe uses an image, and what would run there.

use std::sync::Arc;

use serde::Serialize;

use super::advice::Advice;
use super::traits::{evidence_of_shell, is_relative_path, is_shell, is_shell_form};
use crate::batch::image_reference::server_name;
use crate::batch::model::{
    BatchContainerConfiguration, BatchJobPreparationTask, BatchJobSpecification, BatchTaskContainerSettings,
    BatchTaskCreateOptions, Confidential, ElevationLevel, EnvironmentSetting, UserIdentity,
};
use crate::batch::{ImageReference, InvalidId, JobId, NodeId, PoolId, TaskId};
use crate::clock::{Clock, SystemClock};
use crate::node::runtime::{ImageReport, SimulatedRuntime};
use crate::node::{Applications, Node, NodeIdentity, TaskAssignment, TaskRole};
use crate::resource::{
    DesiredState, EnvironmentSpec, EnvironmentValue, NOT_SHOWN, PoolSpec, RegistrySpec, TaskContainerSpec,
    TaskSpec, TaskStreamError,
};

/// Where nodes in Azure have their files.
const NODE_ROOT: &str = "/mnt/batch/tasks";

/// Where a recipe uses an image.
#[derive(Debug, Default)]
pub struct RecipeUses {
    /// The pools that fetch it before they take tasks.
    pub prefetched_by: Vec<String>,
    /// The tasks, those that differ in nothing but their number taken together.
    pub tasks: Vec<ImageUse>,
    /// The login to its registry, if the recipe has one.
    pub registry: Option<RegistrySpec>,
}

/// Tasks of a recipe that use an image.
#[derive(Debug, Clone)]
pub struct ImageUse {
    /// Where in the recipe: `jobs.train.tasks.epoch`, `pools.gpu.start_task`.
    pub address: String,
    /// The id of the first of these tasks.
    pub example: String,
    /// How many there are.
    pub count: u64,
    task: Task,
}

/// What of a task says what runs.
#[derive(Debug, Clone)]
struct Task {
    command_line: String,
    settings: BatchTaskContainerSettings,
    environment: Vec<EnvironmentSetting>,
    user: Option<UserIdentity>,
}

/// What would run in a container of a task.
#[derive(Debug, Clone, Serialize)]
pub struct Invocation {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Where it starts.
    pub place: Place,
    /// Who it runs as.
    pub user: Runner,
}

/// Who a program runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Runner {
    /// An ordinary user that the service makes on the node.
    Ordinary,
    /// Root.
    Administrator,
    /// A user account of the pool.
    Account(String),
    /// The user of the container that the run options name.
    Container(String),
}

/// Where a program starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "path")]
pub enum Place {
    /// In the task's directory on the node.
    Task,
    /// In a directory of the container.
    Container(String),
}

/// Where a recipe uses an image. Goes through all tasks of all jobs, and keeps one of each kind.
///
/// # Errors
/// When a task can't be made from the recipe.
pub fn uses_of(image: &ImageReference, desired: &DesiredState) -> Result<RecipeUses, TaskStreamError> {
    let mut uses = RecipeUses::default();
    let mut registries = Vec::new();
    let is_it = |name: &str| name.parse::<ImageReference>().is_ok_and(|named| named == *image);
    let mut add = |address: String,
                   id: &str,
                   container: Option<&TaskContainerSpec>,
                   task: &dyn Fn(&TaskContainerSpec) -> Task| {
        let Some(container) = container.filter(|container| is_it(&container.image)) else { return };
        if let Some(known) = uses.tasks.iter_mut().find(|known| known.address == address) {
            known.count += 1;
            return;
        }
        registries.extend(container.registry.clone());
        uses.tasks.push(ImageUse { address, example: id.to_owned(), count: 1, task: task(container) });
    };
    for (key, pool) in &desired.pools {
        if let Some(start) = &pool.spec.start_task {
            add(format!("pools.{key}.start_task"), "start", start.container.as_ref(), &|container| Task {
                command_line: start.command_line.clone(),
                settings: container.to_wire(),
                environment: environment(&start.environment),
                user: start.user.clone(),
            });
        }
    }
    for (key, job) in &desired.jobs {
        for special in special_tasks(&job.spec.to_specification()) {
            let container = special.container.as_ref();
            add(format!("jobs.{key}.{}", special.place), special.place, container, &|_| special.task.clone());
        }
        for task in job.tasks.iter() {
            let task: TaskSpec = task?;
            let address = format!("jobs.{key}.tasks.{}", task.name);
            add(address, task.id.as_str(), task.container.as_ref(), &|container| Task {
                command_line: task.command_line.clone(),
                settings: container.to_wire(),
                environment: environment(&task.environment),
                user: task.user.clone(),
            });
        }
    }
    for (key, schedule) in &desired.schedules {
        for special in special_tasks(&schedule.spec.job) {
            let container = special.container.as_ref();
            add(format!("schedules.{key}.job.{}", special.place), special.place, container, &|_| {
                special.task.clone()
            });
        }
    }
    for (key, pool) in &desired.pools {
        let Some(container) = &pool.spec.container else { continue };
        if container.prefetch.iter().any(|name| is_it(name)) {
            uses.prefetched_by.push(format!("pools.{key}"));
        }
    }
    let pools = desired.pools.values().map(|pool| &pool.spec);
    uses.registry = login(image, &registries, pools);
    Ok(uses)
}

/// The login to an image's registry: that of a task before that of a pool, and one with a name before one without.
fn login<'a>(
    image: &ImageReference,
    of_tasks: &[RegistrySpec],
    pools: impl Iterator<Item = &'a PoolSpec>,
) -> Option<RegistrySpec> {
    let of_pools =
        pools.filter_map(|pool| pool.container.as_ref()).flat_map(|container| &container.registries);
    let mut fitting: Vec<&RegistrySpec> = of_tasks
        .iter()
        .chain(of_pools)
        .filter(|registry| server_name(&registry.server) == image.registry())
        .collect();
    fitting.sort_by_key(|registry| registry.username.is_none());
    fitting.first().map(|registry| (*registry).clone())
}

/// A task of a job that is not among its tasks.
struct SpecialTask {
    place: &'static str,
    container: Option<TaskContainerSpec>,
    task: Task,
}

fn special_tasks(job: &BatchJobSpecification) -> Vec<SpecialTask> {
    let manager = job.job_manager_task.as_ref().map(|task| {
        (
            "manager_task",
            &task.command_line,
            &task.container_settings,
            &task.environment_settings,
            &task.user_identity,
        )
    });
    let preparation = job.job_preparation_task.as_ref().map(|task| {
        (
            "preparation_task",
            &task.command_line,
            &task.container_settings,
            &task.environment_settings,
            &task.user_identity,
        )
    });
    let release = job.job_release_task.as_ref().map(|task| {
        (
            "release_task",
            &task.command_line,
            &task.container_settings,
            &task.environment_settings,
            &task.user_identity,
        )
    });
    let all = [manager, preparation, release].into_iter().flatten();
    all.filter_map(|(place, command_line, settings, variables, user)| {
        let settings = settings.clone()?;
        Some(SpecialTask {
            place,
            container: Some(TaskContainerSpec::from_wire(&settings)),
            task: Task {
                command_line: command_line.clone(),
                settings,
                environment: variables.iter().flatten().map(hide).collect(),
                user: user.clone(),
            },
        })
    })
    .collect()
}

fn environment(variables: &EnvironmentSpec) -> Vec<EnvironmentSetting> {
    let setting = |(name, value): (&String, &EnvironmentValue)| {
        let value = match value {
            EnvironmentValue::Plain(text) => text,
            EnvironmentValue::Secret(_) => NOT_SHOWN,
        };
        EnvironmentSetting { name: name.clone(), value: Some(Confidential::value(value)) }
    };
    variables.iter().map(setting).collect()
}

fn hide(setting: &EnvironmentSetting) -> EnvironmentSetting {
    let mut setting = setting.clone();
    if let Some(Confidential::Reference(_)) = setting.value {
        setting.value = Some(Confidential::value(NOT_SHOWN));
    }
    setting
}

impl ImageUse {
    /// What would run in the container of the task, by the rules of nodes themselves.
    ///
    /// # Errors
    /// Why nothing would.
    pub(super) fn invocation(&self, image: &ImageReport) -> Result<Invocation, String> {
        let node = node_in_azure()?;
        let spec = node.container_of(&self.assignment(false)?)?;
        let arguments = image.config.arguments(&spec)?;
        // What the service gives shows in a task that asks for nothing.
        let plain = node.container_of(&self.assignment(true)?)?;
        let place = match spec.working_directory {
            directory if directory.is_some() && directory == plain.working_directory => Place::Task,
            Some(directory) => Place::Container(directory),
            None if image.config.working_directory.is_empty() => Place::Container("/".to_owned()),
            None => Place::Container(image.config.working_directory.clone()),
        };
        let user = match spec.user {
            Some(user) if Some(&user) != plain.user.as_ref() => Runner::Container(user),
            _ => self.runner(),
        };
        Ok(Invocation { arguments, place, user })
    }

    /// Who the task says that it runs as.
    fn runner(&self) -> Runner {
        let Some(user) = &self.task.user else { return Runner::Ordinary };
        let level = user.auto_user.as_ref().and_then(|user| user.elevation_level.as_ref());
        match (&user.username, level) {
            (Some(name), _) => Runner::Account(name.clone()),
            (None, Some(ElevationLevel::Admin)) => Runner::Administrator,
            (None, _) => Runner::Ordinary,
        }
    }

    /// The task as a node is given it; `plain`, as it would be without any run options and settings.
    fn assignment(&self, plain: bool) -> Result<TaskAssignment, String> {
        let id = |error: InvalidId| error.to_string();
        let mut task =
            BatchTaskCreateOptions::new(TaskId::new("task").map_err(id)?, self.task.command_line.clone());
        task.container_settings = Some(match plain {
            true => BatchTaskContainerSettings {
                image_name: self.task.settings.image_name.clone(),
                ..BatchTaskContainerSettings::default()
            },
            false => self.task.settings.clone(),
        });
        task.environment_settings = Some(self.task.environment.clone());
        task.user_identity = self.task.user.clone().filter(|user| user.username.is_none());
        Ok(TaskAssignment {
            job_id: JobId::new("job").map_err(id)?,
            role: TaskRole::Task,
            // Whether the job has one is for the recipe's rules to say.
            preparation: Some(TaskId::new(BatchJobPreparationTask::DEFAULT_ID).map_err(id)?),
            task,
            attempt: 0,
            common_environment: Vec::new(),
            container_configuration: Some(BatchContainerConfiguration::default()),
            shares: Vec::new(),
            user_accounts: Vec::new(),
            certificates: Vec::new(),
            packages: Vec::new(),
            token: None,
            instance: None,
        })
    }

    /// What stands out in what would run.
    pub(super) fn advice(&self, image: &ImageReport, invocation: &Invocation) -> Vec<Advice> {
        let mut advice = Vec::new();
        let Invocation { arguments, place, .. } = invocation;
        let program = arguments.first().map(String::as_str).unwrap_or_default();
        let entrypoint = image.config.entrypoint.as_slice();
        let added = arguments.strip_prefix(entrypoint).unwrap_or_default();
        let has_command = !self.task.command_line.trim().is_empty();
        if has_command && !entrypoint.is_empty() && arguments.starts_with(entrypoint) {
            if is_shell_form(entrypoint) {
                let hint = "replace it: `--entrypoint PROGRAM` among the run options";
                advice.push(
                    Advice::warning(
                        "command",
                        "ENTRYPOINT is a script for a shell and does not see the command",
                    )
                    .hint(hint),
                );
            } else if added.first().is_some_and(|first| name_of(first) == name_of(program) || is_shell(first))
            {
                let meaning = format!(
                    "the command follows ENTRYPOINT, which gets `{}` as an argument",
                    added.first().map(String::as_str).unwrap_or_default()
                );
                let hint = "leave out what ENTRYPOINT says already, or add `--entrypoint \"\"` to the run options so that the command is all that runs";
                advice.push(Advice::warning("command", meaning).hint(hint));
            }
        }
        let relative = arguments.iter().find(|argument| is_relative_path(argument));
        if let (Place::Task, Some(path)) = (place, relative)
            && !matches!(image.config.working_directory.as_str(), "" | "/")
        {
            let directory = &image.config.working_directory;
            let meaning =
                format!("`{path}` is looked for in the task's directory, not in WORKDIR {directory}");
            let hint = format!(
                "if it is the image's: `working_directory: image`, or its whole path, such as {}/{}",
                directory.trim_end_matches('/'),
                path.trim_start_matches("./")
            );
            advice.push(Advice::warning("working directory", meaning).hint(hint));
        }
        if is_shell(program) && evidence_of_shell(image).is_none() {
            let meaning = format!("nothing shows that the image has `{program}`");
            advice.push(Advice::warning("shell", meaning).hint(
                "if the task fails with CommandProgramNotFound, name the program itself, without a shell",
            ));
        }
        advice
    }
}

/// A node as there are in Azure. Nothing is made of it, and nothing runs.
fn node_in_azure() -> Result<Node, String> {
    let invalid = |error: InvalidId| error.to_string();
    let identity = NodeIdentity {
        account_name: "account".to_owned(),
        account_url: "https://account.region.batch.azure.com/".to_owned(),
        pool_id: PoolId::new("pool").map_err(invalid)?,
        node_id: NodeId::new("node").map_err(invalid)?,
        is_dedicated: true,
        account_door: std::path::PathBuf::new(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let runtime = Arc::new(SimulatedRuntime::new(Arc::clone(&clock)));
    let applications = Applications::at(std::path::PathBuf::new());
    Ok(Node::new(identity, NODE_ROOT.into(), runtime, clock, applications))
}

fn name_of(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or_default()
}
