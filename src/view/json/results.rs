//! How commands ended: the last line of a stream, or the one document.

use serde_json::{Value, json};

use super::document::document;
use super::events::outcome_name;
use crate::apply::{ApplyReport, WaitReport};
use crate::observe::Status;
use crate::plan::Plan;
use crate::record::History;
use crate::resource::RecipeName;

/// How `apply` ended. What it did not come to is absent: there are no steps where nothing changes, and no jobs if nobody waited.
pub fn applied(
    plan: &Plan,
    steps: Option<&ApplyReport>,
    waited: Option<&WaitReport>,
    exit_code: u8,
) -> Value {
    json!({
        "type": "result",
        "recipe": plan.recipe,
        "exit_code": exit_code,
        "changed": !plan.is_empty(),
        "failed_earlier": plan.failed_tasks(),
        "steps": steps.map(self::steps),
        "waited": waited.map(|report| report.end),
        "jobs": waited.map(|report| &report.jobs),
        "pools": waited.map(|report| &report.pools),
    })
}

/// How a command ended that has nothing more to tell: why before its time, if it did.
pub fn ended(exit_code: u8, reason: Option<&str>) -> Value {
    json!({ "type": "result", "exit_code": exit_code, "reason": reason })
}

/// What was done to a recipe's objects, the newest first.
pub fn history(recipe: &RecipeName, history: &History) -> Value {
    let History { entries, unreadable } = history;
    document("history", json!({ "recipe": recipe, "entries": entries, "unreadable": unreadable }))
}

/// How `destroy` ended.
pub fn destroyed(plan: &Plan, steps: Option<&ApplyReport>, exit_code: u8) -> Value {
    json!({
        "type": "result",
        "recipe": plan.recipe,
        "exit_code": exit_code,
        "changed": !plan.is_empty(),
        "steps": steps.map(self::steps),
    })
}

fn steps(report: &ApplyReport) -> Value {
    let unfinished: Vec<Value> = report
        .steps
        .iter()
        .filter(|step| !matches!(outcome_name(&step.outcome), "done" | "already_done"))
        .map(|step| {
            json!({
                "address": step.address, "action": step.verb, "target": step.target,
                "outcome": outcome_name(&step.outcome),
            })
        })
        .collect();
    json!({ "done": report.done(), "total": report.steps.len(), "unfinished": unfinished })
}

/// How a recipe's objects are doing. An account at rest is one that nobody runs: its tasks wait until somebody does.
pub fn status(recipe: &RecipeName, account: &str, at_rest: bool, status: &Status) -> Value {
    document(
        "status",
        json!({
            "recipe": recipe,
            "account": account,
            "at_rest": at_rest,
            "healthy": status.is_healthy(),
            "over": status.is_over(),
            "last_applied": status.last_applied,
            "pools": status.pools,
            "jobs": status.jobs,
            "schedules": status.schedules,
        }),
    )
}
