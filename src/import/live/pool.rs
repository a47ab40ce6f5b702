//! Pools.

use super::desk::Scribe;
use super::texts;
use crate::batch::model::{ContainerType, UserIdentity};
use crate::import::expressions::inert;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::resource::{
    AutoscaleSpec, ContainerConfigurationSpec, DEFAULT_EVALUATION_INTERVAL, DEFAULT_RESIZE_TIMEOUT,
    MetadataSpec, PoolSpec, StartTaskSpec, TaskContainerSpec,
};

impl Scribe<'_> {
    /// A pool of a recipe, without its id, which is its key.
    pub(super) fn pool(&self, spec: &PoolSpec) -> Map {
        // Taken apart in full, so that a new field does not compile until somebody decides how it is said.
        let PoolSpec {
            id: _,
            display_name,
            vm_size,
            image,
            node_agent_sku,
            container,
            dedicated_nodes,
            spot_nodes,
            autoscale,
            resize_timeout,
            slots_per_node,
            scheduling_policy,
            start_task,
            application_packages,
            inter_node_communication,
            network,
            mounts,
            user_accounts,
            os_disk,
            data_disks,
            disk_encryption,
            node_placement,
            security_profile,
            extensions,
            windows,
            license_type,
            service_artifact,
            upgrade_policy,
            metadata,
        } = spec;
        let mut map = Map::default();
        map.put_some("display_name", display_name.as_deref().map(texts::text));
        map.put("vm_size", texts::text(vm_size));
        self.image(&mut map, image, node_agent_sku);
        map.put_some("container", container.as_ref().map(|container| self.containers(container)));
        map.put("nodes", nodes(*dedicated_nodes, *spot_nodes, autoscale.as_ref()));
        if *resize_timeout != DEFAULT_RESIZE_TIMEOUT && autoscale.is_none() {
            map.put("resize_timeout", Yaml::text(texts::duration(*resize_timeout)));
        }
        if *slots_per_node != 1 {
            map.put("slots_per_node", Yaml::plain(slots_per_node));
        }
        self.part(&mut map, ("Pool", "scheduling_policy"), scheduling_policy);
        if *inter_node_communication {
            map.put("inter_node_communication", Yaml::plain(true));
        }
        map.put_some("start_task", start_task.as_ref().map(|task| self.start_task(task).long()));
        self.part(&mut map, ("Pool", "application_packages"), application_packages);
        self.part(&mut map, ("Pool", "network"), network);
        self.part(&mut map, ("Pool", "mounts"), mounts);
        self.part(&mut map, ("Pool", "user_accounts"), user_accounts);
        self.part(&mut map, ("Pool", "os_disk"), os_disk);
        self.part(&mut map, ("Pool", "data_disks"), data_disks);
        self.part(&mut map, ("Pool", "disk_encryption"), disk_encryption);
        self.part(&mut map, ("Pool", "node_placement"), node_placement);
        self.part(&mut map, ("Pool", "security_profile"), security_profile);
        self.part(&mut map, ("Pool", "extensions"), extensions);
        self.part(&mut map, ("Pool", "windows"), windows);
        map.put_some("license_type", license_type.as_deref().map(texts::text));
        self.part(&mut map, ("Pool", "service_artifact"), service_artifact);
        self.part(&mut map, ("Pool", "upgrade_policy"), upgrade_policy);
        map.put_some("metadata", self.metadata(metadata));
        map
    }

    fn containers(&self, spec: &ContainerConfigurationSpec) -> Yaml {
        let ContainerConfigurationSpec { technology, prefetch, registries } = spec;
        let mut map = Map::default();
        match technology {
            ContainerType::DockerCompatible => {}
            ContainerType::CriCompatible => {
                map.put("type", Yaml::text("cri"));
            }
            ContainerType::Other(other) => {
                self.note("container.type", Fate::Dropped, format!("recipes have no word for `{other}`"));
            }
        }
        if !prefetch.is_empty() {
            map.put("prefetch", Yaml::texts(prefetch.iter().map(|image| inert(image))));
        }
        if !registries.is_empty() {
            map.put("registries", Yaml::texts(registries.iter().map(|registry| self.registry(registry))));
        }
        map.in_short()
    }

    fn start_task(&self, spec: &StartTaskSpec) -> Map {
        let StartTaskSpec {
            command_line,
            container,
            environment,
            resource_files,
            // Nothing that was read knows of local files: they are among the resource files.
            uploads: _,
            user,
            wait_for_success,
            retries,
        } = spec;
        let mut map = Map::default();
        self.warn_of_secrets_in("start_task.command", command_line);
        map.put("command", texts::command(command_line));
        map.put_some(
            "container",
            container.as_ref().map(|container| self.container("start_task", container)),
        );
        map.put_some("environment", self.environment("start_task.environment", environment));
        self.part(&mut map, ("StartTask", "resource_files"), resource_files);
        self.user(&mut map, "StartTask", user.as_ref());
        if !wait_for_success {
            map.put("wait", Yaml::plain(false));
        }
        if *retries != 0 {
            map.put("retries", Yaml::plain(retries));
        }
        map
    }

    /// The container of a task.
    pub(super) fn container(&self, path: &str, spec: &TaskContainerSpec) -> Yaml {
        let TaskContainerSpec { image, run_options, start_in_image_workdir, mounts, registry } = spec;
        let mut map = Map::default();
        map.put("image", texts::text(image));
        if !run_options.is_empty() {
            self.warn_of_secrets_in(&format!("{path}.container.run_options"), run_options);
            map.put("run_options", texts::text(run_options));
        }
        if *start_in_image_workdir {
            map.put("working_directory", Yaml::text("image"));
        }
        if let Some(mounts) = mounts {
            let mounts = mounts.iter().map(|mount| {
                let mut entry = Map::default();
                self.part(&mut entry, ("MountOptions", "source"), &mount.source);
                self.part(&mut entry, ("MountOptions", "read_only"), &mount.is_read_only);
                match (mount.is_read_only, entry.get_mut("source")) {
                    (None, Some(source)) => source.clone(),
                    _ => entry.in_short(),
                }
            });
            map.put("mounts", Yaml::Short(Box::new(Yaml::List(mounts.collect()))));
        }
        map.put_some("registry", registry.as_ref().map(|registry| Yaml::text(self.registry(registry))));
        if map.keys().len() == 1 { map.in_short() } else { map.long() }
    }

    /// Names and values of the user, without those that mark what recipes own.
    pub(super) fn metadata(&self, metadata: &MetadataSpec) -> Option<Yaml> {
        let mut map = Map::default();
        for (name, value) in metadata.iter().filter(|(name, _)| !name.starts_with("batchyard.")) {
            if texts::is_key(name) {
                map.put(name, texts::text(value));
            } else {
                self.note("metadata", Fate::Dropped, format!("no recipe can have the name `{name}`"));
            }
        }
        (!map.is_empty()).then(|| map.long())
    }

    /// Who a task runs as.
    pub(super) fn user(&self, map: &mut Map, definition: &str, user: Option<&UserIdentity>) {
        let Some(UserIdentity { username, auto_user }) = user else { return };
        map.put_some("user", username.as_deref().map(texts::text));
        if let Some(auto_user) = auto_user {
            self.part(map, (definition, "user_scope"), &auto_user.scope);
            self.part(map, (definition, "elevation"), &auto_user.elevation_level);
        }
    }
}

fn nodes(dedicated: i32, spot: i32, autoscale: Option<&AutoscaleSpec>) -> Yaml {
    let mut map = Map::default();
    if let Some(AutoscaleSpec { formula, evaluation_interval }) = autoscale {
        let mut scale = Map::default();
        scale.put("formula", texts::text(formula));
        if *evaluation_interval != DEFAULT_EVALUATION_INTERVAL {
            scale.put("evaluation_interval", Yaml::text(texts::duration(*evaluation_interval)));
        }
        map.put("autoscale", scale.long());
        return map.long();
    }
    if dedicated != 0 || spot == 0 {
        map.put("dedicated", Yaml::plain(dedicated));
    }
    if spot != 0 {
        map.put("spot", Yaml::plain(spot));
    }
    map.in_short()
}
