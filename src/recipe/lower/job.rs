//! Jobs and their streams of tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dependencies::{Dependencies, DependencyReader};
use super::registry::Registries;
use super::task;
use crate::batch::{JobId, PoolId};
use crate::diagnostic::{Collector, Sources};
use crate::recipe::decode::decode;
use crate::recipe::document::{Field, Job, OnComplete, PoolChoice, Task, optional};
use crate::recipe::expand::{ResolvedJob, TaskTemplate};
use crate::resource::{
    self, DesiredJob, DesiredPool, FieldSources, JobSpec, TaskSpec, TaskStream, TaskStreamError,
};

/// A job and what its lowering needs.
pub(super) struct JobLowering<'a> {
    pub(super) key: &'a str,
    pub(super) job: &'a Job,
    pub(super) tasks: &'a ResolvedJob,
    pub(super) pools: &'a BTreeMap<String, DesiredPool>,
    pub(super) registries: &'a Arc<Registries>,
}

impl JobLowering<'_> {
    pub(super) fn lower(
        self,
        fields: FieldSources,
        sources: &Sources,
        findings: &mut Collector,
    ) -> Option<DesiredJob> {
        let job = self.job;
        let (pool, pool_key) = match job.pool.get()? {
            PoolChoice::Key(key) => (self.pools.get(key)?.spec.id.clone(), Some(key.clone())),
            PoolChoice::Existing(id) => (PoolId::new(id.get()?.as_str()).ok()?, None),
            // Refused before lowering.
            PoolChoice::Auto(_) => return None,
        };
        let id = optional(job.id.as_ref())?.unwrap_or_else(|| self.key.to_owned());
        let spec = JobSpec {
            id: JobId::new(id).ok()?,
            display_name: optional(job.display_name.as_ref())?,
            pool,
            priority: optional(job.priority.as_ref())?.unwrap_or(0),
            retries: optional(job.retries.as_ref())?.unwrap_or(0),
            max_wall_time: optional(job.max_wall_time.as_ref())?.map(|limit| limit.0),
            environment: task::environment(job.environment.as_ref())?,
            on_complete: match optional(job.on_complete.as_ref())? {
                None | Some(OnComplete::Keep) => resource::OnComplete::Keep,
                Some(OnComplete::Terminate) => resource::OnComplete::Terminate,
            },
            uses_task_dependencies: self
                .tasks
                .templates
                .iter()
                .any(|template| !template.depends_on.is_empty()),
        };
        let tasks = self.stream(sources, findings)?;
        Some(DesiredJob { spec, pool_key, tasks, sources: fields })
    }

    fn stream(&self, sources: &Sources, findings: &mut Collector) -> Option<TaskStream> {
        let mut reader = DependencyReader::new(&self.tasks.templates, sources);
        let mut makers = Vec::new();
        let mut complete = true;
        for template in &self.tasks.templates {
            match reader.read(template) {
                Ok(depends_on) => makers.push(Arc::new(TaskMaker {
                    template: template.clone(),
                    depends_on,
                    registries: self.registries.clone(),
                    sources: sources.clone(),
                })),
                Err(finding) => {
                    findings.push(*finding);
                    complete = false;
                }
            }
        }
        let count = makers.iter().map(|maker| maker.template.count()).sum();
        complete.then(|| {
            TaskStream::new(count, move || {
                makers
                    .clone()
                    .into_iter()
                    .flat_map(|maker| (0..maker.template.count()).map(move |index| maker.make(index)))
            })
        })
    }
}

/// Makes the tasks of one name.
struct TaskMaker {
    template: Arc<TaskTemplate>,
    depends_on: Dependencies,
    registries: Arc<Registries>,
    sources: Sources,
}

impl TaskMaker {
    /// Makes one task. Loading has made every task once to check it, so this succeeds.
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
        let spec = decoded.get().and_then(|decoded| task::task(name, decoded, depends_on, &self.registries));
        spec.ok_or_else(|| {
            let messages: Vec<String> =
                findings.into_findings().into_iter().map(|finding| finding.message).collect();
            failed(&messages.join("; "))
        })
    }
}
