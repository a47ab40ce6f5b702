//! Comparing the tasks that a recipe wants with those that a job has.

use std::collections::HashMap;

use crate::batch::TaskId;
use crate::batch::model::{BatchTaskExecutionResult, BatchTaskState};
use crate::resource::{Digest, LiveTask, TaskSpec, TaskStream, TaskStreamError, TaskTally};

use super::change::{TaskSamples, TaskSummary};

/// How many examples of each kind a plan shows.
const SAMPLES: usize = 3;

/// What happens to the tasks of one job.
#[derive(Debug, Clone, Default)]
pub struct TaskPlan {
    /// How many do what.
    pub summary: TaskSummary,
    /// The tally of the tasks that the recipe wants.
    pub tally: TaskTally,
    /// Tasks to delete before others are added: changed ones, and those that the recipe no longer has.
    pub delete: Vec<TaskId>,
    /// Tasks that are there and stay, by their key: what need not be added. Empty where nothing was listed.
    pub present: std::sync::Arc<std::collections::HashSet<String>>,
    /// Tasks whose ids are taken by tasks that no recipe made.
    pub conflicts: Vec<TaskConflict>,
}

/// An id that is taken by a task that no recipe made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskConflict {
    /// The id.
    pub id: TaskId,
}

impl TaskPlan {
    /// Whether the job has exactly the tasks that the recipe wants.
    pub fn is_unchanged(&self) -> bool {
        self.summary.add == 0
            && self.summary.replace == 0
            && self.summary.delete == 0
            && self.conflicts.is_empty()
    }

    /// The plan for a job that has no tasks yet.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn for_new_job(desired: &TaskStream) -> Result<Self, TaskStreamError> {
        TaskComparison::default().finish(desired)
    }

    /// The plan for a job whose metadata says that it has all the tasks that the recipe wants; `None` if it says otherwise.
    /// Nothing is listed for it.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn from_recorded_tally(
        desired: &TaskStream,
        recorded: &str,
    ) -> Result<Option<Self>, TaskStreamError> {
        let mut tally = TaskTally::default();
        for task in desired.iter() {
            let task = task?;
            tally.add(task.id.as_str(), &task.digest());
        }
        let summary = TaskSummary { desired: tally.count(), keep: tally.count(), ..TaskSummary::default() };
        Ok((tally.to_string() == recorded).then(|| Self { summary, tally, ..Self::default() }))
    }
}

/// Takes live tasks one by one, then compares them with the recipe's.
#[derive(Debug, Default)]
pub struct TaskComparison {
    live: HashMap<String, Mark>,
}

#[derive(Debug)]
struct Mark {
    id: TaskId,
    digest: Option<Digest>,
    finished: bool,
    failed: bool,
}

impl TaskComparison {
    /// Takes a task that is there.
    pub fn observe(&mut self, task: LiveTask) {
        let mark = Mark {
            finished: task.state == BatchTaskState::Completed,
            failed: task.result == Some(BatchTaskExecutionResult::Failure),
            digest: task.digest,
            id: task.id,
        };
        self.live.insert(mark.id.key(), mark);
    }

    /// Whether a task was taken that is not finished.
    pub fn has_unfinished(&self) -> bool {
        self.live.values().any(|mark| !mark.finished)
    }

    /// Compares what was taken with what is wanted.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn finish(mut self, desired: &TaskStream) -> Result<TaskPlan, TaskStreamError> {
        let mut plan = TaskPlan::default();
        let mut present = std::collections::HashSet::new();
        for task in desired.iter() {
            let task = task?;
            let digest = task.digest();
            plan.tally.add(task.id.as_str(), &digest);
            plan.summary.desired += 1;
            match self.live.remove(&task.id.key()) {
                None => plan.add(&task),
                Some(mark) => match mark.digest {
                    None => plan.conflicts.push(TaskConflict { id: task.id }),
                    Some(live) if live == digest => {
                        plan.keep(&task, mark.failed);
                        present.insert(task.id.key());
                    }
                    Some(_) => plan.replace(task.id),
                },
            }
        }
        let mut gone: Vec<TaskId> =
            self.live.into_values().filter(|mark| mark.digest.is_some()).map(|mark| mark.id).collect();
        gone.sort();
        gone.into_iter().for_each(|id| plan.delete(id));
        plan.present = std::sync::Arc::new(present);
        Ok(plan)
    }
}

