//! A plan, for programs.

use serde_json::{Map, Value, json};

use super::document::{document, tool};
use crate::plan::{Change, Obstacle, Plan};
use crate::resource::{ChangeClass, Mutability};

/// The plan as a document. Holds references to secrets, never values.
pub fn plan(plan: &Plan) -> Value {
    let refused = plan.blocked().next().is_some()
        || plan.conflicts().next().is_some()
        || plan.obstacles().next().is_some();
    let applyable = !refused && !plan.is_empty() && !plan.refresh_only;
    let members = json!({
        "tool": tool(),
        "recipe": plan.recipe,
        "applyable": applyable,
        "complete": plan.is_empty(),
        "refresh_only": plan.refresh_only,
        "resource_changes": plan.changes.iter().map(change).collect::<Vec<_>>(),
        "notes": plan.notes,
    });
    document("plan", members)
}

fn change(change: &Change) -> Value {
    let side = |pick: fn(&crate::plan::FieldChange) -> &Value| {
        let fields: Map<String, Value> =
            change.fields.iter().map(|field| (field.path.clone(), pick(field).clone())).collect();
        Value::Object(fields)
    };
    let before = match change.class {
        ChangeClass::Create => Value::Null,
        _ => side(|field| &field.before),
    };
    let after = match change.class {
        ChangeClass::Destroy => Value::Null,
        _ => side(|field| &field.after),
    };
    let replace_paths: Vec<_> = change
        .fields
        .iter()
        .filter(|field| change.class == ChangeClass::Replace && field.mutability == Mutability::Replace)
        .map(|field| &field.path)
        .collect();
    json!({
        "address": change.address,
        "type": change.address.kind,
        "id": change.id,
        "change": { "actions": actions(change.class), "before": before, "after": after, "replace_paths": replace_paths },
        "action_reason": change.reason,
        "change_class": change.class,
        "disruption": change.remarks,
        "needs": change.needs,
        "drifted": change.drifted,
        "etag": change.etag,
        "obstacles": change.obstacles.iter().map(obstacle).collect::<Vec<_>>(),
        "task_summary": change.tasks,
        "new_work": change.new_work,
        "source": change.source,
        "field_sources": change.fields.iter()
            .filter_map(|field| field.source.as_ref().map(|source| (field.path.clone(), json!(source))))
            .collect::<Map<_, _>>(),
    })
}

fn obstacle(obstacle: &Obstacle) -> Value {
    let mut document = json!(obstacle);
    if let Some(members) = document.as_object_mut() {
        members.insert("message".to_owned(), json!(obstacle.to_string()));
    }
    document
}

/// Terraform's words for what happens.
fn actions(class: ChangeClass) -> &'static [&'static str] {
    match class {
        ChangeClass::Unchanged | ChangeClass::Conflict => &["no-op"],
        ChangeClass::Create => &["create"],
        ChangeClass::UpdateLive
        | ChangeClass::UpdateLiveAfterReboot
        | ChangeClass::UpdateWhileDisabled
        | ChangeClass::DrainAndUpdate => &["update"],
        ChangeClass::CreateFirst => &["create", "delete"],
        ChangeClass::Replace => &["delete", "create"],
        ChangeClass::Destroy => &["delete"],
    }
}
