//! What can be written and is not carried out yet. Refused rather than dropped.

use super::codes;
use super::node::Node;
use crate::diagnostic::{Collector, Diagnostic};

const POOL: &[&str] = &[
    "resize_timeout",
    "scheduling_policy",
    "application_packages",
    "inter_node_communication",
    "network",
    "mounts",
    "user_accounts",
    "os_disk",
    "data_disks",
    "disk_encryption",
    "node_placement",
    "security_profile",
    "extensions",
    "windows",
    "license_type",
    "service_artifact",
    "upgrade_policy",
    "metadata",
];
const NODES: &[&str] = &["autoscale"];
const START_TASK: &[&str] = &["resource_files", "user", "user_scope"];
const IMAGE: &[&str] = &["shared_gallery_image_id", "community_gallery_image_id"];
const JOB: &[&str] = &[
    "on_task_failure",
    "max_parallel_tasks",
    "allow_task_preemption",
    "uses_task_dependencies",
    "network",
    "manager_task",
    "preparation_task",
    "release_task",
    "metadata",
];
const JOB_POOL: &[&str] = &["auto"];
const TASK: &[&str] = &[
    "display_name",
    "resource_files",
    "output_files",
    "application_packages",
    "exit_conditions",
    "multi_instance",
    "affinity",
    "user",
    "user_scope",
    "elevation",
];

/// Reports every key that applying a recipe would not carry out.
pub(super) fn refuse(tree: &Node, findings: &mut Collector) {
    refuse_keys(Some(tree), &["schedules"], findings);
    for pool in members(tree, "pools") {
        refuse_keys(Some(pool), POOL, findings);
        refuse_keys(pool.get("nodes"), NODES, findings);
        refuse_keys(pool.get("start_task"), START_TASK, findings);
        refuse_keys(pool.get("image"), IMAGE, findings);
    }
    for job in members(tree, "jobs") {
        refuse_keys(Some(job), JOB, findings);
        refuse_keys(job.get("pool"), JOB_POOL, findings);
        for task in members(job, "tasks") {
            refuse_keys(Some(task), TASK, findings);
        }
    }
}

fn members<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    node.get(key).map(Node::entries).unwrap_or_default().iter().map(|entry| &entry.value)
}

fn refuse_keys(node: Option<&Node>, keys: &[&str], findings: &mut Collector) {
    let entries = node.map(Node::entries).unwrap_or_default();
    for entry in entries.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
        let message = format!("`{}` can be written, but this version does not carry it out", entry.key);
        findings.push(Diagnostic::new(&codes::NOT_APPLIED, message).at(entry.key_span, ""));
    }
}
