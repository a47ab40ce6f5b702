//! The tasks that belong to a job itself.

use super::desk::Scribe;
use super::texts;
use crate::batch::WireDuration;
use crate::batch::model::{
    BatchJobManagerTask, BatchJobPreparationTask, BatchJobReleaseTask, BatchTaskConstraints,
    BatchTaskContainerSettings,
};
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::resource::TaskContainerSpec;

/// The id of a manager task that has none of its own in the recipe.
const MANAGER_ID: &str = "jobmanager";

impl Scribe<'_> {
    pub(super) fn manager_task(&self, task: &BatchJobManagerTask, retries: i32) -> Map {
        const OF: &str = "ManagerTask";
        let BatchJobManagerTask {
            id,
            display_name,
            command_line,
            container_settings,
            resource_files,
            output_files,
            environment_settings,
            constraints,
            required_slots,
            kill_job_on_completion,
            user_identity,
            run_exclusive,
            application_package_references,
            allow_low_priority_node,
            other,
        } = task;
        let mut map = Map::default();
        if id != MANAGER_ID {
            map.put("id", Yaml::text(id));
        }
        map.put_some("display_name", display_name.as_deref().map(texts::text));
        self.start_of_task(&mut map, "manager_task", container_settings.as_ref(), command_line);
        self.part(&mut map, (OF, "environment"), environment_settings);
        self.part(&mut map, (OF, "resource_files"), resource_files);
        self.part(&mut map, (OF, "output_files"), output_files);
        self.part(&mut map, (OF, "application_packages"), application_package_references);
        self.constraints(&mut map, OF, constraints.as_ref(), retries);
        self.part(&mut map, (OF, "slots"), required_slots);
        self.part(&mut map, (OF, "kill_job_on_completion"), kill_job_on_completion);
        self.part(&mut map, (OF, "run_exclusive"), run_exclusive);
        self.part(&mut map, (OF, "allow_low_priority_node"), allow_low_priority_node);
        self.user(&mut map, OF, user_identity.as_ref());
        for name in other.keys() {
            self.note(&format!("manager_task.{name}"), Fate::Dropped, "no recipe can say it");
        }
        map
    }

    pub(super) fn preparation_task(&self, task: &BatchJobPreparationTask, retries: i32) -> Map {
        const OF: &str = "PreparationTask";
        let BatchJobPreparationTask {
            id,
            command_line,
            container_settings,
            resource_files,
            environment_settings,
            constraints,
            wait_for_success,
            user_identity,
            rerun_on_node_reboot_after_success,
        } = task;
        let mut map = Map::default();
        map.put_some("id", id.as_deref().map(texts::text));
        self.start_of_task(&mut map, "preparation_task", container_settings.as_ref(), command_line);
        self.part(&mut map, (OF, "environment"), environment_settings);
        self.part(&mut map, (OF, "resource_files"), resource_files);
        self.constraints(&mut map, OF, constraints.as_ref(), retries);
        self.part(&mut map, (OF, "wait"), wait_for_success);
        let rerun = rerun_on_node_reboot_after_success;
        self.part(&mut map, (OF, "rerun_on_node_reboot_after_success"), rerun);
        self.user(&mut map, OF, user_identity.as_ref());
        map
    }

    pub(super) fn release_task(&self, task: &BatchJobReleaseTask) -> Map {
        const OF: &str = "ReleaseTask";
        let BatchJobReleaseTask {
            id,
            command_line,
            container_settings,
            resource_files,
            environment_settings,
            max_wall_clock_time,
            retention_time,
            user_identity,
        } = task;
        let mut map = Map::default();
        map.put_some("id", id.as_deref().map(texts::text));
        self.start_of_task(&mut map, "release_task", container_settings.as_ref(), command_line);
        self.part(&mut map, (OF, "environment"), environment_settings);
        self.part(&mut map, (OF, "resource_files"), resource_files);
        let limit = max_wall_clock_time.filter(|limit| *limit != BatchJobReleaseTask::LONGEST.into());
        self.part(&mut map, (OF, "max_wall_time"), &limit);
        self.part(&mut map, (OF, "retention"), retention_time);
        self.user(&mut map, OF, user_identity.as_ref());
        map
    }

    fn start_of_task(
        &self,
        map: &mut Map,
        path: &str,
        container: Option<&BatchTaskContainerSettings>,
        command_line: &str,
    ) {
        let container = container.map(TaskContainerSpec::from_wire);
        map.put_some("container", container.map(|container| self.container(path, &container)));
        self.warn_of_secrets_in(&format!("{path}.command"), command_line);
        map.put("command", texts::command(command_line));
    }

    fn constraints(&self, map: &mut Map, of: &str, constraints: Option<&BatchTaskConstraints>, retries: i32) {
        let Some(BatchTaskConstraints { max_wall_clock_time, retention_time, max_task_retry_count }) =
            constraints
        else {
            return;
        };
        let own = max_task_retry_count.filter(|own| *own != retries);
        map.put_some("retries", own.map(Yaml::plain));
        let limit = |of: &Option<WireDuration>| of.filter(|of| of.limit().is_some());
        self.part(map, (of, "max_wall_time"), &limit(max_wall_clock_time));
        self.part(map, (of, "retention"), &limit(retention_time));
    }
}
