//! What happens while a plan is applied and its tasks run, one line each.

use std::error::Error;

use serde_json::{Value, json};

use crate::apply::{ApplyEvent, Outcome};
use crate::view::human::Progress;

/// An event as a line; `None` for what only moves, which [`progress`] tells now and then.
pub fn event(event: &ApplyEvent<'_>) -> Option<Value> {
    let line = match event {
        ApplyEvent::StepStarted(step) => json!({
            "type": "step_started", "address": step.address, "action": step.action.verb(),
            "target": step.action.target(),
        }),
        ApplyEvent::StepEnded { step, outcome, took } => {
            let error = match outcome {
                Outcome::Failed(error) => Some(
                    json!({ "message": error.to_string(), "causes": causes(error), "hint": error.hint() }),
                ),
                _ => None,
            };
            json!({
                "type": "step_ended", "address": step.address, "action": step.action.verb(),
                "target": step.action.target(), "outcome": outcome_name(outcome),
                "seconds": took.as_secs_f64(), "error": error,
            })
        }
        ApplyEvent::TaskRefused { step, task, reason, source } => json!({
            "type": "task_refused", "address": step.address, "job": step.action.target(), "task": task,
            "reason": reason, "source": source,
        }),
        ApplyEvent::TaskEnded(end) => with("task_ended", json!(end)),
        ApplyEvent::NodeTrouble(trouble) => with("node_trouble", json!(trouble)),
        ApplyEvent::PoolTrouble { pool, problem } => {
            json!({ "type": "pool_trouble", "pool": pool.id, "problem": problem })
        }
        ApplyEvent::StepProgress { .. }
        | ApplyEvent::PoolProgress { .. }
        | ApplyEvent::JobProgress { .. } => {
            return None;
        }
    };
    Some(line)
}

/// How something goes on.
pub fn progress(progress: &Progress) -> Value {
    let (done, total) = progress.done.unzip();
    json!({
        "type": "progress", "subject": progress.subject, "message": progress.what, "done": done, "total": total,
    })
}

/// How an outcome is called.
pub(super) fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadyDone => "already_done",
        Outcome::Skipped { .. } => "skipped",
        Outcome::Interrupted => "interrupted",
        Outcome::Failed(_) => "failed",
    }
}

/// Members of a document, with its kind.
fn with(kind: &str, mut members: Value) -> Value {
    if let Some(members) = members.as_object_mut() {
        members.insert("type".to_owned(), json!(kind));
    }
    members
}

fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes
}
