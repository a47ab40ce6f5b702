//! Which variables a recipe held as secrets. The service returns their values; the digest that was recorded covers references to
//! them. What gives that digest again is what the recipe said, and nothing else is.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::batch::model::EnvironmentSetting;
use crate::recipe::is_secret_name;
use crate::resource::{
    DEFAULT_RETENTION, Digest, EnvironmentSpec, EnvironmentValue, JobScheduleSpec, JobSpec, LiveJob,
    LivePool, LiveSchedule, PoolSpec, TaskSpec,
};
use crate::secret::SecretRef;

/// Of that many variables every choice is tried.
const MOST_VARIABLES: usize = 8;
/// So many tasks of a job are tried in every way before only what has worked is.
const MOST_FAILURES: usize = 20;

/// What the recipe said of a pool, if it can be found out.
pub(super) fn pool(live: &LivePool) -> Option<PoolSpec> {
    let recorded = live.ownership.as_ref()?.digest?;
    let start = live.spec.start_task.as_ref()?;
    let with = |environment: EnvironmentSpec| PoolSpec {
        start_task: Some(crate::resource::StartTaskSpec { environment, ..start.clone() }),
        ..live.spec.clone()
    };
    { choices(start.environment.keys().cloned().collect()) }
        .map(|secrets| with(referring(&start.environment, &secrets)))
        .find(|spec| spec.digest() == recorded)
}

/// What the recipe said of a job, if it can be found out.
pub(super) fn job(live: &LiveJob) -> Option<JobSpec> {
    let recorded = live.ownership.as_ref()?.digest?;
    let JobSpec { environment, manager_task, preparation_task, release_task, .. } = &live.spec;
    let mut names: BTreeSet<String> = environment.keys().cloned().collect();
    names.extend(manager_task.iter().flat_map(|task| names_in(task.environment_settings.as_ref())));
    names.extend(preparation_task.iter().flat_map(|task| names_in(task.environment_settings.as_ref())));
    names.extend(release_task.iter().flat_map(|task| names_in(task.environment_settings.as_ref())));
    let said = |secrets: BTreeSet<String>| {
        let mut spec = live.spec.clone();
        spec.environment = referring(&spec.environment, &secrets);
        let manager = spec.manager_task.as_mut().and_then(|task| task.environment_settings.as_mut());
        let preparation = spec.preparation_task.as_mut().and_then(|task| task.environment_settings.as_mut());
        let release = spec.release_task.as_mut().and_then(|task| task.environment_settings.as_mut());
        { [manager, preparation, release].into_iter().flatten() }
            .for_each(|settings| refer(settings, &secrets));
        spec
    };
    choices(names).map(said).find(|spec| spec.digest() == recorded)
}

/// What the recipe said of a job schedule, if it can be found out.
pub(super) fn schedule(live: &LiveSchedule) -> Option<JobScheduleSpec> {
    let recorded = live.ownership.as_ref()?.digest?;
    let job = &live.spec.job;
    let manager = job.job_manager_task.as_ref().and_then(|task| task.environment_settings.as_ref());
    let common = job.common_environment_settings.as_ref();
    let names = names_in(manager).chain(names_in(common)).collect();
    let said = |secrets: BTreeSet<String>| {
        let mut spec = live.spec.clone();
        let manager = spec.job.job_manager_task.as_mut().and_then(|task| task.environment_settings.as_mut());
        let common = spec.job.common_environment_settings.as_mut();
        { [manager, common].into_iter().flatten() }.for_each(|settings| refer(settings, &secrets));
        spec
    };
    choices(names).map(said).find(|spec| spec.digest() == recorded)
}

fn names_in(settings: Option<&Vec<EnvironmentSetting>>) -> impl Iterator<Item = String> {
    settings.into_iter().flatten().map(|setting| setting.name.clone())
}

/// Has these variables refer to variables of the same name.
fn refer(settings: &mut [EnvironmentSetting], secrets: &BTreeSet<String>) {
    for setting in settings.iter_mut().filter(|setting| secrets.contains(&setting.name)) {
        setting.value = Some(SecretRef::Env(setting.name.clone()).into());
    }
}

/// What the recipe said of the tasks of a job. Tasks of a job are alike: what was true of one is tried first.
#[derive(Debug, Default)]
pub(super) struct TaskProof {
    last: RefCell<(BTreeSet<String>, Spelling)>,
    failures: RefCell<usize>,
}

