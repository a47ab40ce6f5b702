//! Pools.

use serde::Serialize;

use crate::batch::PoolId;
use crate::batch::model::{
    AutoUserSpecification, BatchContainerConfiguration, BatchPool, BatchPoolCreateOptions, BatchStartTask,
    BatchVmImageReference, ContainerType, ElevationLevel, UserIdentity, VirtualMachineConfiguration,
};
use crate::secret::SecretRef;

use super::environment::{self, EnvironmentSpec};
use super::{Digest, Ownership, RegistrySpec, SecretValues, TaskContainerSpec, UnresolvedSecret};

/// A pool, in normal form: defaults are spelled out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolSpec {
    /// The pool's id.
    pub id: PoolId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The size of the virtual machines; compared without regard to case.
    pub vm_size: String,
    /// The virtual machine image.
    pub image: BatchVmImageReference,
    /// The node agent that fits the image.
    pub node_agent_sku: String,
    /// What the nodes prepare for containers; `None` on pools without container tasks.
    pub container: Option<ContainerConfigurationSpec>,
    /// How many dedicated nodes.
    pub dedicated_nodes: i32,
    /// How many Spot nodes.
    pub spot_nodes: i32,
    /// How many tasks a node runs at once.
    pub slots_per_node: i32,
    /// The task that runs on every node as it joins.
    pub start_task: Option<StartTaskSpec>,
}

/// What the nodes of a pool prepare for containers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerConfigurationSpec {
    /// The container technology.
    pub technology: ContainerType,
    /// Images fetched to every node before it takes tasks.
    pub prefetch: Vec<String>,
    /// Registries and how to log in to them.
    pub registries: Vec<RegistrySpec>,
}

/// The task that runs on every node as it joins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartTaskSpec {
    /// The command line.
    pub command_line: String,
    /// The container it runs in; `None` means on the node itself.
    pub container: Option<TaskContainerSpec>,
    /// Environment variables.
    pub environment: EnvironmentSpec,
    /// Whether it runs as root.
    pub admin: bool,
    /// Whether the node takes tasks only after it succeeded.
    pub wait_for_success: bool,
    /// How often it may be run again.
    pub retries: i32,
}

impl ContainerConfigurationSpec {
    /// The wire form.
    ///
    /// # Errors
    /// When a password is not known.
    pub fn to_wire(&self, secrets: &SecretValues) -> Result<BatchContainerConfiguration, UnresolvedSecret> {
        let registries: Vec<_> =
            self.registries.iter().map(|registry| registry.to_wire(secrets)).collect::<Result<_, _>>()?;
        Ok(BatchContainerConfiguration {
            r#type: Some(self.technology.clone()),
            container_image_names: (!self.prefetch.is_empty()).then(|| self.prefetch.clone()),
            container_registries: (!registries.is_empty()).then_some(registries),
        })
    }

    fn from_wire(configuration: &BatchContainerConfiguration) -> Self {
        Self {
            technology: configuration.r#type.clone().unwrap_or(ContainerType::DockerCompatible),
            prefetch: configuration.container_image_names.clone().unwrap_or_default(),
            registries: configuration
                .container_registries
                .iter()
                .flatten()
                .map(RegistrySpec::from_wire)
                .collect(),
        }
    }

    /// Whether a live configuration's registries are what the recipe asks for, as far as the service tells.
    pub fn same_registries(&self, live: &Self) -> bool {
        self.registries.len() == live.registries.len()
            && self.registries.iter().zip(&live.registries).all(|(desired, live)| desired.same(live))
    }
}

