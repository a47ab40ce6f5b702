//! Who a node is, and what it is given to do.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use super::rendezvous::Rendezvous;
use crate::batch::model::{
    AuthenticationTokenSettings, BatchApplicationPackageReference, BatchContainerConfiguration,
    BatchStartTask, BatchTaskCreateOptions, EnvironmentSetting, UserAccount,
};
use crate::batch::{JobId, NodeId, PoolId, TaskId};
use crate::node::certificates::NodeCertificate;
use crate::node::packages::InstalledPackage;
use crate::node::share::Share;
use crate::secret::Secret;

/// The socket's name in its folder.
pub const ACCOUNT_SOCKET: &str = "socket";

/// Which node of which account this is.
#[derive(Debug, Clone)]
pub struct NodeIdentity {
    /// The account's name.
    pub account_name: String,
    /// The account's URL.
    pub account_url: String,
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// Dedicated, or Spot.
    pub is_dedicated: bool,
    /// The folder with the socket through which containers reach the account that have a token; see [`ACCOUNT_SOCKET`].
    pub account_door: PathBuf,
}

/// What a task is in its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskRole {
    /// One of the tasks that the job is made for, its manager among them.
    Task,
    /// The preparation task, that a node runs before its first task of the job.
    Preparation,
    /// The release task, that a node runs when the job has ended.
    Release,
}

impl TaskRole {
    /// Whether such a task may run without a container on a pool that has a container configuration.
    pub(super) fn may_run_on_host(self) -> bool {
        self != Self::Task
    }
}

/// A task that a node is to run.
#[derive(Debug, Clone)]
pub struct TaskAssignment {
    /// The job.
    pub job_id: JobId,
    /// What the task is in its job.
    pub role: TaskRole,
    /// The id of the job's preparation task, if it has one: the others find its directory.
    pub preparation: Option<TaskId>,
    /// The task as it is stored.
    pub task: BatchTaskCreateOptions,
    /// Which run of the task this is, retries and requeues counted: a resumed run is only ever the run it was.
    pub attempt: u32,
    /// The environment of all tasks of the job.
    pub common_environment: Vec<EnvironmentSetting>,
    /// What the pool's nodes prepare for containers, with the passwords of its registries.
    pub container_configuration: Option<BatchContainerConfiguration>,
    /// The file systems that the node's pool mounts.
    pub shares: Vec<Share>,
    /// The user accounts of the pool, as one of which the task may run.
    pub user_accounts: Vec<UserAccount>,
    /// The certificates that the task finds in files.
    pub certificates: Vec<NodeCertificate>,
    /// The application packages of the pool, as they are on the node; those of the task itself come when it begins.
    pub packages: Vec<InstalledPackage>,
    /// The token by which the task reaches its job in the account, if it asked for one and begins now.
    pub token: Option<Secret>,
    /// Which part of it this is, if it runs on several nodes at once.
    pub instance: Option<Instance>,
}

impl TaskAssignment {
    /// Whether the task may use the account: then it has a token, and its container a way there.
    pub fn uses_account(&self) -> bool {
        self.role == TaskRole::Task && AuthenticationTokenSettings::asks_for_job(&self.task.other)
    }
}

/// What a node has ready before anything runs on it.
#[derive(Debug, Clone, Default)]
pub struct NodeSetup {
    /// What it prepares for containers, with the passwords of registries; nothing if its pool runs none.
    pub containers: Option<BatchContainerConfiguration>,
    /// The user accounts of the pool.
    pub user_accounts: Vec<UserAccount>,
    /// The file systems that the pool mounts.
    pub shares: Vec<Share>,
    /// The application packages that all its tasks find.
    pub packages: Vec<BatchApplicationPackageReference>,
}

/// A start task that a node is to run.
#[derive(Debug, Clone, Default)]
pub struct StartTaskAssignment {
    /// The start task as it is stored.
    pub task: BatchStartTask,
    /// What the pool's nodes prepare for containers, with the passwords of its registries.
    pub container_configuration: Option<BatchContainerConfiguration>,
    /// The user accounts of the pool, as one of which it may run.
    pub user_accounts: Vec<UserAccount>,
    /// The file systems that the pool mounts.
    pub shares: Vec<Share>,
    /// The certificates that it finds in files.
    pub certificates: Vec<NodeCertificate>,
    /// The application packages of the pool, as they are on the node.
    pub packages: Vec<InstalledPackage>,
}

/// A task's part on one node, if it runs on several at once.
#[derive(Debug, Clone, Default)]
pub struct Instance {
    /// Which one this is, of `hosts`: 0 is the primary, the others are its subtasks.
    pub number: usize,
    /// The nodes of all instances.
    pub hosts: Vec<Host>,
    /// Where the instances wait for each other.
    pub rendezvous: Rendezvous,
}

impl Instance {
    /// Whether it runs the task's command.
    pub fn is_primary(&self) -> bool {
        self.number == 0
    }

    /// Its own node.
    pub(super) fn host(&self) -> Option<&Host> {
        self.hosts.get(self.number)
    }
}

/// A node as the others of its pool reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its address in the pool's private network.
    pub address: Ipv4Addr,
}

impl Host {
    /// The host that a node is: its name is the node's id in letters that host names may have.
    pub fn new(node: &NodeId, address: Ipv4Addr) -> Self {
        Self { name: node.key().replace('_', "-"), address }
    }
}
