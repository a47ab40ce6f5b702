//! The objects of an account → a recipe and its report.

use std::collections::BTreeMap;

use super::desk::{Desk, Line};
use super::openness::Openness;
use super::proof::{self, TaskProof};
use crate::batch::PoolId;
use crate::batch::model::{BatchJobScheduleState, BatchJobState, BatchPoolState, BatchTask};
use crate::import::log::Variable;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::format::format;
use crate::resource::{
    ForeignTasks, Generation, JobPool, JobSpec, LiveJob, LivePool, LiveSchedule, LiveTask, ObjectId,
    Ownership, RecipeName, TaskSpec,
};

/// As many tasks of a job are written down, one by one. A recipe of more is no recipe that a person reads, and no file that a
/// recipe may be.
pub const MOST_TASKS: usize = 10_000;

/// What came of an account.
#[derive(Debug)]
pub struct Imported {
    /// The name of the recipe.
    pub name: String,
    /// The text of the recipe; nothing if no object is in it.
    pub recipe: Option<String>,
    /// What became of every object, and of what of it the recipe says otherwise or not at all.
    pub lines: Vec<Line>,
    /// Environment variables that take the place of secrets.
    pub variables: Vec<Variable>,
    /// What only the user can do, one thing a line.
    pub to_do: Vec<String>,
}

/// Where the pool of a job or of a schedule's jobs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolPlace {
    /// In the recipe.
    OfRecipe,
    /// Somewhere else: the recipe names it by its id.
    Elsewhere,
}

/// A job has more tasks than can be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the job `{job}` has more than {MOST_TASKS} tasks, which is more than a recipe can list")]
pub struct TooManyTasks {
    /// The job.
    pub job: String,
}

/// A recipe in the making. Objects come one by one; pools first.
#[derive(Debug)]
pub struct Account {
    name: RecipeName,
    desk: Desk,
    /// The keys of the pools that are in the recipe, by their ids.
    keys: BTreeMap<PoolId, String>,
    pools: Map,
    jobs: Map,
    schedules: Map,
}

impl Account {
    /// A recipe of that name.
    pub fn new(name: RecipeName) -> Self {
        let (pools, jobs, schedules) = (Map::default(), Map::default(), Map::default());
        let keys = BTreeMap::new();
        Self { name, desk: Desk::new(), keys, pools, jobs, schedules }
    }

    /// Notes that an object is not in the recipe.
    pub fn leave_out(&self, address: &str, why: &str) {
        self.desk.note(address, "", Fate::Dropped, why);
    }

    /// Takes a pool.
    pub fn pool(&mut self, live: &LivePool) {
        let address = format!("pools.{}", live.spec.id);
        if live.state == BatchPoolState::Deleting {
            return self.leave_out(&address, "it is being deleted");
        }
        let proved = proof::pool(live);
        let openness = Openness::of(live.ownership.is_some(), live.had_no_secrets() || proved.is_some());
        self.kept(&address, live.ownership.as_ref());
        let scribe = self.desk.scribe(&address, openness);
        let map = scribe.pool(proved.as_ref().unwrap_or(&live.spec));
        let key = key_of(&live.spec.id, live.ownership.as_ref(), &self.pools);
        self.pools.put(&key, map.long());
        self.keys.insert(live.spec.id.clone(), key);
    }

    /// Takes a job schedule.
    pub fn schedule(&mut self, live: &LiveSchedule, pool: PoolPlace) {
        let address = format!("schedules.{}", live.spec.id);
        if matches!(live.state, BatchJobScheduleState::Deleting) {
            return self.leave_out(&address, "it is being deleted");
        }
        let proved = proof::schedule(live);
        let openness = Openness::of(live.ownership.is_some(), live.had_no_secrets() || proved.is_some());
        let scribe = self.desk.scribe(&address, openness);
        let place = self.place(pool, live.spec.pool());
        let mut spec = proved.unwrap_or_else(|| live.spec.clone());
        if let Some(id) = spec.pool().and_then(|pool| self.first_of(place, pool)) {
            spec.job.pool_info.pool_id = Some(id);
        }
        if let Some(map) = scribe.schedule(&spec, place == PoolPlace::OfRecipe) {
            self.schedules.put(live.spec.id.as_str(), map.long());
            self.kept(&address, live.ownership.as_ref());
        }
    }

