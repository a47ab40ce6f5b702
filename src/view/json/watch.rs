//! What happens while sources are watched, one line each; and all that is known, as one document.

use serde_json::{Value, json};

use super::document::document;
use super::events::event as apply_event;
use super::plan::plan;
use crate::batch::DateTime;
use crate::watch::WatchEvent;
use crate::watch::board::State;
use crate::watch::condition::ConditionKind;
use crate::watch::outcome::WatchReport;

/// An event as a line; `None` for what only moves.
pub fn watch_event(event: &WatchEvent<'_>, now: DateTime) -> Option<Value> {
    let mut line = match event {
        WatchEvent::SourceRead { source, revision, recipes } => json!({
            "type": "source_read", "source": source, "revision": revision, "recipes": recipes,
        }),
        WatchEvent::SourceFailed { source, error, retry } => json!({
            "type": "source_failed", "source": source, "error": error,
            "retry_seconds": retry.map(|pause| pause.as_secs_f64()),
        }),
        WatchEvent::Turned { key, condition } => {
            json!({ "type": "condition", "recipe": key.to_string(), "condition": condition })
        }
        WatchEvent::Differs { recipe, plan: made, drifted, applied } => json!({
            "type": "differs", "recipe": recipe, "drifted": drifted, "applied": applied, "plan": plan(made),
        }),
        WatchEvent::Apply { recipe, event } => {
            let mut line = apply_event(event)?;
            if let Some(members) = line.as_object_mut() {
                members.insert("recipe".to_owned(), json!(recipe));
            }
            line
        }
        WatchEvent::Repaired { recipe, trouble, remedy, error } => json!({
            "type": "repaired", "recipe": recipe, "trouble": trouble, "remedy": remedy, "error": error,
        }),
        WatchEvent::NotRecorded { recipe, error } => {
            json!({ "type": "not_recorded", "recipe": recipe, "error": error })
        }
        WatchEvent::RecordIgnored { source, file } => {
            json!({ "type": "record_ignored", "source": source, "file": file })
        }
        WatchEvent::PruneHeld { source, recipes, because } => json!({
            "type": "prune_held", "source": source, "recipes": recipes, "because": because,
        }),
        WatchEvent::Pruned { recipe } => json!({ "type": "pruned", "recipe": recipe }),
        WatchEvent::Stopping => json!({ "type": "stopping" }),
        WatchEvent::Stopped { left } => json!({ "type": "stopped", "left": left }),
    };
    if let Some(members) = line.as_object_mut() {
        members.insert("time".to_owned(), json!(now));
    }
    Some(line)
}

/// How watching ended: the last line.
pub fn watched(report: &WatchReport, exit_code: u8) -> Value {
    let mut result = state(&report.state);
    if let Some(members) = result.as_object_mut() {
        members.insert("type".to_owned(), json!("result"));
        members.insert("exit_code".to_owned(), json!(exit_code));
        members.insert("interrupted".to_owned(), json!(report.interrupted));
        members.remove("format_version");
    }
    result
}

/// All that is known, as a document.
pub fn watch_state(state: &State) -> Value {
    self::state(state)
}

fn state(state: &State) -> Value {
    let recipes: Vec<Value> = state
        .recipes
        .iter()
        .map(|(key, recipe)| {
            let mut recipe = json!(recipe);
            if let Some(members) = recipe.as_object_mut() {
                members.insert("recipe".to_owned(), json!(key.to_string()));
            }
            recipe
        })
        .collect();
    let holding: serde_json::Map<String, Value> =
        ConditionKind::ALL.iter().map(|kind| (kind.to_string(), json!(state.holding(*kind)))).collect();
    let members = json!({
        "ready": state.is_ready(),
        "stopping": state.stopping,
        "sources": state.sources,
        "recipes": recipes,
        "holding": holding,
        "queued": state.queued,
        "running": state.running,
        "passes": state.counts.passes,
        "writes": state.counts.writes,
    });
    document("watch", members)
}
