//! Job schedules.

use serde_json::Value;

use super::desk::Scribe;
use super::texts;
use crate::batch::model::{BatchJob, BatchJobSpecification};
use crate::import::report::Fate;
use crate::import::yaml::Map;
use crate::resource::{JobScheduleSpec, JobSpec};

impl Scribe<'_> {
    /// A job schedule of a recipe, without its id, which is its key.
    pub(super) fn schedule(&self, spec: &JobScheduleSpec, is_own_pool: bool) -> Option<Map> {
        // Taken apart in full, so that a new field does not compile until somebody decides how it is said.
        let JobScheduleSpec { id: _, display_name, recurrence, job, metadata } = spec;
        let Some(job) = spec_of(job) else {
            self.note("job", Fate::Dropped, "the account does not say which pool its jobs run on");
            return None;
        };
        let mut map = Map::default();
        map.put_some("display_name", display_name.as_deref().map(texts::text));
        self.part(&mut map, ("Schedule", "recurrence"), recurrence);
        if !map.keys().iter().any(|key| key == "recurrence") {
            map.put("recurrence", Map::default().in_short());
        }
        map.put("job", self.job(&job, is_own_pool, false).long());
        map.put_some("metadata", self.metadata(metadata));
        Some(map)
    }
}

/// What a job without an id is like.
fn spec_of(job: &BatchJobSpecification) -> Option<JobSpec> {
    let mut value = serde_json::to_value(job).ok()?;
    value.as_object_mut()?.insert("id".to_owned(), Value::from("scheduled"));
    let read: BatchJob = serde_json::from_value(value).ok()?;
    let items = job.metadata.iter().flatten();
    let metadata = items.map(|item| (item.name.clone(), item.value.clone())).collect();
    Some(JobSpec { metadata, ..JobSpec::from_wire(&read)? })
}