    /// Takes a job, whose tasks follow; `None` if it is not in the recipe.
    pub fn job(&mut self, live: &LiveJob, pool: PoolPlace) -> Option<JobTasks<'_>> {
        let address = format!("jobs.{}", live.spec.id);
        if live.state == BatchJobState::Deleting {
            self.leave_out(&address, "it is being deleted");
            return None;
        }
        let proved = proof::job(live);
        let openness = Openness::of(live.ownership.is_some(), live.had_no_secrets() || proved.is_some());
        let (mut spec, ownership) = (proved.unwrap_or_else(|| live.spec.clone()), live.ownership.clone());
        let pool = self.place(pool, live.spec.pool.id());
        if let Some(id) = spec.pool.id().and_then(|id| self.first_of(pool, id)) {
            spec.pool = JobPool::Existing(id);
        }
        let key = key_of(&live.spec.id, ownership.as_ref(), &self.jobs);
        let state = JobState { key, spec, ownership, openness, pool };
        Some(JobTasks {
            account: self,
            address,
            job: state,
            proof: TaskProof::default(),
            tasks: Vec::new(),
            foreign: ForeignTasks::default(),
            unproved: Vec::new(),
        })
    }

    /// Where a pool is: one that came and was left out is not in the recipe.
    fn place(&self, place: PoolPlace, pool: Option<&PoolId>) -> PoolPlace {
        let is_there = pool.is_some_and(|pool| self.keys.contains_key(pool));
        if is_there { place } else { PoolPlace::Elsewhere }
    }

    /// The id by which the recipe calls a pool of its own.
    fn first_of(&self, place: PoolPlace, pool: &PoolId) -> Option<PoolId> {
        let key = self.keys.get(pool).filter(|_| place == PoolPlace::OfRecipe)?;
        PoolId::new(key.as_str()).ok()
    }

    /// Notes that an object is in the recipe.
    fn kept(&self, address: &str, ownership: Option<&Ownership>) {
        let note = match ownership {
            Some(owner) if owner.recipe == self.name => "this recipe owns it".to_owned(),
            Some(owner) => {
                format!("the recipe `{}` owns it, and only a recipe of that name can change it", owner.recipe)
            }
            None => "no recipe owns it: `plan --adopt` takes it over".to_owned(),
        };
        self.desk.note(address, "", Fate::Kept, note);
    }

    /// The recipe and its report.
    pub fn finish(self) -> Imported {
        let Self { name, desk, pools, jobs, schedules, .. } = self;
        let is_empty = pools.is_empty() && jobs.is_empty() && schedules.is_empty();
        let mut recipe = Map::default();
        recipe.put("api_version", Yaml::text("batchyard/v1")).put("name", Yaml::text(name.as_str()));
        for (section, objects) in
            [("registries", desk.registries()), ("pools", pools), ("jobs", jobs), ("schedules", schedules)]
        {
            if !objects.is_empty() {
                recipe.put(section, objects.long());
            }
        }
        let text = (!is_empty).then(|| recipe.document());
        // What is laid out already stays as it is if the layout can't be improved.
        let recipe = text.map(|text| format("recipe.yaml", &text).unwrap_or(text));
        let mut lines = desk.take_lines();
        lines.sort_by_cached_key(|line| (kind(&line.address), line.address.clone(), line.path.clone()));
        let (variables, to_do) = desk.log.take_rest();
        Imported { name: name.to_string(), recipe, lines, variables, to_do }
    }
}

/// Pools come first, then jobs, then schedules.
fn kind(address: &str) -> usize {
    ["pools.", "jobs.", "schedules."].iter().position(|kind| address.starts_with(kind)).unwrap_or(3)
}

/// The key of an object: its id, or that of the first generation if it is a later one.
fn key_of<Id: ObjectId>(id: &Id, mark: Option<&Ownership>, taken: &Map) -> String {
    let first = Generation::of(id, mark.and_then(|mark| mark.generation)).first;
    let is_free = !taken.keys().iter().any(|key| key.eq_ignore_ascii_case(first.text()));
    if is_free { first.text().to_owned() } else { id.text().to_owned() }
}

#[derive(Debug)]
struct JobState {
    key: String,
    spec: JobSpec,
    ownership: Option<Ownership>,
    openness: Openness,
    pool: PoolPlace,
}

/// A job whose tasks come one by one.
#[derive(Debug)]
pub struct JobTasks<'a> {
    account: &'a mut Account,
    address: String,
    job: JobState,
    proof: TaskProof,
    tasks: Vec<Task>,
    foreign: ForeignTasks,
    /// Tasks of which it is not known what their recipe said.
    unproved: Vec<String>,
}

