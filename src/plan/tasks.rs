//! Comparing the tasks that a recipe wants with those that a job has.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::batch::TaskId;
use crate::batch::model::{BatchTask, BatchTaskCounts, BatchTaskExecutionResult, BatchTaskState};
use crate::resource::{
    DesiredJob, DoneBefore, FieldSources, InputFile, LiveTask, Ownership, TaskDigest, TaskSpec,
    TaskStreamError, TaskTally,
};
use crate::secret::SecretRef;

use super::change::{InputSummary, Rerun, TaskSample, TaskSamples, TaskSummary};
use super::diff::source_of;
use super::task;

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
    /// Each with the digest that it carries.
    pub delete: Vec<(TaskId, TaskDigest)>,
    /// How many of the tasks that are there and stay have not completed.
    pub unfinished_kept: u64,
    /// Tasks that are there and stay, by their key: what need not be added. Empty where nothing was listed.
    pub present: Arc<HashSet<String>>,
    /// Tasks that succeeded in earlier generations of the job, and are not added either.
    pub done_before: Arc<DoneBefore>,
    /// What the next generation of the job would get, if the job is over and there is work for it.
    pub next_generation: Option<Box<TaskPlan>>,
    /// Tasks whose ids are taken by tasks that no recipe made.
    pub conflicts: Vec<TaskConflict>,
    /// Of the tasks to replace, those that are shown: as the recipe wants them.
    pub replaced: Vec<TaskSpec>,
    /// The local files that tasks to add and to replace get, by the blobs that they become.
    pub inputs: BTreeMap<String, InputFile>,
    /// What tasks to add and to replace refer to, each once: of the URLs of blobs, those of their containers.
    pub secrets: BTreeSet<SecretRef>,
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
    pub fn for_new_job(desired: &DesiredJob) -> Result<Self, TaskStreamError> {
        TaskComparison::default().finish(desired)
    }

    /// The plan for a job whose metadata says that it has all the tasks that the recipe wants, and which has as many; `None` if
    /// either says otherwise. Nothing is listed for it.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn from_recorded_tally(
        desired: &DesiredJob,
        mark: &Ownership,
        counts: &BatchTaskCounts,
    ) -> Result<Option<Self>, TaskStreamError> {
        let there = [counts.active, counts.running, counts.completed].map(u64::from).iter().sum::<u64>();
        let Some(recorded) = mark.tasks.as_ref().filter(|_| mark.recorded_tasks() == Some(there)) else {
            return Ok(None);
        };
        let mut tally = TaskTally::default();
        for task in desired.tasks.iter() {
            let task = task?;
            tally.add(task.id.as_str(), task.digest());
        }
        let summary = TaskSummary {
            desired: tally.count(),
            keep: tally.count(),
            inherited: mark.inherited.unwrap_or(0),
            failed: u64::from(counts.failed),
            ..TaskSummary::default()
        };
        Ok((tally.to_string() == *recorded).then(|| Self { summary, tally, ..Self::default() }))
    }

    /// Whether more tasks failed than are named.
    pub fn wants_names_of_failed(&self) -> bool {
        self.summary.failed > 0 && self.summary.samples.failed.is_empty()
    }

    /// Takes the name of a task that failed; false once enough are known.
    pub fn name_failed(&mut self, id: &TaskId) -> bool {
        sample(&mut self.summary.samples.failed, id, None);
        self.summary.samples.failed.len() < SAMPLES
    }

    /// Says what differs between a task to replace and the one that is there. Of tasks that are no samples nothing is kept.
    pub fn explain(&mut self, desired: &DesiredJob, live: &BatchTask) {
        let Some(wanted) = self.replaced.iter().find(|task| task.id == live.id) else { return };
        let mut samples = self.summary.samples.replace.iter_mut();
        if let Some(sample) = samples.find(|sample| sample.id.eq_ignore_ascii_case(live.id.as_str())) {
            let wanted = TaskSpec {
                depends_on: self.done_before.left_of(&wanted.depends_on),
                depends_on_ranges: self.done_before.left_of_ranges(&wanted.depends_on_ranges),
                ..wanted.clone()
            };
            sample.fields = task::diff(&wanted, live, desired);
        }
    }
}

/// Takes live tasks one by one, then compares them with the recipe's.
#[derive(Debug, Default)]
pub struct TaskComparison {
    live: HashMap<String, Mark>,
    /// The tasks of earlier generations, each as the youngest has it: its digest, and whether it succeeded.
    earlier: HashMap<String, (TaskDigest, bool)>,
    /// The key of the job, and which of its tasks run again because somebody asks for it.
    rerun: Option<(String, Rerun)>,
}

