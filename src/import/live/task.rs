//! Tasks.

use super::desk::Scribe;
use super::texts;
use crate::import::yaml::{Map, Yaml};
use crate::resource::TaskSpec;

impl Scribe<'_> {
    /// A task of a recipe, without its id, which is its key, and without what it depends on.
    pub(super) fn task(&self, spec: &TaskSpec) -> Map {
        const OF: &str = "Task";
        // Taken apart in full, so that a new field does not compile until somebody decides how it is said.
        let TaskSpec {
            id: _,
            name: _,
            title,
            command_line,
            container,
            environment,
            // Said in the names of the recipe once all of them are known.
            depends_on: _,
            depends_on_ranges: _,
            inputs: _,
            retries,
            max_wall_time,
            retention,
            slots,
            resource_files,
            // Nothing that was read knows of local files: they are among the resource files.
            uploads: _,
            output_files,
            application_packages,
            exit_conditions,
            multi_instance,
            affinity,
            user,
        } = spec;
        let mut map = Map::default();
        map.put_some("display_name", title.as_deref().map(texts::text));
        map.put_some("container", container.as_ref().map(|container| self.container("", container)));
        if !command_line.is_empty() {
            self.warn_of_secrets_in("command", command_line);
            map.put("command", texts::command(command_line));
        }
        map.put_some("environment", self.environment("environment", environment));
        map.put_some("retries", retries.map(Yaml::plain));
        map.put_some("max_wall_time", max_wall_time.map(|limit| Yaml::text(texts::duration(limit))));
        map.put_some("retention", retention.map(|limit| Yaml::text(texts::duration(limit))));
        map.put_some("slots", (*slots != 1).then(|| Yaml::plain(slots)));
        self.part(&mut map, (OF, "resource_files"), resource_files);
        self.part(&mut map, (OF, "output_files"), output_files);
        self.part(&mut map, (OF, "application_packages"), application_packages);
        self.part(&mut map, (OF, "exit_conditions"), exit_conditions);
        self.part(&mut map, (OF, "multi_instance"), multi_instance);
        self.part(&mut map, (OF, "affinity"), affinity);
        self.user(&mut map, OF, user.as_ref());
        map
    }
}
