//! What a plan says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::batch::{ETag, JobId, JobScheduleId, PoolId, TaskId};
use crate::resource::{
    Address, AddressPattern, ChangeClass, Digest, Mutability, OnChange, Ownership, RecipeName, SourceLocation,
};

use super::obstacle::Obstacle;
use super::selection::Selection;
use super::step::Step;

/// How far a plan may go.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Permissions given on the command line, beside those in the recipe.
    pub allow: BTreeSet<OnChange>,
    /// Whether objects that nobody owns may be taken over.
    pub adopt: bool,
    /// Whether objects of this recipe that it no longer has are destroyed.
    pub prune: bool,
    /// Which part of the recipe is planned.
    pub selection: Selection,
    /// What is deleted and made anew although nothing asks for it.
    pub replace: Vec<AddressPattern>,
    /// Which tasks run again although they are what the recipe asks for.
    pub rerun: Rerun,
    /// Whether only what changed behind the recipe's back is said, and nothing is done.
    pub refresh_only: bool,
}

impl Policy {
    /// Whether somebody asked for this resource to be made anew.
    pub fn replaces(&self, address: &Address) -> bool {
        self.replace.iter().any(|pattern| !pattern.names_single_tasks() && pattern.matches(address))
    }
}

/// Tasks that run again because somebody asks for it.
#[derive(Debug, Clone, Default)]
pub struct Rerun {
    /// All that failed.
    pub failed: bool,
    /// By their addresses.
    pub tasks: Vec<AddressPattern>,
}

impl Rerun {
    /// Whether tasks of the job with this key can be meant, so that they have to be looked at.
    pub fn concerns(&self, job: &str) -> bool {
        self.failed || self.tasks.iter().any(|pattern| pattern.names_tasks_of(job))
    }

    /// Whether a task is meant.
    pub fn contains(&self, job: &str, task: &TaskId, failed: bool) -> bool {
        (self.failed && failed) || self.tasks.iter().any(|pattern| pattern.matches_task(job, task))
    }
}

/// Everything that applying would do, decided beforehand.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The recipe.
    pub recipe: RecipeName,
    /// One change a resource, unchanged ones too, in order of address.
    pub changes: Vec<Change>,
    /// The steps that bring the changes about, each after those it depends on.
    pub steps: Vec<Step>,
    /// What a reader should know that is no change.
    pub notes: Vec<String>,
    /// Whether it only says what changed behind the recipe's back: then it has no steps.
    pub refresh_only: bool,
    /// The versions of the objects that it was made for.
    pub versions: Versions,
}

/// Versions of objects: as a plan found them, or as the steps of a plan have left them.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Of pools.
    pub pools: BTreeMap<PoolId, ETag>,
    /// Of jobs.
    pub jobs: BTreeMap<JobId, ETag>,
    /// Of job schedules.
    pub schedules: BTreeMap<JobScheduleId, ETag>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.class == ChangeClass::Unchanged)
    }

    /// The changes that apply must refuse, because the recipe and the command line don't permit them.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.needs.is_some())
    }

    /// The changes to objects that aren't ours.
    pub fn conflicts(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.class == ChangeClass::Conflict)
    }

    /// What stands in the way, with the change that it is in the way of.
    pub fn obstacles(&self) -> impl Iterator<Item = (&Change, &Obstacle)> {
        self.changes.iter().flat_map(|change| change.obstacles.iter().map(move |it| (change, it)))
    }

    /// How many tasks that stay have failed.
    pub fn failed_tasks(&self) -> u64 {
        self.changes.iter().filter_map(|change| change.tasks.as_ref()).map(|tasks| tasks.failed).sum()
    }

    /// How many changes there are of each class, without the unchanged.
    pub fn tally(&self) -> Vec<(ChangeClass, usize)> {
        let classes: BTreeSet<_> = self.changes.iter().map(|change| change.class).collect();
        let count = |class| self.changes.iter().filter(|change| change.class == class).count();
        classes
            .into_iter()
            .filter(|class| *class != ChangeClass::Unchanged)
            .map(|class| (class, count(class)))
            .collect()
    }
}

/// Why a resource changes, or doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionReason {
    /// It doesn't exist.
    Missing,
    /// It is what the recipe asks for.
    UpToDate,
    /// Fields differ.
    FieldsDiffer,
    /// Tasks differ.
    TasksDiffer,
    /// Fields differ that no request can change.
    CannotUpdate,
    /// The job is over, and there is work for it: it is made anew, or gets another generation.
    NewWorkForFinishedJob,
    /// An object of that id is still being deleted.
    BeingDeleted,
    /// Its job is made anew.
    ParentReplaced,
    /// The recipe no longer has it.
    NotInRecipe,
    /// Another generation of it has taken over.
    Followed,
    /// Everything of the recipe is to be destroyed.
    DestroyRequested,
    /// No recipe owns the object of that id.
    NotOwned,
    /// Another recipe owns the object of that id.
    OwnedByOther,
    /// The object of that id is a later generation of something else in the recipe.
    OtherGeneration,
    /// Somebody asks for it to be made anew.
    ReplaceRequested,
    /// It is taken over.
    Adopted,
    /// An earlier apply was interrupted.
    Interrupted,
    /// Its nodes go by what it was before it changed, and may be rebooted now.
    NodesOutdated,
    /// It did not get the nodes that it asked for.
    NodesMissing,
}

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stands in the recipe.
    pub address: Address,
    /// Its id in the account.
    pub id: String,
    /// What happens to it.
    pub class: ChangeClass,
    /// Why.
    pub reason: ActionReason,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// What else a reader should know: who owns it, what is disturbed.
    pub remarks: Vec<String>,
    /// Work that the change would end, and that the user has to give up explicitly.
    pub obstacles: Vec<Obstacle>,
    /// For tasks: how many of them do what.
    pub tasks: Option<TaskSummary>,
    /// For a job that is over and has to be made anew: what of its tasks differs, and is the reason.
    pub new_work: Option<TaskSummary>,
    /// What must be permitted for this change, and is not.
    pub needs: Option<OnChange>,
    /// Whether what differs was changed behind the recipe's back: the recipe is what was applied last.
    pub drifted: bool,
    /// Whether the recipe asks for something else than what was applied last: what others changed can't be told apart then.
    pub edited: bool,
    /// The version of the object that the plan was made for.
    pub etag: Option<ETag>,
    /// Where it stands in the recipe's file.
    pub source: Option<SourceLocation>,
}

