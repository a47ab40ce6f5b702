//! What was done, once.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::holder::{Holder, Operation, shortened};
use crate::apply::ApplyReport;
use crate::batch::DateTime;
use crate::plan::Plan;
use crate::resource::{Address, ChangeClass, RecipeName};

/// The version of the form of entries.
const FORMAT: &str = "1.0";
/// As many changes are kept of one plan.
const MOST_CHANGES: usize = 200;
/// The most characters of an error that are kept.
const MOST_OF_ERROR: usize = 1_000;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All steps were done.
    Complete,
    /// Some failed.
    Failed,
    /// It was stopped.
    Interrupted,
}

/// What was done, once: a line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this form.
    pub format_version: String,
    /// That of the lock under which it was done. A line that is there twice is one entry.
    pub id: Uuid,
    /// The recipe.
    pub recipe: RecipeName,
    /// What was done.
    pub operation: Operation,
    /// Who did it, as `ada@laptop`.
    pub who: String,
    /// By which version of the program.
    pub tool: String,
    /// When it began.
    pub began: DateTime,
    /// When it ended.
    pub at: DateTime,
    /// How it ended.
    pub ended: Ended,
    /// How many steps were done.
    pub done: usize,
    /// Of how many.
    pub steps: usize,
    /// What the plan was to change.
    pub changes: Vec<Changed>,
    /// How many more changes there were than are kept.
    pub more_changes: usize,
    /// The nodes that were given a remedy because they could not work.
    #[serde(default)]
    pub nodes: Vec<NodeTreated>,
    /// The first error.
    pub error: Option<String>,
}

/// A change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Where it stands in the recipe.
    pub address: Address,
    /// Its id in the account.
    pub id: String,
    /// What was to happen to it.
    pub change_class: ChangeClass,
    /// How many of its tasks.
    pub tasks: Option<TaskCounts>,
}

/// A node that was given a remedy because it could not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTreated {
    /// Its pool, in the account.
    pub pool: String,
    /// The node.
    pub node: String,
    /// What was done with it, as `reboot`.
    pub remedy: String,
    /// Why that could not be done, if it could not.
    pub error: Option<String>,
}

/// Of how many tasks of a job what becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// Added.
    pub add: u64,
    /// Deleted and added anew.
    pub replace: u64,
    /// Deleted.
    pub delete: u64,
}

impl Entry {
    /// The entry in a line, which somebody else may have written.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(line).ok()?;
        let is_known = entry.format_version.split_once('.').is_some_and(|(major, _)| major == "1");
        let error = entry.error.map(|error| error.chars().take(MOST_OF_ERROR).collect());
        let (who, tool) = (shortened(&entry.who), shortened(&entry.tool));
        is_known.then_some(Self { who, tool, error, ..entry })
    }

    /// What has just been done.
    pub fn of(plan: &Plan, report: &ApplyReport, holder: &Holder, now: DateTime) -> Self {
        let mut changed = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
        let changes = changed.by_ref().take(MOST_CHANGES).map(|change| Changed {
            address: change.address.clone(),
            id: change.id.clone(),
            change_class: change.class,
            tasks: change.tasks.as_ref().map(|tasks| TaskCounts {
                add: tasks.add,
                replace: tasks.replace,
                delete: tasks.delete,
            }),
        });
        let first = report.failures().next();
        let error = first.map(|(step, error)| {
            let text = format!("{}: {} {} failed: {error}", step.address, step.verb, step.target);
            text.chars().take(MOST_OF_ERROR).collect()
        });
        Self {
            format_version: FORMAT.to_owned(),
            id: holder.id,
            recipe: plan.recipe.clone(),
            operation: holder.operation,
            who: holder.who.clone(),
            tool: holder.tool.clone(),
            began: holder.since,
            at: now,
            ended: match &error {
                Some(_) => Ended::Failed,
                None if report.is_complete() => Ended::Complete,
                None => Ended::Interrupted,
            },
            done: report.done(),
            steps: report.steps.len(),
            changes: changes.collect(),
            more_changes: changed.count(),
            nodes: Vec::new(),
            error,
        }
    }

    /// What has just been done with nodes that could not work: so many were to be treated.
    pub fn of_nodes(
        recipe: &RecipeName,
        nodes: Vec<NodeTreated>,
        planned: usize,
        holder: &Holder,
        now: DateTime,
    ) -> Self {
        let failed = nodes.iter().filter(|node| node.error.is_some()).count();
        let error = nodes.iter().find_map(|node| {
            let text = format!("{} of node {} failed: {}", node.remedy, node.node, node.error.as_ref()?);
            Some(text.chars().take(MOST_OF_ERROR).collect())
        });
        Self {
            format_version: FORMAT.to_owned(),
            id: holder.id,
            recipe: recipe.clone(),
            operation: holder.operation,
            who: holder.who.clone(),
            tool: holder.tool.clone(),
            began: holder.since,
            at: now,
            ended: match failed {
                1.. => Ended::Failed,
                0 if nodes.len() == planned => Ended::Complete,
                0 => Ended::Interrupted,
            },
            done: nodes.len() - failed,
            steps: planned,
            changes: Vec::new(),
            more_changes: 0,
            nodes,
            error,
        }
    }
}
