//! Pools.

use super::inputs::Inputs;
use super::part::{ignored, metadata, part, parts, user};
use super::registry::Registries;
use super::task;
use crate::batch::PoolId;
use crate::batch::model::{BatchVmImageReference, ContainerType};
use crate::recipe::document::{
    Autoscale, ContainerKind, Field, ImageChoice, OnChange, Pool, PoolContainer, PoolProperty, StartTask,
    optional,
};
use crate::resource::{
    self, AutoscaleSpec, ContainerConfigurationSpec, DEFAULT_EVALUATION_INTERVAL, DEFAULT_RESIZE_TIMEOUT,
    DesiredPool, FieldSources, Generation, PoolSpec, StartTaskSpec, normal_list, normal_scheduling_policy,
};

/// The version of an image that does not name one.
const LATEST: &str = "latest";

pub(super) fn pool(
    key: &str,
    pool: &Pool,
    registries: &Registries,
    inputs: Inputs,
    sources: FieldSources,
) -> Option<DesiredPool> {
    let id = optional(pool.id.as_ref())?.unwrap_or_else(|| key.to_owned());
    let spec = spec(PoolId::new(id).ok()?, pool, registries, inputs)?;
    let on_change = match optional(pool.on_change.as_ref())? {
        None | Some(OnChange::Stop) => resource::OnChange::Stop,
        Some(OnChange::Reboot) => resource::OnChange::Reboot,
        Some(OnChange::BlueGreen) => resource::OnChange::BlueGreen,
        Some(OnChange::Drain) => resource::OnChange::Drain,
        Some(OnChange::Recreate) => resource::OnChange::Recreate,
    };
    let generation = Generation::first(spec.id.clone());
    let ignored = ignored(pool.ignore_changes.as_ref(), PoolProperty::path)?;
    Some(DesiredPool { spec, generation, next_generation: None, on_change, ignored, sources })
}

/// The spec of a pool under that id, which for an auto pool means nothing, with the files that its start task gets.
pub(super) fn spec(id: PoolId, pool: &Pool, registries: &Registries, inputs: Inputs) -> Option<PoolSpec> {
    let image = pool.image.get()?;
    let node_agent_sku = match &pool.node_agent_sku {
        Some(field) => field.get()?.clone(),
        None => image.alias()?.node_agent_sku.to_owned(),
    };
    let nodes = pool.nodes.get()?;
    Some(PoolSpec {
        id,
        display_name: optional(pool.display_name.as_ref())?,
        vm_size: pool.vm_size.get()?.clone(),
        image: image_reference(image)?,
        node_agent_sku,
        container: match &pool.container {
            Some(container) => Some(container_configuration(container.get()?, registries)?),
            None => None,
        },
        dedicated_nodes: optional(nodes.dedicated.as_ref())?.unwrap_or(0),
        spot_nodes: optional(nodes.spot.as_ref())?.unwrap_or(0),
        autoscale: match &nodes.autoscale {
            Some(autoscale) => Some(formula(autoscale.get()?)?),
            None => None,
        },
        resize_timeout: optional(pool.resize_timeout.as_ref())?
            .map_or(DEFAULT_RESIZE_TIMEOUT, |timeout| timeout.0),
        slots_per_node: optional(pool.slots_per_node.as_ref())?.unwrap_or(1),
        scheduling_policy: normal_scheduling_policy(part(pool.scheduling_policy.as_ref())?),
        start_task: match &pool.start_task {
            Some(task) => Some(start_task(task.get()?, registries, inputs)?),
            None => None,
        },
        application_packages: parts(pool.application_packages.as_ref())?,
        inter_node_communication: optional(pool.inter_node_communication.as_ref())?.unwrap_or(false),
        network: part(pool.network.as_ref())?,
        mounts: parts(pool.mounts.as_ref())?,
        user_accounts: parts(pool.user_accounts.as_ref())?,
        os_disk: part(pool.os_disk.as_ref())?,
        data_disks: parts(pool.data_disks.as_ref())?,
        disk_encryption: part(pool.disk_encryption.as_ref())?,
        node_placement: part(pool.node_placement.as_ref())?,
        security_profile: part(pool.security_profile.as_ref())?,
        extensions: parts(pool.extensions.as_ref())?,
        windows: part(pool.windows.as_ref())?,
        license_type: optional(pool.license_type.as_ref())?,
        service_artifact: part(pool.service_artifact.as_ref())?,
        upgrade_policy: part(pool.upgrade_policy.as_ref())?,
        metadata: metadata(pool.metadata.as_ref())?,
    })
}

fn formula(autoscale: &Autoscale) -> Option<AutoscaleSpec> {
    Some(AutoscaleSpec {
        formula: autoscale.formula.get()?.clone(),
        evaluation_interval: optional(autoscale.evaluation_interval.as_ref())?
            .map_or(DEFAULT_EVALUATION_INTERVAL, |interval| interval.0),
    })
}

fn image_reference(image: &ImageChoice) -> Option<BatchVmImageReference> {
    if let ImageChoice::Reference(reference) = image {
        let publisher = optional(reference.publisher.as_ref())?;
        let latest = || publisher.as_ref().map(|_| LATEST.to_owned());
        return Some(BatchVmImageReference {
            version: optional(reference.version.as_ref())?.or_else(latest),
            publisher,
            offer: optional(reference.offer.as_ref())?,
            sku: optional(reference.sku.as_ref())?,
            virtual_machine_image_id: optional(reference.id.as_ref())?,
            shared_gallery_image_id: optional(reference.shared_gallery_image_id.as_ref())?,
            community_gallery_image_id: optional(reference.community_gallery_image_id.as_ref())?,
        });
    }
    let alias = image.alias()?;
    Some(BatchVmImageReference {
        publisher: Some(alias.publisher.to_owned()),
        offer: Some(alias.offer.to_owned()),
        sku: Some(alias.sku.to_owned()),
        version: Some(LATEST.to_owned()),
        ..BatchVmImageReference::default()
    })
}

fn container_configuration(
    container: &PoolContainer,
    registries: &Registries,
) -> Option<ContainerConfigurationSpec> {
    let texts = |field: &Option<Field<Vec<Field<String>>>>| -> Option<Vec<String>> {
        match field {
            Some(list) => list.get()?.iter().map(|text| text.get().cloned()).collect(),
            None => Some(Vec::new()),
        }
    };
    let keys = texts(&container.registries)?;
    Some(ContainerConfigurationSpec {
        technology: match optional(container.kind.as_ref())? {
            None | Some(ContainerKind::Docker) => ContainerType::DockerCompatible,
            Some(ContainerKind::Cri) => ContainerType::CriCompatible,
        },
        prefetch: texts(&container.prefetch)?,
        registries: keys.iter().map(|key| registries.get(key).cloned()).collect::<Option<_>>()?,
    })
}

fn start_task(start: &StartTask, registries: &Registries, inputs: Inputs) -> Option<StartTaskSpec> {
    let mut resource_files = parts(start.resource_files.as_ref())?;
    resource_files.extend(normal_list(Some(inputs.resource_files)));
    Some(StartTaskSpec {
        command_line: task::command_line(Some(&start.command))?,
        container: task::container(start.container.as_ref(), registries)?,
        environment: task::environment(start.environment.as_ref())?,
        resource_files,
        uploads: inputs.uploads,
        user: user(start.user.as_ref(), start.user_scope.as_ref(), start.elevation.as_ref())?,
        wait_for_success: optional(start.wait.as_ref())?.unwrap_or(true),
        retries: optional(start.retries.as_ref())?.unwrap_or(0),
    })
}
