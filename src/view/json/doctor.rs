//! What ails a machine or an image, for programs.

use serde_json::{Value, json};

use super::document::document;
use crate::doctor::{Check, Examination, State};

/// What was found of this machine and the account.
pub fn machine(checks: &[Check]) -> Value {
    let is_well = checks.iter().all(|check| check.state != State::Bad);
    document("machine", json!({ "healthy": is_well, "checks": checks }))
}

/// An image, and what it means for tasks.
pub fn image(examination: &Examination) -> Value {
    let Examination { image, user, report, advice, recipe } = examination;
    let recipe = recipe.as_ref().map(|recipe| {
        json!({
            "recipe": recipe.name,
            "prefetched_by": recipe.prefetched_by,
            "tasks": recipe.tasks,
            "advice": recipe.advice,
        })
    });
    document(
        "image",
        json!({
            "healthy": examination.is_well(),
            "image": image,
            "user": user,
            "digest": report.digest,
            "platform": report.platform,
            "other_platforms": report.other_platforms,
            "size": report.size(),
            "layers": report.layers,
            "created": report.created,
            "labels": report.labels,
            "config": report.config,
            "advice": advice,
            "uses": recipe,
        }),
    )
}