impl Change {
    /// A resource that stays what it is, until more is known of it.
    pub fn unchanged(address: Address) -> Self {
        Self {
            address,
            id: String::new(),
            class: ChangeClass::Unchanged,
            reason: ActionReason::UpToDate,
            fields: Vec::new(),
            remarks: Vec::new(),
            obstacles: Vec::new(),
            tasks: None,
            new_work: None,
            needs: None,
            drifted: false,
            edited: false,
            etag: None,
            source: None,
        }
    }

    /// Notes which version of the object was looked at, and whether what differs was changed behind the recipe's back.
    pub(super) fn note_live(&mut self, etag: Option<&ETag>, owner: Option<&Ownership>, desired: &Digest) {
        let applied = owner.and_then(|owner| owner.digest.as_ref());
        let as_applied = applied == Some(desired);
        self.edited = applied.is_some() && !as_applied;
        self.etag = etag.cloned();
        // A job is told to end with its tasks once they are recorded: an apply that was killed before is nobody's change.
        let is_recorded = owner.is_some_and(|owner| owner.tasks.is_some());
        if as_applied && self.fields.iter().any(|field| is_recorded || field.path != "on_complete") {
            self.note_drift("it was changed since it was applied, and not by the recipe");
        }
    }

    /// Leaves aside what others may change.
    pub(super) fn ignore(&mut self, properties: &[&str]) {
        let is_inside = |path: &str, property: &str| {
            path.strip_prefix(property).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.fields.retain(|field| !properties.iter().any(|property| is_inside(&field.path, property)));
    }

    /// Notes that what differs was changed behind the recipe's back.
    pub(super) fn note_drift(&mut self, remark: &str) {
        self.drifted = true;
        self.remarks.push(remark.to_owned());
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its path inside the resource, as in the recipe.
    pub path: String,
    /// What is there.
    pub before: Value,
    /// What the recipe asks for.
    pub after: Value,
    /// How it can be changed.
    pub mutability: Mutability,
    /// Where it stands in the recipe's file.
    pub source: Option<SourceLocation>,
}

/// How many tasks of a job do what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// Tasks that the recipe has.
    pub desired: u64,
    /// Tasks to add.
    pub add: u64,
    /// Tasks that stay.
    pub keep: u64,
    /// Of those that stay: tasks that succeeded in an earlier generation of the job, and are not in this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inherited: u64,
    /// Of those to add: tasks of the same ids as tasks of an earlier generation of the job, and otherwise others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changed: u64,
    /// Of those to add: tasks that an earlier generation of the job has as well, and that did not succeed there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retried: u64,
    /// Tasks to delete and add anew, because they changed or have to run again.
    pub replace: u64,
    /// Of those to replace: tasks that did not change, and have to run again because tasks changed that they wait for.
    pub rerun: u64,
    /// Tasks to delete, because the recipe no longer has them.
    pub delete: u64,
    /// Of those to replace or delete: tasks that run, and are ended.
    pub ended: u64,
    /// Of those that stay: tasks that failed.
    pub failed: u64,
    /// Tasks that no recipe made, where the tasks were listed; they are left alone.
    pub foreign: u64,
    /// Local files that the tasks to add and to replace get, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<InputSummary>,
    /// Examples.
    pub samples: TaskSamples,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Local files that tasks get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSummary {
    /// How many of different content.
    pub files: u64,
    /// How large they are together.
    pub bytes: u64,
}

/// Examples of tasks, a few of each kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskSamples {
    /// To add.
    pub add: Vec<TaskSample>,
    /// To replace, because they changed.
    pub replace: Vec<TaskSample>,
    /// To replace, because tasks changed that they wait for.
    pub rerun: Vec<TaskSample>,
    /// To delete.
    pub delete: Vec<TaskSample>,
    /// To replace or to delete, and running.
    pub ended: Vec<TaskSample>,
    /// Failed.
    pub failed: Vec<TaskSample>,
    /// Made by no recipe.
    pub foreign: Vec<TaskSample>,
}

/// A task as an example of what happens to many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSample {
    /// Its id.
    pub id: String,
    /// Where the recipe asks for it.
    pub source: Option<SourceLocation>,
    /// For a task to replace: the fields that differ, as far as the service tells.
    pub fields: Vec<FieldChange>,
    /// For a task that has to run again: a task that it waits for and that is replaced. `None` means that this plan replaces none
    /// of them: they were replaced after it had been made, and whoever did so did not come to this one.
    pub after: Option<String>,
    /// Whether it runs again because somebody asks for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
}
