//! Jobs and their streams of tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dependencies::DependencyReader;
use super::inputs::{Inputs, Storage};
use super::job_tasks::JobTasks;
use super::part::{ignored, metadata, part};
use super::registry::Registries;
use super::task_stream::{TaskMaker, task_stream};
use super::{pool, task};
use crate::batch::model::{BatchAutoPoolSpecification, BatchPoolLifetimeOption, BatchTaskFailureMode};
use crate::batch::{JobId, PoolId};
use crate::diagnostic::{Collector, Sources};
use crate::recipe::document::{AutoPool, Job, JobProperty, OnComplete, PoolChoice, optional};
use crate::recipe::expand::ResolvedJob;
use crate::recipe::input_files::InputFiles;
use crate::resource::{
    self, DesiredJob, DesiredPool, FieldSources, Generation, JobPool, JobSpec, TaskStream, normal,
};

/// A job and what its lowering needs.
pub(super) struct JobLowering<'a> {
    pub(super) key: &'a str,
    pub(super) job: &'a Job,
    pub(super) tasks: &'a ResolvedJob,
    pub(super) pools: &'a BTreeMap<String, DesiredPool>,
    pub(super) registries: &'a Arc<Registries>,
    pub(super) storage: Option<&'a Arc<Storage>>,
    pub(super) inputs: &'a Arc<InputFiles>,
}

impl JobLowering<'_> {
    pub(super) fn lower(
        self,
        fields: FieldSources,
        sources: &Sources,
        findings: &mut Collector,
    ) -> Option<DesiredJob> {
        let scope = JobScope { pools: self.pools, registries: self.registries };
        let id = optional(self.job.id.as_ref())?.unwrap_or_else(|| self.key.to_owned());
        let (mut spec, pool_key) = scope.spec(JobId::new(id).ok()?, self.job)?;
        let depends = self.tasks.templates.iter().any(|template| !template.depends_on.is_empty());
        spec.uses_task_dependencies |= depends;
        let tasks = self.stream(sources, findings)?;
        let generation = Generation::first(spec.id.clone());
        let ignored = ignored(self.job.ignore_changes.as_ref(), JobProperty::path)?;
        let next_generation = None;
        Some(DesiredJob { spec, pool_key, generation, next_generation, ignored, tasks, sources: fields })
    }

    fn stream(&self, sources: &Sources, findings: &mut Collector) -> Option<TaskStream> {
        let mut reader = DependencyReader::new(&self.tasks.templates, sources);
        let mut makers = Vec::new();
        let mut complete = true;
        for template in &self.tasks.templates {
            match reader.read(template) {
                Ok(depends_on) => makers.push(TaskMaker {
                    template: template.clone(),
                    depends_on,
                    registries: self.registries.clone(),
                    storage: self.storage.cloned(),
                    inputs: self.inputs.clone(),
                    sources: sources.clone(),
                }),
                Err(finding) => {
                    findings.push(*finding);
                    complete = false;
                }
            }
        }
        complete.then(|| task_stream(makers))
    }
}

/// What a job may refer to.
#[derive(Clone, Copy)]
pub(super) struct JobScope<'a> {
    pub(super) pools: &'a BTreeMap<String, DesiredPool>,
    pub(super) registries: &'a Registries,
}

impl JobScope<'_> {
    /// The spec of a job under that id without its tasks, and the key of its pool if it is one of the recipe.
    pub(super) fn spec(self, id: JobId, job: &Job) -> Option<(JobSpec, Option<String>)> {
        let (pool, pool_key) = self.pool(job.pool.get()?)?;
        let retries = optional(job.retries.as_ref())?.unwrap_or(0);
        let own = JobTasks { registries: self.registries, retries };
        let spec = JobSpec {
            display_name: optional(job.display_name.as_ref())?,
            priority: optional(job.priority.as_ref())?.unwrap_or(0),
            retries,
            max_wall_time: optional(job.max_wall_time.as_ref())?.map(|limit| limit.0),
            environment: task::environment(job.environment.as_ref())?,
            on_complete: match optional(job.on_complete.as_ref())? {
                None | Some(OnComplete::Keep) => resource::OnComplete::Keep,
                Some(OnComplete::Terminate) => resource::OnComplete::Terminate,
            },
            on_task_failure: optional(job.on_task_failure.as_ref())?
                .map_or(BatchTaskFailureMode::NoAction, |mode| mode.value()),
            max_parallel_tasks: optional(job.max_parallel_tasks.as_ref())?.unwrap_or(-1),
            allow_task_preemption: optional(job.allow_task_preemption.as_ref())?.unwrap_or(false),
            uses_task_dependencies: optional(job.uses_task_dependencies.as_ref())?.unwrap_or(false),
            network: part(job.network.as_ref())?,
            manager_task: own.manager(job.manager_task.as_ref())?,
            preparation_task: own.preparation(job.preparation_task.as_ref())?,
            release_task: own.release(job.release_task.as_ref())?,
            metadata: metadata(job.metadata.as_ref())?,
            ..JobSpec::new(id, pool)
        };
        Some((spec, pool_key))
    }

    fn pool(self, choice: &PoolChoice) -> Option<(JobPool, Option<String>)> {
        match choice {
            PoolChoice::Key(key) => {
                Some((JobPool::Existing(self.pools.get(key)?.spec.id.clone()), Some(key.clone())))
            }
            PoolChoice::Existing(id) => {
                Some((JobPool::Existing(PoolId::new(id.get()?.as_str()).ok()?), None))
            }
            PoolChoice::Auto(auto) => {
                let auto = normal(Some(self.auto_pool(auto.get()?)?))?;
                Some((JobPool::Auto { auto: Box::new(auto) }, None))
            }
        }
    }

    fn auto_pool(self, auto: &AutoPool) -> Option<BatchAutoPoolSpecification> {
        let unnamed = PoolId::new("auto").ok()?;
        let pool = pool::spec(unnamed, &auto.pool.get()?.0, self.registries, Inputs::default())?;
        Some(BatchAutoPoolSpecification {
            auto_pool_id_prefix: optional(auto.auto_pool_id_prefix.as_ref())?,
            pool_lifetime_option: optional(auto.pool_lifetime_option.as_ref())?
                .map_or(BatchPoolLifetimeOption::Job, |option| option.value()),
            keep_alive: optional(auto.keep_alive.as_ref())?,
            pool: Some(pool.to_specification()),
        })
    }
}
