//! What differs between a pool of a recipe and the pool that is there.

use crate::batch::ApiVersion;
use crate::resource::{
    AutoscaleSpec, ContainerConfigurationSpec, DEFAULT_RESIZE_TIMEOUT, EnvironmentSpec, FieldSources,
    LivePool, MutabilityTable, PoolSpec, StartTaskSpec, shown,
};

use super::change::FieldChange;
use super::diff::{FieldDiff, Known, in_words_of_recipes};

/// The fields of `live` that are not what `desired` asks for.
pub(super) fn diff(
    desired: &PoolSpec,
    live: &LivePool,
    sources: &FieldSources,
    version: ApiVersion,
) -> Vec<FieldChange> {
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
    } = desired;
    let applied = live.ownership.as_ref().and_then(|owner| owner.digest.as_ref());
    let known =
        Known { as_applied: applied == Some(&desired.digest()), had_no_secrets: live.had_no_secrets() };
    let live = &live.spec;
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_pools(version));
    diff.field("display_name", &live.display_name, display_name);
    diff.field_unless("vm_size", live.vm_size.eq_ignore_ascii_case(vm_size), &live.vm_size, vm_size);
    let same_image = live.image == *image && live.node_agent_sku == *node_agent_sku;
    diff.field_unless("image", same_image, &(&live.image, &live.node_agent_sku), &(image, node_agent_sku));
    diff_container(&mut diff, live.container.as_ref(), container.as_ref());
    diff_autoscale(&mut diff, live.autoscale.as_ref(), autoscale.as_ref());
    // The number of nodes is the formula's business, if there is one.
    if autoscale.is_none() {
        diff.field("nodes.dedicated", &live.dedicated_nodes, dedicated_nodes);
        diff.field("nodes.spot", &live.spot_nodes, spot_nodes);
        let (before, after) = (live.resize_timeout.as_secs(), resize_timeout.as_secs());
        diff.field("resize_timeout", &format!("{before}s"), &format!("{after}s"));
    }
    diff.field("slots_per_node", &live.slots_per_node, slots_per_node);
    diff_start_task(&mut diff, live.start_task.as_ref(), start_task.as_ref(), known);
    diff.field("inter_node_communication", &live.inter_node_communication, inter_node_communication);
    diff.part("scheduling_policy", (&live.scheduling_policy, scheduling_policy), known);
    diff.part("application_packages", (&live.application_packages, application_packages), known);
    diff.part("network", (&live.network, network), known);
    diff.part("mounts", (&live.mounts, mounts), known);
    diff.part("user_accounts", (&live.user_accounts, user_accounts), known);
    diff.part("os_disk", (&live.os_disk, os_disk), known);
    diff.part("data_disks", (&live.data_disks, data_disks), known);
    diff.part("disk_encryption", (&live.disk_encryption, disk_encryption), known);
    diff.part("node_placement", (&live.node_placement, node_placement), known);
    diff.part("security_profile", (&live.security_profile, security_profile), known);
    diff.part("extensions", (&live.extensions, extensions), known);
    diff.part("windows", (&live.windows, windows), known);
    diff.part("license_type", (&live.license_type, license_type), known);
    diff.part("service_artifact", (&live.service_artifact, service_artifact), known);
    diff.part("upgrade_policy", (&live.upgrade_policy, upgrade_policy), known);
    diff.metadata(&live.metadata, metadata);
    diff.changes
}

/// The fields of a pool that is made.
pub(super) fn introduce(desired: &PoolSpec, sources: &FieldSources) -> Vec<FieldChange> {
    let mut diff = FieldDiff::new(sources, MutabilityTable::of_pools(ApiVersion::CURRENT));
    diff.introduced("display_name", &desired.display_name);
    diff.introduced("vm_size", &desired.vm_size);
    diff.introduced("image", &desired.image);
    if let Some(container) = &desired.container {
        diff.introduced("container.prefetch", &container.prefetch);
        diff.introduced("container.registries", &container.registries);
    }
    diff.introduced("nodes.dedicated", &desired.dedicated_nodes);
    diff.introduced("nodes.spot", &desired.spot_nodes);
    if let Some(autoscale) = &desired.autoscale {
        diff.introduced("nodes.autoscale.formula", &autoscale.formula);
        let interval = autoscale.evaluation_interval.as_secs();
        diff.introduced("nodes.autoscale.evaluation_interval", &format!("{interval}s"));
    }
    if desired.resize_timeout != DEFAULT_RESIZE_TIMEOUT {
        diff.introduced("resize_timeout", &format!("{}s", desired.resize_timeout.as_secs()));
    }
    diff.introduced("slots_per_node", &desired.slots_per_node);
    diff.introduced_part("scheduling_policy", &desired.scheduling_policy);
    diff.introduced_part("start_task", &desired.start_task);
    diff.introduced("inter_node_communication", &desired.inter_node_communication);
    diff.introduced_part("application_packages", &desired.application_packages);
    diff.introduced_part("network", &desired.network);
    diff.introduced_part("mounts", &desired.mounts);
    diff.introduced_part("user_accounts", &desired.user_accounts);
    diff.introduced_part("os_disk", &desired.os_disk);
    diff.introduced_part("data_disks", &desired.data_disks);
    diff.introduced_part("disk_encryption", &desired.disk_encryption);
    diff.introduced_part("node_placement", &desired.node_placement);
    diff.introduced_part("security_profile", &desired.security_profile);
    diff.introduced_part("extensions", &desired.extensions);
    diff.introduced_part("windows", &desired.windows);
    diff.introduced("license_type", &desired.license_type);
    diff.introduced_part("service_artifact", &desired.service_artifact);
    diff.introduced_part("upgrade_policy", &desired.upgrade_policy);
    diff.introduced("metadata", &desired.metadata);
    diff.changes
}

fn diff_autoscale(diff: &mut FieldDiff<'_>, live: Option<&AutoscaleSpec>, desired: Option<&AutoscaleSpec>) {
    let (Some(live), Some(desired)) = (live, desired) else {
        let formula = |of: Option<&AutoscaleSpec>| of.map(|autoscale| autoscale.formula.clone());
        diff.field("nodes.autoscale", &formula(live), &formula(desired));
        return;
    };
    // The service may give the lines of a formula other ends.
    let same_formula = live.formula.lines().eq(desired.formula.lines());
    diff.field_unless("nodes.autoscale.formula", same_formula, &live.formula, &desired.formula);
    let seconds = |autoscale: &AutoscaleSpec| format!("{}s", autoscale.evaluation_interval.as_secs());
    diff.field("nodes.autoscale.evaluation_interval", &seconds(live), &seconds(desired));
}

fn diff_start_task(
    diff: &mut FieldDiff<'_>,
    live: Option<&StartTaskSpec>,
    desired: Option<&StartTaskSpec>,
    known: Known,
) {
    let same = match (desired, live) {
        (Some(desired), Some(live)) => desired.same(live),
        (desired, live) => desired.is_none() && live.is_none(),
    };
    // The service returns the values of variables that the recipe holds as secrets; a plan never shows them.
    let before = live.map(|live| match desired {
        _ if known.had_no_secrets => live.clone(),
        Some(desired) => live.without_secrets_of(&desired.environment),
        None => live.without_secrets_of(&EnvironmentSpec::new()),
    });
    let after = desired.map(|task| in_words_of_recipes(shown(task, true)));
    let before = before.map(|task| in_words_of_recipes(shown(&task, true)));
    diff.field_unless("start_task", same, &before, &after);
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
