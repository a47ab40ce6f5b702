//! What everything on a node works with: its directories, its runtime, its clock, and the records of its runs.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::node::account::Account;
use crate::node::assignment::{NodeIdentity, TaskAssignment};
use crate::node::failure::TaskOutcome;
use crate::node::images::ImageStore;
use crate::node::layout::NodeLayout;
use crate::node::packages::Applications;
use crate::node::process_group;
use crate::node::record::{Program, RecordFile, RunRecord};
use crate::node::runtime::{ContainerId, ContainerRuntime, RuntimeKind};
use crate::node::transfers::Transfers;

/// What everything on a node works with.
#[derive(Debug)]
pub(super) struct NodeContext {
    pub(super) identity: NodeIdentity,
    pub(super) layout: NodeLayout,
    pub(super) runtime: Arc<dyn ContainerRuntime>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) images: ImageStore,
    /// What files travel by.
    pub(super) transfers: Transfers,
    /// Whose the node's containers are, for the runtime.
    pub(super) owner: String,
    /// Who this program runs as.
    pub(super) account: Account,
    /// The application packages that there are.
    pub(super) applications: Applications,
    /// One at a time brings packages to the node: several tasks may want the same.
    pub(super) installing: tokio::sync::Mutex<()>,
}

impl NodeContext {
    pub(super) fn new(
        identity: NodeIdentity,
        root: PathBuf,
        runtime: Arc<dyn ContainerRuntime>,
        clock: Arc<dyn Clock>,
        applications: Applications,
    ) -> Self {
        let layout = NodeLayout::new(root);
        let NodeIdentity { account_name, pool_id, node_id, .. } = &identity;
        // The root tells apart nodes of the same name that belong to different data folders.
        let place = short_hash(&[&layout.root().to_string_lossy()]);
        let owner = format!("{account_name}/{}/{}@{place}", pool_id.key(), node_id.key());
        let images = ImageStore::new(Arc::clone(&runtime));
        let transfers = Transfers::default();
        Self {
            identity,
            layout,
            runtime,
            clock,
            images,
            transfers,
            owner,
            account: Account::current(),
            applications,
            installing: tokio::sync::Mutex::default(),
        }
    }

    /// `batchyard-<pool>-<node>-<job>-<task>-<hash>`: the names are for people, the hash keeps nodes and data folders apart.
    pub(super) fn container_name(&self, parts: &[&str]) -> String {
        let NodeIdentity { pool_id, node_id, .. } = &self.identity;
        let words: Vec<&str> =
            [pool_id.as_str(), node_id.as_str()].into_iter().chain(parts.iter().copied()).collect();
        let readable: Vec<String> = words.iter().map(|word| readable(word)).collect();
        let keys: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let mut hashed: Vec<&str> = vec![&self.owner];
        hashed.extend(keys.iter().map(String::as_str));
        format!("batchyard-{}-{}", readable.join("-"), short_hash(&hashed))
    }

    /// The name of the private network of the node's pool: for people, with a hash that keeps data folders apart.
    pub(super) fn network(&self) -> String {
        let NodeIdentity { account_name, pool_id, .. } = &self.identity;
        let folder = self.layout.root().parent().unwrap_or(self.layout.root()).to_string_lossy();
        let hash = short_hash(&[account_name, &pool_id.key(), &folder]);
        format!("batchyard-{}-{hash}", readable(pool_id.as_str()))
    }

    /// The name of a task's container.
    pub(super) fn task_container_name(&self, assignment: &TaskAssignment) -> String {
        self.container_name(&[assignment.job_id.as_str(), assignment.task.id.as_str()])
    }

    pub(super) fn labels(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let NodeIdentity { account_name, pool_id, node_id, .. } = &self.identity;
        let whose =
            [("account", account_name.as_str()), ("pool", pool_id.as_str()), ("node", node_id.as_str())];
        let all = whose.iter().chain(more);
        all.map(|(name, value)| (format!("batchyard.{name}"), (*value).to_owned())).collect()
    }

    /// Whether runs are written down. What is only simulated ends with this program, so there is nothing to find again.
    pub(super) fn keeps_records(&self) -> bool {
        self.runtime.kind() != RuntimeKind::Simulated
    }

    /// Writes down what is known of a run. The run goes on if that fails; then only a restart can't find it again.
    pub(super) async fn note(&self, file: &RecordFile, record: &RunRecord) {
        if !self.keeps_records() {
            return;
        }
        let (place, content) = (file.clone(), record.clone());
        if let Err(error) = in_background(move || place.write(&content)).await {
            tracing::warn!(?file, %error, "a run could not be written down");
        }
    }

    /// Writes the outcome of a run down, and only then lets go of a container that is to be removed: a restart between the
    /// two still finds what became of the task.
    pub(super) async fn settle(
        &self,
        file: &RecordFile,
        record: &mut RunRecord,
        outcome: TaskOutcome,
    ) -> TaskOutcome {
        record.outcome = Some(outcome.clone());
        self.note(file, record).await;
        if let Program::Container { id, remove, .. } = &record.program
            && (*remove || !self.keeps_records())
        {
            self.remove_container(&ContainerId(id.clone())).await;
        }
        outcome
    }

    /// Ends what an earlier run of a task left, and forgets that run.
    pub(super) async fn end_leftover(&self, file: &RecordFile) {
        if !self.keeps_records() {
            return;
        }
        match file.read().map(|record| record.program) {
            Some(Program::Container { id, .. }) => self.end_container(&ContainerId(id)).await,
            Some(Program::Process { pid, started }) => process_group::end_leftover(pid, started),
            None => {}
        }
        if let Err(error) = file.remove() {
            tracing::warn!(?file, %error, "the record of an earlier run could not be removed");
        }
    }

    /// Ends and removes a container, running or not.
    pub(super) async fn end_container(&self, container: &ContainerId) {
        if let Err(error) = self.runtime.stop(container, Duration::ZERO).await {
            tracing::debug!(%container, %error, "a container could not be stopped");
        }
        self.remove_container(container).await;
    }

    async fn remove_container(&self, container: &ContainerId) {
        if let Err(error) = self.runtime.remove(container).await {
            tracing::warn!(%container, %error, "a container could not be removed");
        }
    }
}

/// Runs file operations where they hold up nobody.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A word as a part of a container's name, short enough that all parts together stay a file name.
fn readable(word: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    word.chars().take(24).map(safe).collect()
}

fn short_hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(10).collect()
}