#[derive(Debug)]
struct Mark {
    id: TaskId,
    digest: Option<TaskDigest>,
    state: BatchTaskState,
    result: Option<BatchTaskExecutionResult>,
}

impl Mark {
    /// Whether work is going on that deleting the task would end.
    fn is_running(&self) -> bool {
        matches!(self.state, BatchTaskState::Running | BatchTaskState::Preparing)
    }
}

impl Mark {
    fn is_unfinished(&self) -> bool {
        self.state != BatchTaskState::Completed
    }

    fn failed(&self) -> bool {
        self.result == Some(BatchTaskExecutionResult::Failure)
    }
}

impl TaskComparison {
    /// Has tasks of the job with this key run again.
    #[must_use]
    pub fn rerunning(mut self, job: &str, rerun: &Rerun) -> Self {
        self.rerun = Some((job.to_owned(), rerun.clone()));
        self
    }

    /// Takes a task that is there.
    pub fn observe(&mut self, task: LiveTask) {
        let mark = Mark { state: task.state, result: task.result, digest: task.digest, id: task.id };
        self.live.insert(mark.id.key(), mark);
    }

    /// Takes a task of an earlier generation of the job; those of the first come first.
    pub fn observe_earlier(&mut self, task: &LiveTask) {
        if let Some(digest) = task.digest {
            self.earlier.insert(task.id.key(), (digest, has_succeeded(task.result.as_ref())));
        }
    }

    /// Compares what was taken of a job that is over with what is wanted: should there be work for it, another generation of it
    /// gets all that has not succeeded.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn finish_over(self, desired: &DesiredJob) -> Result<TaskPlan, TaskStreamError> {
        let next = self.next_generation(desired)?;
        Ok(TaskPlan { next_generation: next.map(Box::new), ..self.finish(desired)? })
    }

    fn next_generation(&self, desired: &DesiredJob) -> Result<Option<TaskPlan>, TaskStreamError> {
        let mut plan = TaskPlan::default();
        let mut done = HashSet::new();
        let mut has_new_work = false;
        for task in desired.tasks.iter() {
            let task = task?;
            let (key, digest) = (task.id.key(), task.digest());
            plan.tally.add(task.id.as_str(), digest);
            plan.summary.desired += 1;
            let there = self.live.get(&key).map(|mark| (mark.digest, has_succeeded(mark.result.as_ref())));
            let there = there.or(self.earlier.get(&key).map(|(digest, success)| (Some(*digest), *success)));
            let same = there.filter(|(known, _)| *known == Some(digest));
            let asked_for =
                same.is_some() && self.asks_for(&task.id, same.is_some_and(|(_, success)| !success));
            if same.is_some_and(|(_, success)| success) && !asked_for {
                plan.inherit();
                done.insert(key);
                continue;
            }
            // What failed does not run again by itself, unless an apply was killed before it had added it here.
            has_new_work |= same.is_none() || asked_for || !self.live.contains_key(&key);
            plan.summary.retried += u64::from(same.is_some_and(|(_, success)| !success));
            plan.summary.changed += u64::from(there.is_some() && same.is_none());
            plan.prepare_for(&task);
            plan.add(&task, &desired.sources);
        }
        plan.done_before = Arc::new(DoneBefore::new(done));
        plan.count_inputs();
        Ok(has_new_work.then_some(plan))
    }

    /// Whether somebody asks for a task of an earlier generation to run again.
    fn asks_for(&self, task: &TaskId, failed: bool) -> bool {
        self.rerun.as_ref().is_some_and(|(job, rerun)| rerun.contains(job, task, failed))
    }

    /// Compares what was taken with what is wanted.
    ///
    /// # Errors
    /// When a task can't be made from its recipe.
    pub fn finish(mut self, desired: &DesiredJob) -> Result<TaskPlan, TaskStreamError> {
        let mut plan = TaskPlan::default();
        let mut present = HashSet::new();
        let mut done = HashSet::new();
        let sources = &desired.sources;
        for task in desired.tasks.iter() {
            let task = task?;
            let digest = task.digest();
            plan.tally.add(task.id.as_str(), digest);
            plan.summary.desired += 1;
            match self.live.remove(&task.id.key()) {
                None => match self.earlier.remove(&task.id.key()) {
                    Some((earlier, true)) if earlier == digest && !self.asks_for(&task.id, false) => {
                        plan.inherit();
                        done.insert(task.id.key());
                    }
                    _ => {
                        plan.prepare_for(&task);
                        plan.add(&task, sources);
                    }
                },
                Some(mark) => match mark.digest {
                    None => {
                        plan.unfinished_kept += u64::from(mark.is_unfinished());
                        plan.conflicts.push(TaskConflict { id: task.id });
                    }
                    Some(live) if live == digest && self.asks_for(&mark.id, mark.failed()) => {
                        plan.prepare_for(&task);
                        plan.end(&mark);
                        plan.rerun(&task, (live, true), sources);
                    }
                    Some(live) if live == digest => {
                        plan.unfinished_kept += u64::from(mark.is_unfinished());
                        plan.keep(&task, mark.failed(), sources);
                        present.insert(task.id.key());
                    }
                    Some(live) => {
                        plan.prepare_for(&task);
                        plan.end(&mark);
                        if live.own == digest.own {
                            plan.rerun(&task, (live, false), sources);
                        } else {
                            plan.replace(task, live, sources);
                        }
                    }
                },
            }
        }
        let mut rest: Vec<Mark> = self.live.into_values().collect();
        rest.sort_by(|a, b| a.id.cmp(&b.id));
        let manager = desired.spec.manager();
        for mark in rest {
            match mark.digest {
                None if Some(&mark.id) == manager.as_ref() => {
                    plan.unfinished_kept += u64::from(mark.is_unfinished());
                }
                None => plan.leave(&mark),
                Some(digest) => {
                    plan.end(&mark);
                    plan.delete(mark.id, digest);
                }
            }
        }
        plan.present = Arc::new(present);
        plan.done_before = Arc::new(DoneBefore::new(done));
        plan.count_inputs();
        Ok(plan)
    }
}