/// What a recipe may spell out although it need not.
#[derive(Debug, Clone, Copy, Default)]
struct Spelling {
    title: bool,
    retries: bool,
    retention: bool,
}

impl Spelling {
    fn all() -> impl Iterator<Item = Self> {
        (0..8_u8).map(|bits| Self { title: bits & 1 > 0, retries: bits & 2 > 0, retention: bits & 4 > 0 })
    }

    fn of(self, task: &TaskSpec, retries: i32) -> TaskSpec {
        let mut task = task.clone();
        if self.title && task.title.is_none() {
            task.title = Some(task.id.to_string());
        }
        if self.retries {
            task.retries.get_or_insert(retries);
        }
        if self.retention {
            task.retention.get_or_insert(DEFAULT_RETENTION);
        }
        task
    }
}

impl TaskProof {
    /// What the recipe said of a task of a job with that number of retries, if it can be found out.
    pub(super) fn task(&self, task: &TaskSpec, recorded: Digest, retries: i32) -> Option<TaskSpec> {
        let said = |secrets: &BTreeSet<String>, spelling: Spelling| {
            let spelled = spelling.of(task, retries);
            let spec = TaskSpec { environment: referring(&task.environment, secrets), ..spelled };
            (Digest::of(&spec) == recorded).then_some(spec)
        };
        let (secrets, spelling) = self.last.borrow().clone();
        if let Some(spec) = said(&secrets, spelling) {
            return Some(spec);
        }
        if *self.failures.borrow() >= MOST_FAILURES {
            return None;
        }
        for spelling in Spelling::all() {
            for secrets in choices(task.environment.keys().cloned().collect()) {
                if let Some(spec) = said(&secrets, spelling) {
                    *self.last.borrow_mut() = (secrets, spelling);
                    return Some(spec);
                }
            }
        }
        *self.failures.borrow_mut() += 1;
        None
    }
}

/// Names of variables that may all be secrets: none, those that are called so, and, of few, all others.
fn choices(names: BTreeSet<String>) -> impl Iterator<Item = BTreeSet<String>> {
    let called_so = names.iter().filter(|name| is_secret_name(name)).cloned().collect();
    let names: Vec<String> = names.into_iter().collect();
    let count = if names.len() <= MOST_VARIABLES { 1_u32 << names.len() } else { 0 };
    let chosen = move |bits: u32| {
        let of = |(index, name): (usize, &String)| (bits >> index & 1 > 0).then(|| name.clone());
        names.iter().enumerate().filter_map(of).collect()
    };
    [BTreeSet::new(), called_so].into_iter().chain((1..count).map(chosen))
}

/// An environment in which these variables refer to variables of the same name.
fn referring(environment: &EnvironmentSpec, secrets: &BTreeSet<String>) -> EnvironmentSpec {
    let value = |name: &String, value: &EnvironmentValue| match secrets.contains(name) {
        true => EnvironmentValue::Secret(SecretRef::Env(name.clone())),
        false => value.clone(),
    };
    environment.iter().map(|(name, held)| (name.clone(), value(name, held))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::TaskId;

    fn task(values: &[(&str, &str)]) -> TaskSpec {
        let plain =
            |(name, value): &(&str, &str)| ((*name).to_owned(), EnvironmentValue::Plain((*value).to_owned()));
        let environment = values.iter().map(plain).collect();
        TaskSpec { environment, ..TaskSpec::new(TaskId::new("t").unwrap(), "t".into(), "run".into()) }
    }

    #[test]
    fn what_a_recipe_said_is_found_out_by_its_digest() {
        let live = task(&[("MODE", "fast"), ("TOKEN", "hunter2"), ("X", "1")]);
        let said = TaskSpec {
            environment: referring(&live.environment, &["MODE".to_owned(), "TOKEN".to_owned()].into()),
            title: Some("t".into()),
            retries: Some(3),
            ..live.clone()
        };
        let proof = TaskProof::default();
        assert_eq!(proof.task(&live, Digest::of(&said), 3), Some(said.clone()));
        assert_eq!(proof.task(&live, Digest::of(&said), 3), Some(said), "and again");
        let file = EnvironmentValue::Secret(SecretRef::File("token".into()));
        let mut other = live.clone();
        other.environment.insert("TOKEN".into(), file);
        assert_eq!(proof.task(&live, Digest::of(&other), 3), None, "a file can have any name");
    }
}
