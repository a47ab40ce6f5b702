//! What differs between a pool of a recipe and the pool that is there.

use crate::resource::{
    ContainerConfigurationSpec, EnvironmentSpec, FieldSources, LivePool, PoolSpec, pool_mutability,
};

use super::change::FieldChange;
use super::diff::FieldDiff;

/// The fields of `live` that are not what `desired` asks for.
pub(super) fn diff(desired: &PoolSpec, live: &LivePool, sources: &FieldSources) -> Vec<FieldChange> {
    // Taken apart in full, so that a new field does not compile until somebody decides how it is compared.
    let PoolSpec {
        id: _,
        display_name,
        vm_size,
        image,
        node_agent_sku,
        container,
        dedicated_nodes,
        spot_nodes,
        slots_per_node,
        start_task,
    } = desired;
    let had_no_secrets = live.had_no_secrets();
    let live = &live.spec;
    let mut diff = FieldDiff::new(sources, pool_mutability);
    diff.field("display_name", &live.display_name, display_name);
    diff.field_unless("vm_size", live.vm_size.eq_ignore_ascii_case(vm_size), &live.vm_size, vm_size);
    let same_image = live.image == *image && live.node_agent_sku == *node_agent_sku;
    diff.field_unless("image", same_image, &(&live.image, &live.node_agent_sku), &(image, node_agent_sku));
    diff_container(&mut diff, live.container.as_ref(), container.as_ref());
    diff.field("nodes.dedicated", &live.dedicated_nodes, dedicated_nodes);
    diff.field("nodes.spot", &live.spot_nodes, spot_nodes);
    diff.field("slots_per_node", &live.slots_per_node, slots_per_node);
    let same_start_task = match (start_task, &live.start_task) {
        (Some(desired), Some(live)) => desired.same(live),
        (desired, live) => desired.is_none() && live.is_none(),
    };
    // The service returns the values of variables that the recipe holds as secrets; a plan never shows them.
    let shown = live.start_task.as_ref().map(|live| match start_task {
        _ if had_no_secrets => live.clone(),
        Some(desired) => live.without_secrets_of(&desired.environment),
        None => live.without_secrets_of(&EnvironmentSpec::new()),
    });
    diff.field_unless("start_task", same_start_task, &shown, start_task);
    diff.changes
}

/// The fields of a pool that is made.
pub(super) fn introduce(desired: &PoolSpec, sources: &FieldSources) -> Vec<FieldChange> {
    let mut diff = FieldDiff::new(sources, pool_mutability);
    diff.introduced("vm_size", &desired.vm_size);
    diff.introduced("image", &desired.image);
    if let Some(container) = &desired.container {
        diff.introduced("container.prefetch", &container.prefetch);
        diff.introduced("container.registries", &container.registries);
    }
    diff.introduced("nodes.dedicated", &desired.dedicated_nodes);
    diff.introduced("nodes.spot", &desired.spot_nodes);
    diff.introduced("slots_per_node", &desired.slots_per_node);
    diff.introduced("start_task", &desired.start_task);
    diff.changes
}

fn diff_container(
    diff: &mut FieldDiff<'_>,
    live: Option<&ContainerConfigurationSpec>,
    desired: Option<&ContainerConfigurationSpec>,
) {
    let (Some(live), Some(desired)) = (live, desired) else {
        diff.field("container", &live, &desired);
        return;
    };
    diff.field("container.type", &live.technology, &desired.technology);
    let sorted = |images: &[String]| {
        let mut images = images.to_vec();
        images.sort();
        images
    };
    let same_images = sorted(&live.prefetch) == sorted(&desired.prefetch);
    diff.field_unless("container.prefetch", same_images, &live.prefetch, &desired.prefetch);
    let same_registries = desired.same_registries(live);
    diff.field_unless("container.registries", same_registries, &live.registries, &desired.registries);
}
