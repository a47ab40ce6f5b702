//! Hands the properties under `defaults` down to tasks.

use super::merge::merge;
use crate::diagnostic::{Collector, Diagnostic};
use crate::recipe::codes;
use crate::recipe::document::TaskDefaults;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::schema::{Place, Shape};

/// The most values that handing down may add to a recipe.
const MOST_ADDED: usize = 1_000_000;

/// Puts every task over the defaults of its job, and those over the defaults of the recipe. False if that makes too much of
/// the recipe, which has been reported.
pub(super) fn hand_down(tree: &mut Node, findings: &mut Collector) -> bool {
    let of_recipe = defaults_of(tree);
    let NodeKind::Mapping(sections) = &mut tree.kind else { return true };
    let jobs = sections.iter_mut().find(|section| section.key == "jobs");
    let Some(NodeKind::Mapping(jobs)) = jobs.map(|jobs| &mut jobs.value.kind) else { return true };
    let mut room = MOST_ADDED;
    for job in jobs {
        let of_job = defaults_of(&job.value);
        let defaults = match (of_recipe.clone(), of_job) {
            (Some(recipe), Some(job)) => merge(Place::of(Shape::Task), recipe, job),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => continue,
        };
        if !hand_to_tasks(&mut job.value, &defaults, &mut room) {
            let message = format!("defaults add more than {MOST_ADDED} values to the tasks");
            findings.push(
                Diagnostic::new(&codes::TOO_LARGE, message)
                    .at(defaults.span, "")
                    .help("generate many similar tasks with `for_each` instead of writing them out"),
            );
            return false;
        }
    }
    true
}

/// Puts the tasks of a job over its defaults; false if that makes the recipe too large.
fn hand_to_tasks(job: &mut Node, defaults: &Node, room: &mut usize) -> bool {
    let NodeKind::Mapping(properties) = &mut job.kind else { return true };
    let tasks = properties.iter_mut().find(|property| property.key == "tasks");
    let Some(NodeKind::Mapping(tasks)) = tasks.map(|tasks| &mut tasks.value.kind) else { return true };
    let added = defaults.size().saturating_mul(tasks.len());
    let Some(rest) = room.checked_sub(added) else { return false };
    *room = rest;
    tasks.iter_mut().for_each(|task| put_over(task, defaults));
    true
}

/// A task keeps its own place; what it does not say is marked where the defaults say it.
fn put_over(task: &mut Entry, defaults: &Node) {
    let span = task.value.span;
    if matches!(task.value.kind, NodeKind::Mapping(_)) {
        let own = std::mem::replace(&mut task.value, Node::damaged(span));
        task.value = Node { span, ..merge(Place::of(Shape::Task), defaults.clone(), own) };
    }
}

/// What may be handed down; what else is there is complained about where it stands.
fn defaults_of(node: &Node) -> Option<Node> {
    let mut defaults = node.get("defaults")?.clone();
    let NodeKind::Mapping(entries) = &mut defaults.kind else { return None };
    entries.retain(|entry| !TaskDefaults::WITHOUT.contains(&entry.key.as_str()));
    Some(defaults)
}
