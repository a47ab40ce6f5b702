//! Jobs, without their tasks.

use serde_json::Value;

use super::desk::Scribe;
use super::texts;
use crate::batch::model::{
    BatchAutoPoolSpecification, BatchPool, BatchPoolLifetimeOption, BatchPoolSpecification,
    BatchTaskFailureMode,
};
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::resource::{JobPool, JobSpec, OnComplete, PoolSpec};

impl Scribe<'_> {
    /// A job of a recipe, without its id, which is its key, and without its tasks. `is_own_pool` says whether the recipe has its
    /// pool, and `depends` whether a task of it depends on another.
    pub(super) fn job(&self, spec: &JobSpec, is_own_pool: bool, depends: bool) -> Map {
        // Taken apart in full, so that a new field does not compile until somebody decides how it is said.
        let JobSpec {
            id: _,
            display_name,
            pool,
            priority,
            retries,
            max_wall_time,
            environment,
            on_complete,
            on_task_failure,
            max_parallel_tasks,
            allow_task_preemption,
            uses_task_dependencies,
            network,
            manager_task,
            preparation_task,
            release_task,
            metadata,
        } = spec;
        let mut map = Map::default();
        map.put_some("display_name", display_name.as_deref().map(texts::text));
        map.put_some("pool", self.pool_of_job(pool, is_own_pool));
        map.put_some("priority", (*priority != 0).then(|| Yaml::plain(priority)));
        map.put_some("retries", (*retries != 0).then(|| Yaml::plain(retries)));
        map.put_some("max_wall_time", max_wall_time.map(|limit| Yaml::text(texts::duration(limit))));
        map.put_some("on_complete", (*on_complete == OnComplete::Terminate).then(|| Yaml::text("terminate")));
        if *on_task_failure != BatchTaskFailureMode::NoAction {
            self.part(&mut map, ("Job", "on_task_failure"), on_task_failure);
        }
        map.put_some(
            "max_parallel_tasks",
            (*max_parallel_tasks != -1).then(|| Yaml::plain(max_parallel_tasks)),
        );
        map.put_some("allow_task_preemption", allow_task_preemption.then(|| Yaml::plain(true)));
        map.put_some(
            "uses_task_dependencies",
            (*uses_task_dependencies && !depends).then(|| Yaml::plain(true)),
        );
        self.part(&mut map, ("Job", "network"), network);
        map.put_some("environment", self.environment("environment", environment));
        map.put_some(
            "manager_task",
            manager_task.as_ref().map(|task| self.manager_task(task, *retries).long()),
        );
        let preparation = preparation_task.as_ref();
        map.put_some(
            "preparation_task",
            preparation.map(|task| self.preparation_task(task, *retries).long()),
        );
        map.put_some("release_task", release_task.as_ref().map(|task| self.release_task(task).long()));
        map.put_some("metadata", self.metadata(metadata));
        map
    }

    fn pool_of_job(&self, pool: &JobPool, is_own: bool) -> Option<Yaml> {
        match pool {
            JobPool::Existing(id) if is_own => Some(Yaml::text(id.as_str())),
            JobPool::Existing(id) => Some(Yaml::short([("id", Yaml::text(id.as_str()))])),
            JobPool::Auto { auto } => {
                let mut map = Map::default();
                map.put("auto", self.auto_pool(auto)?.long());
                Some(map.long())
            }
        }
    }

    fn auto_pool(&self, auto: &BatchAutoPoolSpecification) -> Option<Map> {
        let BatchAutoPoolSpecification { auto_pool_id_prefix, pool_lifetime_option, keep_alive, pool } = auto;
        let spec = pool.as_ref().and_then(spec_of);
        if spec.is_none() {
            self.note("pool.auto", Fate::Dropped, "the account does not say what the pool is like");
        }
        let mut map = Map::default();
        map.put_some("auto_pool_id_prefix", auto_pool_id_prefix.as_deref().map(texts::text));
        if *pool_lifetime_option != BatchPoolLifetimeOption::Job {
            self.part(&mut map, ("AutoPool", "pool_lifetime_option"), pool_lifetime_option);
        }
        self.part(&mut map, ("AutoPool", "keep_alive"), keep_alive);
        map.put("pool", self.pool(&spec?).long());
        Some(map)
    }
}

/// What a pool without an id is like.
fn spec_of(pool: &BatchPoolSpecification) -> Option<PoolSpec> {
    let mut value = serde_json::to_value(pool).ok()?;
    value.as_object_mut()?.insert("id".to_owned(), Value::from("auto"));
    let read: BatchPool = serde_json::from_value(value).ok()?;
    let items = pool.metadata.iter().flatten();
    let metadata = items.map(|item| (item.name.clone(), item.value.clone())).collect();
    Some(PoolSpec { metadata, ..PoolSpec::from_wire(&read) })
}
