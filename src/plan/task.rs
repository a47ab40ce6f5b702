//! What differs between a task of a recipe and the task that is there.

use std::time::Duration;

use crate::batch::ApiVersion;
use crate::batch::model::BatchTask;
use crate::resource::{
    DEFAULT_RETENTION, DesiredJob, FieldSources, MutabilityTable, TaskContainerSpec, TaskSpec,
};

use super::change::FieldChange;
use super::diff::{FieldDiff, Known, written};

/// The fields of a task that is there which are not what `desired` asks for, as far as the service tells: it returns no passwords,
/// and doesn't know which values are secrets.
pub(super) fn diff(desired: &TaskSpec, live: &BatchTask, job: &DesiredJob) -> Vec<FieldChange> {
    let recorded = live.display_name.as_deref().and_then(TaskSpec::digest_in);
    let live = TaskSpec::from_wire(live, job.spec.retries);
    // The digest covers references to secrets and not their values. If it follows from what the service returns, there were none,
    // and all values may be shown.
    let had_no_secrets = recorded.is_some_and(|digest| digest == live.digest());
    // Taken apart in full, so that a new field does not compile until somebody decides how it is compared.
    let TaskSpec {
        id: _,
        name,
        title,
        command_line,
        container,
        environment,
        depends_on,
        depends_on_ranges,
        // What the tasks are that it waits for is no field; the comparison of digests says whether that has changed.
        inputs: _,
        retries,
        max_wall_time,
        retention,
        slots,
        resource_files,
        // The blobs that they become are among the resource files.
        uploads: _,
        output_files,
        application_packages,
        exit_conditions,
        multi_instance,
        affinity,
        user,
    } = desired;
    let known = Known { as_applied: false, had_no_secrets };
    let sources = sources_of(&job.sources, name);
    let mut diff = FieldDiff::new(&sources, MutabilityTable::of_tasks(ApiVersion::CURRENT));
    diff.field("display_name", &live.title, title);
    diff_container(&mut diff, live.container.as_ref(), container.as_ref());
    diff.field("command", &live.command_line, command_line);
    diff.environment(&live.environment, environment, had_no_secrets);
    let same = is_same_set(&live.depends_on, depends_on) && live.depends_on_ranges == *depends_on_ranges;
    let before = dependencies(&live.depends_on, &live.depends_on_ranges);
    diff.field_unless("depends_on", same, &before, &dependencies(depends_on, depends_on_ranges));
    // Not to say how often is to say what the job says.
    let effective = |retries: Option<i32>| retries.unwrap_or(job.spec.retries);
    diff.field_unless("retries", effective(live.retries) == effective(*retries), &live.retries, retries);
    diff.field("max_wall_time", &live.max_wall_time.map(written), &max_wall_time.map(written));
    let kept = |retention: Option<Duration>| retention.unwrap_or(DEFAULT_RETENTION);
    let (before, after) = (live.retention.map(written), retention.map(written));
    diff.field_unless("retention", kept(live.retention) == kept(*retention), &before, &after);
    diff.field("slots", &live.slots, slots);
    diff.part("resource_files", (&live.resource_files, resource_files), known);
    diff.part("output_files", (&live.output_files, output_files), known);
    diff.part("application_packages", (&live.application_packages, application_packages), known);
    diff.part("exit_conditions", (&live.exit_conditions, exit_conditions), known);
    diff.part("multi_instance", (&live.multi_instance, multi_instance), known);
    diff.part("affinity", (&live.affinity, affinity), known);
    diff.part("user", (&live.user, user), known);
    diff.changes
}

fn is_same_set(one: &[String], other: &[String]) -> bool {
    let sorted = |ids: &[String]| -> Vec<String> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    sorted(one) == sorted(other)
}

/// The places of the fields of one task, by their paths inside it.
fn sources_of(sources: &FieldSources, name: &str) -> FieldSources {
    let prefix = format!("tasks.{name}");
    let inside = |path: &str| -> Option<String> {
        let rest = path.strip_prefix(&prefix)?;
        if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('.').map(str::to_owned) }
    };
    sources.iter().filter_map(|(path, source)| Some((inside(path)?, source.clone()))).collect()
}

fn diff_container(
    diff: &mut FieldDiff<'_>,
    live: Option<&TaskContainerSpec>,
    desired: Option<&TaskContainerSpec>,
) {
    let (Some(live), Some(desired)) = (live, desired) else {
        diff.field("container", &live, &desired);
        return;
    };
    let TaskContainerSpec { image, run_options, start_in_image_workdir, mounts, registry } = desired;
    diff.field("container.image", &live.image, image);
    diff.field("container.run_options", &live.run_options, run_options);
    let starts = |in_image: bool| if in_image { "image" } else { "task" };
    let (before, after) = (starts(live.start_in_image_workdir), starts(*start_in_image_workdir));
    diff.field("container.working_directory", &before, &after);
    diff.field("container.mounts", &live.mounts, mounts);
    let same_registry = match (registry, &live.registry) {
        (Some(desired), Some(live)) => desired.same(live),
        (desired, live) => desired.is_none() && live.is_none(),
    };
    diff.field_unless("container.registry", same_registry, &live.registry, registry);
}

