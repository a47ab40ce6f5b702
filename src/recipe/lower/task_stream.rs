//! The tasks of a job, made one by one, each with what the tasks are that it waits for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dependencies::Dependencies;
use super::inputs::{Storage, inputs};
use super::registry::Registries;
use super::task;
use crate::diagnostic::{Collector, Sources};
use crate::recipe::decode::decode;
use crate::recipe::document::{Field, Task};
use crate::recipe::expand::TaskTemplate;
use crate::recipe::input_files::InputFiles;
use crate::resource::{TaskDigest, TaskSpec, TaskStream, TaskStreamError, TaskTally};

/// Makes the tasks of one name.
pub(super) struct TaskMaker {
    pub(super) template: Arc<TaskTemplate>,
    pub(super) depends_on: Dependencies,
    pub(super) registries: Arc<Registries>,
    /// The container for files.
    pub(super) storage: Option<Arc<Storage>>,
    /// The local files that they may get.
    pub(super) inputs: Arc<InputFiles>,
    pub(super) sources: Sources,
}

impl TaskMaker {
    /// Makes one task. Loading has made every task once to check it, so this succeeds unless a local file can't be read any more.
    fn make(&self, index: u64) -> Result<TaskSpec, TaskStreamError> {
        let name = &self.template.name;
        let failed =
            |reason: &str| TaskStreamError(format!("task {index} of `{name}` cannot be made: {reason}"));
        let instance =
            self.template.instance(index, &self.sources).map_err(|finding| failed(&finding.message))?;
        let depends_on = task::DependsOn {
            ids: self.depends_on.ids(index, &self.sources).map_err(|finding| failed(&finding.message))?,
            ranges: &self.depends_on.ranges,
        };
        let mut findings = Collector::default();
        let decoded: Field<Task> = decode(&instance.node, &mut findings);
        let storage = self.storage.as_deref();
        let inputs = decoded.get().map(|task| inputs(task.inputs.as_ref(), storage, &self.inputs));
        let inputs = inputs.transpose().map_err(|reason| failed(&reason))?.unwrap_or_default();
        let files = task::Files { inputs, storage };
        let spec =
            decoded.get().and_then(|decoded| task::task(name, decoded, depends_on, &self.registries, files));
        spec.ok_or_else(|| {
            let messages: Vec<String> =
                findings.into_findings().into_iter().map(|finding| finding.message).collect();
            failed(&messages.join("; "))
        })
    }
}

/// The tasks that these make. Those of one name come after all that they wait for, and otherwise in the order of the recipe: so it is
/// known what a task waits for by the time it is made, from a tally for each name, and from the digests of a name where each task
/// waits for one of them.
pub(super) fn task_stream(makers: Vec<TaskMaker>) -> TaskStream {
    let count = makers.iter().map(|maker| maker.template.count()).sum();
    let whole = makers.iter().flat_map(|maker| &maker.depends_on.whole).cloned();
    let pairs = makers.iter().flat_map(|maker| &maker.depends_on.pairs).map(|target| target.name.clone());
    let (whole, pairs) = (whole.collect(), pairs.collect());
    let work = Arc::new(Work { makers: in_order(makers), whole, pairs });
    TaskStream::new(count, move || Walk::new(work.clone()))
}

/// Puts makers after those that they wait for. There are no circles: they are errors in a recipe.
fn in_order(makers: Vec<TaskMaker>) -> Vec<TaskMaker> {
    let positions: BTreeMap<String, usize> =
        makers.iter().enumerate().map(|(at, maker)| (maker.template.name.clone(), at)).collect();
    let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut ready = BTreeMap::new();
    let mut waiting = BTreeMap::new();
    for (at, maker) in makers.into_iter().enumerate() {
        let targets: BTreeSet<usize> =
            maker.depends_on.names().filter_map(|name| positions.get(name)).copied().collect();
        for target in &targets {
            followers.entry(*target).or_default().push(at);
        }
        match targets.len() {
            0 => drop(ready.insert(at, maker)),
            missing => drop(waiting.insert(at, (maker, missing))),
        }
    }
    let mut ordered = Vec::new();
    while let Some((at, maker)) = ready.pop_first() {
        ordered.push(maker);
        for follower in followers.remove(&at).into_iter().flatten() {
            let Entry::Occupied(mut entry) = waiting.entry(follower) else { continue };
            entry.get_mut().1 -= 1;
            if entry.get().1 == 0 {
                ready.insert(follower, entry.remove().0);
            }
        }
    }
    ordered
}

/// What makes the tasks of a job, in order.
struct Work {
    makers: Vec<TaskMaker>,
    /// The names of which other tasks wait for all.
    whole: BTreeSet<String>,
    /// The names of which other tasks wait for one each.
    pairs: BTreeSet<String>,
}

/// One walk over the tasks of a job.
struct Walk {
    work: Arc<Work>,
    /// Which maker is at work, and which of its tasks is next.
    next: (usize, u64),
    /// What the tasks of this maker wait for, all of them.
    shared: TaskTally,
    /// The tasks that were made, of each name for whose tasks others wait.
    tallies: BTreeMap<String, TaskTally>,
    digests: BTreeMap<String, Vec<TaskDigest>>,
}

impl Walk {
    fn new(work: Arc<Work>) -> Self {
        Self {
            work,
            next: (0, 0),
            shared: TaskTally::default(),
            tallies: BTreeMap::new(),
            digests: BTreeMap::new(),
        }
    }

    /// Makes a task, with what it waits for.
    fn make(&mut self, maker: &TaskMaker, index: u64) -> Result<TaskSpec, TaskStreamError> {
        let mut task = maker.make(index)?;
        if index == 0 {
            self.shared = TaskTally::default();
            for tally in maker.depends_on.whole.iter().filter_map(|name| self.tallies.get(name)) {
                self.shared.include(tally);
            }
        }
        let mut inputs = self.shared.clone();
        for (name, id) in maker.depends_on.paired(&task.depends_on) {
            let digest = self.digests.get(name).zip(usize::try_from(index).ok());
            if let Some(digest) = digest.and_then(|(digests, index)| digests.get(index)) {
                inputs.add(id, *digest);
            }
        }
        task.inputs = (inputs.count() > 0).then(|| inputs.digest());
        self.remember(&maker.template.name, &task);
        Ok(task)
    }

    fn remember(&mut self, name: &str, task: &TaskSpec) {
        let (whole, paired) = (self.work.whole.contains(name), self.work.pairs.contains(name));
        if !whole && !paired {
            return;
        }
        let digest = task.digest();
        if whole {
            self.tallies.entry(name.to_owned()).or_default().add(task.id.as_str(), digest);
        }
        if paired {
            self.digests.entry(name.to_owned()).or_default().push(digest);
        }
    }
}

impl Iterator for Walk {
    type Item = Result<TaskSpec, TaskStreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        let work = self.work.clone();
        loop {
            let (position, index) = self.next;
            let maker = work.makers.get(position)?;
            if index < maker.template.count() {
                self.next = (position, index + 1);
                return Some(self.make(maker, index));
            }
            self.next = (position + 1, 0);
        }
    }
}