impl StartTaskSpec {
    /// The wire form.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_wire(&self, secrets: &SecretValues) -> Result<BatchStartTask, UnresolvedSecret> {
        let admin = AutoUserSpecification { scope: None, elevation_level: Some(ElevationLevel::Admin) };
        Ok(BatchStartTask {
            command_line: self.command_line.clone(),
            container_settings: self
                .container
                .as_ref()
                .map(|container| container.to_wire(secrets))
                .transpose()?,
            environment_settings: environment::to_wire(&self.environment, secrets)?,
            user_identity: self.admin.then_some(UserIdentity { username: None, auto_user: Some(admin) }),
            max_task_retry_count: Some(self.retries),
            wait_for_success: Some(self.wait_for_success),
            other: serde_json::Map::new(),
        })
    }

    fn from_wire(task: &BatchStartTask) -> Self {
        let auto_user = task.user_identity.as_ref().and_then(|identity| identity.auto_user.as_ref());
        Self {
            command_line: task.command_line.clone(),
            container: task.container_settings.as_ref().map(TaskContainerSpec::from_wire),
            environment: environment::from_wire(task.environment_settings.as_ref()),
            admin: auto_user.is_some_and(|user| user.elevation_level == Some(ElevationLevel::Admin)),
            wait_for_success: task.wait_for_success.unwrap_or(true),
            retries: task.max_task_retry_count.unwrap_or(0),
        }
    }

    /// The start task as it may be shown; values that may be secrets are hidden.
    #[must_use]
    pub fn without_secrets_of(&self, desired: &EnvironmentSpec) -> Self {
        Self { environment: environment::without_secrets(&self.environment, desired), ..self.clone() }
    }

    /// Whether a live start task is what the recipe asks for, as far as the service tells.
    pub fn same(&self, live: &Self) -> bool {
        let same_container = match (&self.container, &live.container) {
            (Some(desired), Some(live)) => {
                let registries = (&desired.registry, &live.registry);
                let same_registry = match registries {
                    (Some(desired), Some(live)) => desired.same(live),
                    (desired, live) => desired.is_none() && live.is_none(),
                };
                let without =
                    |container: &TaskContainerSpec| TaskContainerSpec { registry: None, ..container.clone() };
                same_registry && without(desired) == without(live)
            }
            (desired, live) => desired.is_none() && live.is_none(),
        };
        same_container
            && environment::same(&self.environment, &live.environment)
            && (&self.command_line, self.admin, self.wait_for_success, self.retries)
                == (&live.command_line, live.admin, live.wait_for_success, live.retries)
    }
}

impl PoolSpec {
    /// The digest of the normal form.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// The virtual machine configuration in its wire form.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn virtual_machine_configuration(
        &self,
        secrets: &SecretValues,
    ) -> Result<VirtualMachineConfiguration, UnresolvedSecret> {
        Ok(VirtualMachineConfiguration {
            image_reference: self.image.clone(),
            node_agent_sku_id: self.node_agent_sku.clone(),
            container_configuration: self
                .container
                .as_ref()
                .map(|container| container.to_wire(secrets))
                .transpose()?,
            other: serde_json::Map::new(),
        })
    }

    /// The request that makes the pool, marked as owned.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_create(
        &self,
        ownership: &Ownership,
        secrets: &SecretValues,
    ) -> Result<BatchPoolCreateOptions, UnresolvedSecret> {
        Ok(BatchPoolCreateOptions {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            vm_size: self.vm_size.clone(),
            virtual_machine_configuration: Some(self.virtual_machine_configuration(secrets)?),
            resize_timeout: None,
            target_dedicated_nodes: Some(self.dedicated_nodes),
            target_low_priority_nodes: Some(self.spot_nodes),
            enable_auto_scale: None,
            enable_inter_node_communication: None,
            start_task: self.start_task.as_ref().map(|task| task.to_wire(secrets)).transpose()?,
            task_slots_per_node: Some(self.slots_per_node),
            task_scheduling_policy: None,
            metadata: Some(ownership.to_metadata(&[])),
            other: serde_json::Map::new(),
        })
    }

    /// The spec of a pool that was read, with the service's defaults spelled out.
    pub fn from_wire(pool: &BatchPool) -> Self {
        let machine = pool.virtual_machine_configuration.as_ref();
        let mut image = machine.map(|machine| machine.image_reference.clone()).unwrap_or_default();
        if image.virtual_machine_image_id.is_none() {
            image.version.get_or_insert_with(|| "latest".to_owned());
        }
        Self {
            id: pool.id.clone(),
            display_name: pool.display_name.clone(),
            vm_size: pool.vm_size.clone().unwrap_or_default(),
            image,
            node_agent_sku: machine.map(|machine| machine.node_agent_sku_id.clone()).unwrap_or_default(),
            container: machine
                .and_then(|machine| machine.container_configuration.as_ref())
                .map(ContainerConfigurationSpec::from_wire),
            dedicated_nodes: pool.target_dedicated_nodes.unwrap_or(0),
            spot_nodes: pool.target_low_priority_nodes.unwrap_or(0),
            slots_per_node: pool.task_slots_per_node.unwrap_or(1),
            start_task: pool.start_task.as_ref().map(StartTaskSpec::from_wire),
        }
    }

    /// Every secret that the pool refers to.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let registries = self.container.iter().flat_map(|container| &container.registries);
        let start = self.start_task.iter();
        registries
            .chain(start.clone().filter_map(|task| task.container.as_ref()?.registry.as_ref()))
            .filter_map(|registry| registry.password.as_ref())
            .chain(start.flat_map(|task| environment::secrets(&task.environment)))
    }
}