/// Ids, and ranges of ids as `1-1000`.
fn dependencies(ids: &[String], ranges: &[(i32, i32)]) -> Vec<String> {
    ids.iter().cloned().chain(ranges.iter().map(|(start, end)| format!("{start}-{end}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::test_support;
    use super::*;
    use crate::batch::model::{Confidential, EnvironmentSetting};
    use crate::resource::{EnvironmentSpec, EnvironmentValue, NOT_SHOWN, SecretValues};
    use crate::secret::{Secret, SecretRef};
    use serde_json::{Value, json};

    fn task() -> TaskSpec {
        TaskSpec {
            container: Some(TaskContainerSpec {
                image: "busybox".into(),
                run_options: String::new(),
                start_in_image_workdir: false,
                mounts: None,
                registry: None,
            }),
            environment: EnvironmentSpec::from([("MODE".into(), EnvironmentValue::Plain("slow".into()))]),
            depends_on: vec!["a".into(), "b".into()],
            depends_on_ranges: vec![(1, 9)],
            max_wall_time: Some(Duration::from_secs(5400)),
            slots: 2,
            ..test_support::task("t", "run a")
        }
    }

    fn job() -> DesiredJob {
        let place = |line| crate::resource::SourceLocation { file: "r.yaml".into(), line, column: 1 };
        let sources = FieldSources::from([
            (String::new(), place(1)),
            ("tasks".into(), place(2)),
            ("tasks.t".into(), place(3)),
            ("tasks.t.command".into(), place(4)),
            ("tasks.t2.command".into(), place(9)),
        ]);
        DesiredJob { sources, ..test_support::job(vec![]) }
    }

    /// The task as the service returns it: with what it fills in.
    fn there(spec: &TaskSpec, secrets: &SecretValues) -> BatchTask {
        let mut wire = serde_json::to_value(spec.to_create(secrets).unwrap()).unwrap();
        let constraints = wire["constraints"].as_object_mut().unwrap();
        constraints.entry("maxTaskRetryCount").or_insert(json!(2));
        constraints.entry("retentionTime").or_insert(json!("P7D"));
        serde_json::from_value(wire).unwrap()
    }

    fn changes(desired: &TaskSpec, live: &BatchTask) -> Vec<(String, Value, Value, u32)> {
        let changes = diff(desired, live, &job());
        changes.into_iter().map(|c| (c.path, c.before, c.after, c.source.map_or(0, |s| s.line))).collect()
    }

    #[test]
    fn a_task_differs_in_nothing_from_what_it_was_made_of() {
        let live = there(&task(), &SecretValues::default());
        assert_eq!(changes(&task(), &live), []);
        assert_eq!(TaskSpec::from_wire(&live, 2).digest(), task().digest(), "the normal form comes back");
    }

    #[test]
    fn each_field_that_differs_is_named_with_its_place() {
        let mut desired = task();
        desired.command_line = "run b".into();
        desired.max_wall_time = None;
        desired.environment.insert("MODE".into(), EnvironmentValue::Plain("fast".into()));
        desired.depends_on.pop();
        let found = changes(&desired, &there(&task(), &SecretValues::default()));
        let expected = [
            ("command".to_owned(), json!("run a"), json!("run b"), 4),
            ("environment.MODE".to_owned(), json!("slow"), json!("fast"), 3),
            ("depends_on".to_owned(), json!(["a", "b", "1-9"]), json!(["a", "1-9"]), 3),
            ("max_wall_time".to_owned(), json!("1h 30m"), Value::Null, 3),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn no_value_that_may_have_been_a_secret_is_shown() {
        let reference = SecretRef::Env("TOKEN".into());
        let mut secrets = SecretValues::default();
        secrets.insert(reference.clone(), Secret::new("hunter2"));
        let mut before = task();
        before.environment.insert("TOKEN".into(), EnvironmentValue::Secret(reference));
        let live = there(&before, &secrets);
        assert!(live.environment_settings.as_ref().unwrap().contains(&EnvironmentSetting {
            name: "TOKEN".into(),
            value: Some(Confidential::value("hunter2"))
        }));
        let mut desired = task();
        desired.environment.insert("TOKEN".into(), EnvironmentValue::Plain("none".into()));
        let found = changes(&desired, &live);
        assert_eq!(found, [("environment.TOKEN".to_owned(), json!(NOT_SHOWN), json!("none"), 3)]);
    }
}