fn sample(samples: &mut Vec<String>, id: &TaskId) {
    if samples.len() < SAMPLES {
        samples.push(id.to_string());
    }
}

impl TaskPlan {
    fn samples(&mut self) -> &mut TaskSamples {
        &mut self.summary.samples
    }

    fn add(&mut self, task: &TaskSpec) {
        self.summary.add += 1;
        sample(&mut self.samples().add, &task.id);
    }

    fn keep(&mut self, task: &TaskSpec, failed: bool) {
        self.summary.keep += 1;
        if failed {
            self.summary.failed += 1;
            sample(&mut self.samples().failed, &task.id);
        }
    }

    fn replace(&mut self, id: TaskId) {
        self.summary.replace += 1;
        sample(&mut self.samples().replace, &id);
        self.delete.push(id);
    }

    fn delete(&mut self, id: TaskId) {
        self.summary.delete += 1;
        sample(&mut self.samples().delete, &id);
        self.delete.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::EnvironmentSpec;

    fn task(id: &str, command: &str) -> TaskSpec {
        TaskSpec {
            id: TaskId::new(id).unwrap(),
            name: "t".into(),
            command_line: command.into(),
            container: None,
            environment: EnvironmentSpec::new(),
            depends_on: vec![],
            depends_on_ranges: vec![],
            retries: None,
            max_wall_time: None,
            retention: None,
            slots: 1,
        }
    }

    fn live(task: &TaskSpec, result: Option<BatchTaskExecutionResult>) -> LiveTask {
        let state = if result.is_some() { BatchTaskState::Completed } else { BatchTaskState::Active };
        LiveTask { id: task.id.clone(), digest: Some(task.digest()), state, result }
    }

    #[test]
    fn tasks_are_added_kept_replaced_and_deleted() {
        let wanted = vec![task("new", "a"), task("same", "a"), task("changed", "b"), task("broken", "a")];
        let mut comparison = TaskComparison::default();
        comparison.observe(LiveTask { id: TaskId::new("SAME").unwrap(), ..live(&wanted[1], None) });
        comparison.observe(live(&task("changed", "a"), None));
        comparison.observe(live(&wanted[3], Some(BatchTaskExecutionResult::Failure)));
        comparison.observe(live(&task("gone", "a"), Some(BatchTaskExecutionResult::Success)));
        comparison.observe(LiveTask { digest: None, ..live(&task("theirs", "a"), None) });
        let plan = comparison.finish(&TaskStream::from_tasks(wanted)).unwrap();
        let summary = &plan.summary;
        assert_eq!(
            (summary.desired, summary.add, summary.keep, summary.replace, summary.delete),
            (4, 1, 2, 1, 1)
        );
        assert_eq!(summary.failed, 1);
        assert_eq!(plan.delete.iter().map(TaskId::as_str).collect::<Vec<_>>(), ["changed", "gone"]);
        assert!(plan.conflicts.is_empty());
        assert!(plan.present.contains("same") && !plan.present.contains("changed"));
    }

    #[test]
    fn an_id_taken_by_somebody_else_is_a_conflict() {
        let mut comparison = TaskComparison::default();
        comparison.observe(LiveTask { digest: None, ..live(&task("t", "a"), None) });
        let plan = comparison.finish(&TaskStream::from_tasks(vec![task("T", "a")])).unwrap();
        assert_eq!(plan.conflicts.len(), 1);
        assert!(!plan.is_unchanged());
    }

    #[test]
    fn a_recorded_tally_saves_the_listing() {
        let stream = TaskStream::from_tasks(vec![task("a", "1"), task("b", "2")]);
        let recorded = TaskPlan::for_new_job(&stream).unwrap().tally.to_string();
        let plan = TaskPlan::from_recorded_tally(&stream, &recorded).unwrap().unwrap();
        assert!(plan.is_unchanged());
        assert_eq!(plan.summary.keep, 2);
        let changed = TaskStream::from_tasks(vec![task("a", "1"), task("b", "3")]);
        assert!(TaskPlan::from_recorded_tally(&changed, &recorded).unwrap().is_none());
    }
}
