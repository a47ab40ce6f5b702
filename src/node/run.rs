//! A run: everything about one attempt of a task or start task that the runners need.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::batch::model::{
    BatchContainerConfiguration, BatchTaskContainerSettings, OutputFile, ResourceFile, UserAccount,
    UserIdentity,
};
use crate::batch::{JobId, TaskId};
use crate::clock::Clock;
use crate::node::account::Account;
use crate::node::assignment::{Instance, StartTaskAssignment, TaskAssignment, TaskRole};
use crate::node::certificates::NodeCertificate;
use crate::node::context::NodeContext;
use crate::node::environment::{Environment, InvalidEnvironment};
use crate::node::failure::Interruption;
use crate::node::instance_variables::variables;
use crate::node::layout::TaskDirectory;
use crate::node::packages::{self, InstalledPackage};
use crate::node::record::{Program, RecordFile, RunRecord};
use crate::node::share::Share;

/// Where the programs of a node are looked for, unless the task sets PATH. This program's own PATH says nothing about nodes in Azure.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// One attempt of a task, or of a start task.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// Whether it may run without a container on a pool that runs containers.
    pub(super) may_run_on_host: bool,
    /// The directory of the job's preparation task, if the job has one.
    pub(super) preparation: Option<TaskDirectory>,
    /// Which attempt this is.
    pub(super) attempt: u32,
    /// When it began.
    pub(super) started: Timestamp,
    /// The name that its container gets.
    pub(super) name: String,
    /// What its container is labelled with.
    pub(super) labels: BTreeMap<String, String>,
    /// Its directory.
    pub(super) directory: TaskDirectory,
    /// Where it is written down.
    pub(super) record: RecordFile,
    /// Its environment.
    pub(super) environment: Environment,
    /// Its command line.
    pub(super) command_line: &'a str,
    /// What it finds in its working directory.
    pub(super) resource_files: &'a [ResourceFile],
    /// What is kept of its files.
    pub(super) output_files: &'a [OutputFile],
    /// Its container; without one it runs on the node itself.
    pub(super) settings: Option<&'a BatchTaskContainerSettings>,
    /// Who it runs as.
    pub(super) user: Option<&'a UserIdentity>,
    /// Who it runs as if it asks for a user of its own.
    pub(super) own_user: Account,
    /// The user accounts of the pool.
    pub(super) user_accounts: &'a [UserAccount],
    /// What the pool's nodes prepare for containers.
    pub(super) pool: Option<&'a BatchContainerConfiguration>,
    /// The file systems that the node's pool mounts.
    pub(super) shares: &'a [Share],
    /// The certificates that it finds in files.
    pub(super) certificates: &'a [NodeCertificate],
    /// Whether it may use the account.
    pub(super) uses_account: bool,
    /// Its part of the task, if that runs on several nodes at once.
    pub(super) part: Option<Part<'a>>,
}

/// A run's part of a task that runs on several nodes at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// The task's job.
    pub(super) job: &'a JobId,
    /// The task.
    pub(super) task: &'a TaskId,
    /// Which instance this is, and where all are.
    pub(super) instance: &'a Instance,
    /// What every instance runs before the primary runs the task's command.
    pub(super) coordination: &'a str,
    /// What every instance finds in the directory that they share by name.
    pub(super) common_files: &'a [ResourceFile],
}

impl<'a> Part<'a> {
    /// The part that a node is given of a task.
    pub(super) fn of(assignment: &'a TaskAssignment) -> Option<Self> {
        let settings = assignment.task.multi_instance_settings.as_ref()?;
        Some(Self {
            job: &assignment.job_id,
            task: &assignment.task.id,
            instance: assignment.instance.as_ref()?,
            coordination: &settings.coordination_command_line,
            common_files: settings.common_resource_files.as_deref().unwrap_or_default(),
        })
    }
}

impl<'a> Run<'a> {
    /// A run of a task, as it is assigned, with the application packages that were brought to the node for it.
    pub(super) fn of_task(
        node: &NodeContext,
        assignment: &'a TaskAssignment,
        packages: &[InstalledPackage],
        started: Timestamp,
    ) -> Result<Self, InvalidEnvironment> {
        let TaskAssignment { job_id, role, preparation, task, attempt, certificates, instance, .. } =
            assignment;
        let number = instance.as_ref().map_or(0, |instance| instance.number);
        let directory = node.layout.instance(job_id, &task.id, number);
        let preparation = preparation.as_ref().map(|id| node.layout.task(job_id, id));
        let mut environment =
            Environment::of_task(&node.identity, &node.layout, &directory, job_id, &task.id);
        if let Some(preparation) = preparation.as_ref().filter(|_| *role != TaskRole::Preparation) {
            environment.give_preparation(preparation);
        }
        environment.give_certificates(certificates, &directory);
        let packages = assignment.packages.iter().chain(packages);
        environment.give_packages(packages::variables(packages, &node.layout));
        if let Some(token) = &assignment.token {
            environment.give("AZ_BATCH_AUTHENTICATION_TOKEN", token.expose());
        }
        if let Some(instance) = instance {
            for (name, value) in variables(instance) {
                environment.give(name, &value);
            }
            let shared = node.layout.task_shared(job_id, &task.id);
            environment.give("AZ_BATCH_TASK_SHARED_DIR", &shared.to_string_lossy());
        }
        if task.container_settings.is_none() {
            give_process_defaults(&mut environment, &directory);
        }
        environment.add(&assignment.common_environment)?;
        environment.add(task.environment_settings.as_deref().unwrap_or_default())?;
        // Of a task that runs on several nodes, the primary instance has the files (REST reference, `resourceFiles`,
        // `outputFiles`).
        let has_files = number == 0;
        Ok(Self {
            may_run_on_host: role.may_run_on_host(),
            preparation,
            attempt: *attempt,
            started,
            name: node.task_container_name(assignment),
            labels: node.labels(&[
                ("job", job_id.as_str()),
                ("task", task.id.as_str()),
                ("attempt", &attempt.to_string()),
            ]),
            directory,
            record: RecordFile::of_task(&node.layout, job_id, &task.id),
            environment,
            command_line: &task.command_line,
            resource_files: task.resource_files.as_deref().filter(|_| has_files).unwrap_or_default(),
            output_files: task.output_files.as_deref().filter(|_| has_files).unwrap_or_default(),
            settings: task.container_settings.as_ref(),
            user: task.user_identity.as_ref(),
            own_user: Account::own(&[&job_id.key(), &task.id.key()]),
            user_accounts: &assignment.user_accounts,
            pool: assignment.container_configuration.as_ref(),
            shares: &assignment.shares,
            certificates,
            uses_account: assignment.uses_account(),
            part: Part::of(assignment),
        })
    }