fn has_succeeded(result: Option<&BatchTaskExecutionResult>) -> bool {
    result == Some(&BatchTaskExecutionResult::Success)
}

fn waits_for(task: &TaskSpec, id: &TaskId) -> bool {
    let number: Option<i32> = id.as_str().parse().ok();
    number
        .is_some_and(|number| task.depends_on_ranges.iter().any(|&(from, to)| (from..=to).contains(&number)))
        || task.depends_on.iter().any(|waited| waited.eq_ignore_ascii_case(id.as_str()))
}

fn sample(samples: &mut Vec<TaskSample>, id: &TaskId, place: Option<(&str, &FieldSources)>) -> bool {
    let wanted = samples.len() < SAMPLES;
    if wanted {
        let source = place.and_then(|(name, sources)| source_of(sources, &format!("tasks.{name}")));
        samples.push(TaskSample {
            id: id.to_string(),
            source,
            fields: Vec::new(),
            after: None,
            requested: false,
        });
    }
    wanted
}

impl TaskPlan {
    fn samples(&mut self) -> &mut TaskSamples {
        &mut self.summary.samples
    }

    /// A task that is added needs its local files before, and its secrets.
    fn prepare_for(&mut self, task: &TaskSpec) {
        for secret in task.secrets() {
            let secret = secret.root();
            if !self.secrets.contains(secret) {
                self.secrets.insert(secret.clone());
            }
        }
        for file in &task.uploads {
            if !self.inputs.contains_key(&file.blob) {
                self.inputs.insert(file.blob.clone(), file.clone());
            }
        }
    }

    fn count_inputs(&mut self) {
        let files = self.inputs.values();
        self.summary.inputs = (!self.inputs.is_empty()).then(|| InputSummary {
            files: self.inputs.len() as u64,
            bytes: files.map(|file| file.size).sum(),
        });
    }

    /// A task that an earlier generation of the job did.
    fn inherit(&mut self) {
        self.summary.keep += 1;
        self.summary.inherited += 1;
    }

    fn add(&mut self, task: &TaskSpec, sources: &FieldSources) {
        self.summary.add += 1;
        sample(&mut self.samples().add, &task.id, Some((&task.name, sources)));
    }

    fn keep(&mut self, task: &TaskSpec, failed: bool, sources: &FieldSources) {
        self.summary.keep += 1;
        if failed {
            self.summary.failed += 1;
            sample(&mut self.samples().failed, &task.id, Some((&task.name, sources)));
        }
    }

    fn replace(&mut self, task: TaskSpec, live: TaskDigest, sources: &FieldSources) {
        self.summary.replace += 1;
        self.delete.push((task.id.clone(), live));
        if sample(&mut self.samples().replace, &task.id, Some((&task.name, sources))) {
            self.replaced.push(task);
        }
    }

