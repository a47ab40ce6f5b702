//! Pools.

use super::registry::Registries;
use super::task;
use crate::batch::PoolId;
use crate::batch::model::{BatchVmImageReference, ContainerType, ElevationLevel};
use crate::recipe::document::{
    ContainerKind, Field, ImageChoice, OnChange, Pool, PoolContainer, StartTask, optional,
};
use crate::resource::{self, ContainerConfigurationSpec, DesiredPool, FieldSources, PoolSpec, StartTaskSpec};

pub(super) fn pool(
    key: &str,
    pool: &Pool,
    registries: &Registries,
    sources: FieldSources,
) -> Option<DesiredPool> {
    let image = pool.image.get()?;
    let node_agent_sku = match &pool.node_agent_sku {
        Some(field) => field.get()?.clone(),
        None => image.alias()?.node_agent_sku.to_owned(),
    };
    let nodes = pool.nodes.get()?;
    let id = optional(pool.id.as_ref())?.unwrap_or_else(|| key.to_owned());
    let spec = PoolSpec {
        id: PoolId::new(id).ok()?,
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
        slots_per_node: optional(pool.slots_per_node.as_ref())?.unwrap_or(1),
        start_task: match &pool.start_task {
            Some(task) => Some(start_task(task.get()?, registries)?),
            None => None,
        },
    };
    let on_change = match optional(pool.on_change.as_ref())? {
        None | Some(OnChange::Stop) => resource::OnChange::Stop,
        Some(OnChange::Drain) => resource::OnChange::Drain,
        Some(OnChange::Recreate) => resource::OnChange::Recreate,
    };
    Some(DesiredPool { spec, on_change, sources })
}

fn image_reference(image: &ImageChoice) -> Option<BatchVmImageReference> {
    let latest = || Some("latest".to_owned());
    if let ImageChoice::Reference(reference) = image {
        if let Some(id) = optional(reference.id.as_ref())? {
            return Some(BatchVmImageReference { virtual_machine_image_id: Some(id), ..Default::default() });
        }
        return Some(BatchVmImageReference {
            publisher: optional(reference.publisher.as_ref())?,
            offer: optional(reference.offer.as_ref())?,
            sku: optional(reference.sku.as_ref())?,
            version: optional(reference.version.as_ref())?.or_else(latest),
            virtual_machine_image_id: None,
        });
    }
    let alias = image.alias()?;
    Some(BatchVmImageReference {
        publisher: Some(alias.publisher.to_owned()),
        offer: Some(alias.offer.to_owned()),
        sku: Some(alias.sku.to_owned()),
        version: latest(),
        virtual_machine_image_id: None,
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

fn start_task(start: &StartTask, registries: &Registries) -> Option<StartTaskSpec> {
    Some(StartTaskSpec {
        command_line: task::command_line(Some(&start.command))?,
        container: task::container(start.container.as_ref(), registries)?,
        environment: task::environment(start.environment.as_ref())?,
        admin: optional(start.elevation.as_ref())?
            .is_some_and(|level| level.value() == ElevationLevel::Admin),
        wait_for_success: optional(start.wait.as_ref())?.unwrap_or(true),
        retries: optional(start.retries.as_ref())?.unwrap_or(0),
    })
}