    /// A run of the node's start task.
    pub(super) fn of_start_task(
        node: &NodeContext,
        assignment: &'a StartTaskAssignment,
        started: Timestamp,
    ) -> Result<Self, InvalidEnvironment> {
        let StartTaskAssignment {
            task,
            container_configuration,
            user_accounts,
            shares,
            certificates,
            packages,
        } = assignment;
        let directory = node.layout.startup();
        let mut environment = Environment::of_start_task(&node.identity, &node.layout);
        environment.give_certificates(certificates, &directory);
        environment.give_packages(packages::variables(packages, &node.layout));
        if task.container_settings.is_none() {
            give_process_defaults(&mut environment, &directory);
        }
        environment.add(task.environment_settings.as_deref().unwrap_or_default())?;
        Ok(Self {
            may_run_on_host: true,
            preparation: None,
            attempt: 0,
            started,
            name: node.container_name(&["start"]),
            labels: node.labels(&[("start-task", "true")]),
            directory,
            record: RecordFile::of_start_task(&node.layout),
            environment,
            command_line: &task.command_line,
            resource_files: task.resource_files.as_deref().unwrap_or_default(),
            output_files: &[],
            settings: task.container_settings.as_ref(),
            user: task.user_identity.as_ref(),
            own_user: Account::own(&[]),
            user_accounts,
            pool: container_configuration.as_ref(),
            shares,
            certificates,
            uses_account: false,
            part: None,
        })
    }

    /// What is written down of the run when its program begins.
    pub(super) fn begins(&self, program: Program) -> RunRecord {
        RunRecord {
            attempt: self.attempt,
            started: self.started.into(),
            program,
            exited: None,
            outcome: None,
        }
    }
}

/// What a process of the node finds set, and may change.
fn give_process_defaults(environment: &mut Environment, directory: &TaskDirectory) {
    environment.set_default("PATH", PATH);
    environment.set_default("HOME", &directory.working().to_string_lossy());
}

/// What may end a run before it ends by itself.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    clock: &'a dyn Clock,
    cancel: Option<&'a CancellationToken>,
    due: Option<(Timestamp, Duration)>,
    /// Whether its program may still run.
    runs: bool,
}

impl<'a> Watch<'a> {
    /// Watches a run that began at `started` and may take no longer than `limit`.
    pub(super) fn new(
        clock: &'a dyn Clock,
        cancel: &'a CancellationToken,
        started: Timestamp,
        limit: Option<Duration>,
    ) -> Self {
        // A limit beyond the end of time is none.
        let due = limit.and_then(|limit| Some((started.checked_add(limit).ok()?, limit)));
        Self { clock, cancel: Some(cancel), due, runs: true }
    }

    /// Watches a run that nothing ends but itself.
    pub(super) fn nothing(clock: &'a dyn Clock) -> Self {
        Self { clock, cancel: None, due: None, runs: true }
    }

    /// Watches a run whose program has ended by itself: it has its own result, and only what comes after it can be ended.
    pub(super) fn of_ended(clock: &'a dyn Clock, cancel: &'a CancellationToken) -> Self {
        Self { clock, cancel: Some(cancel), due: None, runs: false }
    }

    /// Returns once its program is to be ended.
    pub(super) async fn interrupted(&self) -> Interruption {
        if !self.runs {
            return std::future::pending().await;
        }
        let time_is_over = async {
            let Some((due, limit)) = self.due else { return std::future::pending().await };
            let left = due.duration_since(self.clock.now());
            self.clock.sleep(left.try_into().unwrap_or_default()).await;
            limit
        };
        tokio::select! {
            why = self.cancelled() => why,
            limit = time_is_over => Interruption::TimeLimit(limit),
        }
    }

    /// Returns once somebody asks for the run's end, however long it takes.
    pub(super) async fn cancelled(&self) -> Interruption {
        match self.cancel {
            Some(cancel) => cancel.cancelled().await,
            None => std::future::pending().await,
        }
        Interruption::Cancelled
    }
}

/// How long a run of a task may take. Of several instances the primary watches the time: the others end with the task, so that how
/// that ends does not depend on who notices first.
pub(super) fn time_limit(assignment: &TaskAssignment) -> Option<Duration> {
    let is_subtask = assignment.instance.as_ref().is_some_and(|instance| !instance.is_primary());
    let constraints = assignment.task.constraints.as_ref().filter(|_| !is_subtask);
    constraints?.max_wall_clock_time?.limit()
}