    /// A task that is what it was, and runs again: after tasks that are not, or because somebody asks for it.
    fn rerun(&mut self, task: &TaskSpec, (live, requested): (TaskDigest, bool), sources: &FieldSources) {
        self.summary.replace += 1;
        self.summary.rerun += 1;
        if sample(&mut self.samples().rerun, &task.id, Some((&task.name, sources))) {
            // Tasks come after those that they wait for, so these are among what is replaced already.
            let after = self.delete.iter().find(|(id, _)| waits_for(task, id)).map(|(id, _)| id.to_string());
            if let Some(sample) = self.samples().rerun.last_mut() {
                sample.after = after.filter(|_| !requested);
                sample.requested = requested;
            }
        }
        self.delete.push((task.id.clone(), live));
    }

    fn delete(&mut self, id: TaskId, live: TaskDigest) {
        self.summary.delete += 1;
        sample(&mut self.samples().delete, &id, None);
        self.delete.push((id, live));
    }

    /// Leaves the tasks that the recipe no longer has where they are.
    pub(super) fn delete_none(&mut self) {
        let gone =
            self.delete.len().saturating_sub(usize::try_from(self.summary.delete).unwrap_or(usize::MAX));
        self.delete.truncate(gone);
        self.summary.delete = 0;
        self.summary.ended = 0;
        self.summary.samples.delete.clear();
        self.summary.samples.ended.clear();
    }

    /// A task that goes, whatever takes its place.
    fn end(&mut self, mark: &Mark) {
        if mark.is_running() {
            self.summary.ended += 1;
            sample(&mut self.samples().ended, &mark.id, None);
        }
    }

    /// A task of somebody else stays where it is.
    fn leave(&mut self, mark: &Mark) {
        self.summary.foreign += 1;
        self.unfinished_kept += u64::from(mark.is_unfinished());
        sample(&mut self.samples().foreign, &mark.id, None);
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{job, task};
    use super::*;
    use crate::resource::Digest;

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
        let plan = comparison.finish(&job(wanted)).unwrap();
        let summary = &plan.summary;
        assert_eq!(
            (summary.desired, summary.add, summary.keep, summary.replace, summary.delete),
            (4, 1, 2, 1, 1)
        );
        assert_eq!(summary.failed, 1);
        assert_eq!(plan.delete.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["changed", "gone"]);
        assert!(plan.conflicts.is_empty());
        assert_eq!((summary.foreign, summary.samples.foreign[0].id.as_str()), (1, "theirs"));
        assert!(plan.present.contains("same") && !plan.present.contains("changed"));
    }

    #[test]
    fn a_task_runs_again_after_one_that_is_replaced() {
        let after = |inputs: &str, ids: &[&str], ranges: &[(i32, i32)]| TaskSpec {
            depends_on: ids.iter().map(|id| (*id).to_owned()).collect(),
            depends_on_ranges: ranges.to_vec(),
            inputs: Some(Digest::of(&inputs)),
            ..task("merge", "m")
        };
        let compared = |before: [TaskSpec; 2], wanted: [TaskSpec; 2]| {
            let mut comparison = TaskComparison::default();
            before.iter().for_each(|task| comparison.observe(live(task, None)));
            comparison.finish(&job(wanted.into())).unwrap()
        };
        for (id, ids, ranges) in [("A", &["a"][..], &[][..]), ("7", &[][..], &[(1, 9)][..])] {
            let plan =
                compared([task(id, "1"), after("1", ids, ranges)], [task(id, "2"), after("2", ids, ranges)]);
            assert_eq!((plan.summary.replace, plan.summary.rerun, plan.summary.keep), (2, 1, 0));
            assert_eq!(plan.summary.samples.rerun[0].after.as_deref(), Some(id));
            assert_eq!(plan.delete.len(), 2);
        }
        let interrupted =
            compared([task("a", "2"), after("1", &["a"], &[])], [task("a", "2"), after("2", &["a"], &[])]);
        assert_eq!((interrupted.summary.rerun, interrupted.summary.keep), (1, 1));
        assert_eq!(interrupted.summary.samples.rerun[0].after, None);
    }