#[derive(Debug)]
struct Task {
    id: String,
    map: Map,
    depends_on: Vec<String>,
    ranges: Vec<(i32, i32)>,
}

impl JobTasks<'_> {
    /// Takes a task.
    ///
    /// # Errors
    /// When there are more than [`MOST_TASKS`].
    pub fn task(&mut self, task: &BatchTask) -> Result<(), TooManyTasks> {
        let recorded = task.display_name.as_deref().and_then(TaskSpec::digest_in);
        let Some(recorded) = recorded else {
            let manager = self.job.spec.manager();
            self.foreign.observe(&LiveTask::from(task.clone()), manager.as_ref());
            return Ok(());
        };
        if self.tasks.len() >= MOST_TASKS {
            return Err(TooManyTasks { job: self.job.spec.id.to_string() });
        }
        let retries = self.job.spec.retries;
        let read = TaskSpec::from_wire(task, retries);
        let proved = self.proof.task(&read, recorded.own, retries);
        let openness = if proved.is_some() { Openness::Open } else { Openness::Secretive };
        if proved.is_none() {
            self.unproved.push(read.id.to_string());
        }
        let spec = proved.unwrap_or(read);
        let map =
            self.account.desk.scribe(format!("{}.tasks.{}", self.address, spec.id), openness).task(&spec);
        let TaskSpec { id, depends_on, depends_on_ranges: ranges, .. } = spec;
        self.tasks.push(Task { id: id.to_string(), map, depends_on, ranges });
        Ok(())
    }

    /// Puts the job into the recipe, with the tasks that came.
    pub fn finish(mut self) {
        let mut tasks = self.named_tasks();
        let depends = self.tasks.iter().any(|task| !task.depends_on.is_empty() || !task.ranges.is_empty());
        let JobState { key: _, spec, ownership, openness, pool } = &self.job;
        self.account.kept(&self.address, ownership.as_ref());
        let scribe = self.account.desk.scribe(&self.address, *openness);
        let mut map = scribe.job(spec, *pool == PoolPlace::OfRecipe, depends);
        if self.foreign.count > 0 {
            let (which, them) = match self.foreign.count {
                1 => ("a task".to_owned(), "it"),
                count => (format!("{count} tasks"), "them"),
            };
            let note = format!(
                "{which} that no recipe made ({}): the recipe leaves {them} alone",
                self.foreign.named()
            );
            scribe.note("tasks", Fate::Dropped, note);
        }
        if let Some(first) = self.unproved.first() {
            let others = match self.unproved.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let note = format!(
                "of {first}{others} it is not known which variables are secrets of which name, so a plan of this recipe makes \
                 them anew: write the references of the recipe that made them"
            );
            scribe.note("tasks", Fate::Changed, note);
        }
        if !tasks.is_empty() {
            map.put("tasks", std::mem::take(&mut tasks).long());
        }
        self.account.jobs.put(&self.job.key, map.long());
    }

    /// The tasks by name, each with the names of those that it waits for.
    fn named_tasks(&mut self) -> Map {
        let ids: BTreeMap<String, String> =
            self.tasks.iter().map(|task| (task.id.to_ascii_lowercase(), task.id.clone())).collect();
        let numbers: BTreeMap<i32, String> =
            self.tasks.iter().filter_map(|task| Some((task.id.parse().ok()?, task.id.clone()))).collect();
        let mut tasks = Map::default();
        for task in &mut self.tasks {
            let mut names = Vec::new();
            for id in &task.depends_on {
                match ids.get(&id.to_ascii_lowercase()) {
                    Some(name) => names.push(name.clone()),
                    None => self.account.desk.note(
                        &format!("{}.tasks.{}", self.address, task.id),
                        "depends_on",
                        Fate::Dropped,
                        format!("`{id}` is no task of the recipe"),
                    ),
                }
            }
            for (start, end) in &task.ranges {
                names.extend(numbers.range(start..=end).map(|(_, id)| id.clone()));
            }
            let mut map = std::mem::take(&mut task.map);
            if !names.is_empty() {
                map.put("depends_on", Yaml::texts(names));
            }
            // Ids are unique: nothing is looked for.
            let mut named = Map::default();
            named.put(&task.id, if map.is_empty() { map.in_short() } else { map.long() });
            tasks.extend(named);
        }
        tasks
    }
}