    #[test]
    fn tasks_run_again_when_somebody_asks() {
        let wanted = vec![task("a", "1"), task("b", "2"), task("c", "3")];
        let compared = |rerun: Rerun| {
            let mut comparison = TaskComparison::default().rerunning("train", &rerun);
            comparison.observe(live(&wanted[0], Some(BatchTaskExecutionResult::Failure)));
            comparison.observe(live(&wanted[1], Some(BatchTaskExecutionResult::Success)));
            comparison.observe(live(&wanted[2], None));
            comparison.finish(&job(wanted.clone())).unwrap().summary
        };
        let failed = compared(Rerun { failed: true, tasks: vec![] });
        assert_eq!((failed.keep, failed.rerun, failed.samples.rerun[0].id.as_str()), (2, 1, "a"));
        assert!(failed.samples.rerun[0].requested);
        let named = compared(Rerun { failed: false, tasks: vec!["jobs.train.tasks.[bc]".parse().unwrap()] });
        assert_eq!((named.keep, named.rerun), (1, 2));
        let others = compared(Rerun { failed: false, tasks: vec!["jobs.other".parse().unwrap()] });
        assert_eq!((others.keep, others.rerun), (3, 0));
    }

    #[test]
    fn an_id_taken_by_somebody_else_is_a_conflict() {
        let mut comparison = TaskComparison::default();
        comparison.observe(LiveTask { digest: None, ..live(&task("t", "a"), None) });
        let plan = comparison.finish(&job(vec![task("T", "a")])).unwrap();
        assert_eq!(plan.conflicts.len(), 1);
        assert!(!plan.is_unchanged());
    }

    #[test]
    fn a_recorded_tally_saves_the_listing_as_long_as_all_tasks_are_there() {
        let wanted = job(vec![task("a", "1"), task("b", "2")]);
        let tally = TaskPlan::for_new_job(&wanted).unwrap().tally.to_string();
        let recipe = crate::resource::RecipeName::new("r").unwrap();
        let recorded = Ownership {
            tasks: Some(tally),
            ..Ownership::new(&recipe, wanted.spec.digest(), &BTreeMap::default())
        };
        let counts = BatchTaskCounts { active: 1, completed: 1, failed: 1, ..BatchTaskCounts::default() };
        let plan = TaskPlan::from_recorded_tally(&wanted, &recorded, &counts).unwrap().unwrap();
        assert!(plan.is_unchanged());
        assert_eq!((plan.summary.keep, plan.summary.failed), (2, 1));
        let changed = job(vec![task("a", "1"), task("b", "3")]);
        assert!(TaskPlan::from_recorded_tally(&changed, &recorded, &counts).unwrap().is_none());
        let one_was_deleted = BatchTaskCounts { active: 1, ..BatchTaskCounts::default() };
        assert!(TaskPlan::from_recorded_tally(&wanted, &recorded, &one_was_deleted).unwrap().is_none());
        let inherited = Ownership { inherited: Some(1), ..recorded };
        let plan = TaskPlan::from_recorded_tally(&wanted, &inherited, &one_was_deleted).unwrap().unwrap();
        assert_eq!((plan.summary.keep, plan.summary.inherited), (2, 1));
    }

    #[test]
    fn another_generation_gets_what_has_not_succeeded() {
        use BatchTaskExecutionResult::{Failure, Success};
        let before = vec![task("done", "a"), task("failed", "a"), task("other", "a")];
        let results = [Some(Success), Some(Failure), Some(Success)];
        let compared = |wanted: Vec<TaskSpec>, rerun: Rerun| {
            let mut comparison = TaskComparison::default().rerunning("train", &rerun);
            before
                .iter()
                .zip(&results)
                .for_each(|(task, result)| comparison.observe(live(task, result.clone())));
            comparison.finish_over(&job(wanted)).unwrap()
        };
        assert!(compared(before.clone(), Rerun::default()).next_generation.is_none(), "nothing is new");
        let mut wanted = before.clone();
        wanted[2] = task("other", "b");
        wanted.push(task("new", "a"));
        let next = *compared(wanted.clone(), Rerun::default()).next_generation.unwrap();
        let summary = &next.summary;
        assert_eq!((summary.desired, summary.add, summary.keep, summary.inherited), (4, 3, 1, 1));
        assert_eq!((summary.retried, summary.changed), (1, 1));
        assert!(next.done_before.contains("done"));
        let asked = Rerun { failed: true, tasks: vec!["jobs.train.tasks.done".parse().unwrap()] };
        let next = *compared(before.clone(), asked).next_generation.unwrap();
        assert_eq!((next.summary.add, next.summary.inherited), (2, 1));
        // In the next generation, once it is there.
        let mut comparison = TaskComparison::default();
        for (task, result) in before.iter().zip(&results) {
            comparison.observe_earlier(&live(task, result.clone()));
        }
        comparison.observe(live(&wanted[3], None));
        let plan = comparison.finish(&job(wanted)).unwrap();
        assert_eq!((plan.summary.add, plan.summary.keep, plan.summary.inherited), (2, 2, 1));
    }
}
