//! A plan that is kept, to be applied later exactly as it was looked at.
//!
//! What is kept is what the plan says, not its steps: they hold the tasks of the recipe, of which there may be a million. Whoever
//! applies it plans again, and goes on only if the new plan says the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::{Change, Plan, Versions};
use crate::resource::{Address, ChangeClass, RecipeName};

/// What a plan says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// The recipe.
    pub recipe: RecipeName,
    /// One change a resource.
    pub changes: Vec<Change>,
    /// What a reader should know that is no change.
    pub notes: Vec<String>,
    /// What each step would bring about.
    pub intents: Vec<Intent>,
}

/// What a step would bring about, also as far as the plan does not show it: of many tasks it shows three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The resource.
    pub address: Address,
    /// What is done, for people.
    pub verb: String,
    /// To which object.
    pub target: String,
    /// What it is to become.
    pub digest: String,
}

/// Something that is no longer as the plan says.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The resource.
    pub address: Address,
    /// The field; `None` means the resource as a whole.
    pub field: Option<String>,
    /// What the plan says.
    pub planned: Value,
    /// What is so now.
    pub now: Value,
    /// Of what the two are values.
    pub side: Side,
}

/// What moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The account.
    Account,
    /// The recipe.
    Recipe,
    /// What would be done.
    Decision,
    /// What is not shown of what would be done.
    Content,
}

impl From<&Plan> for SavedPlan {
    fn from(plan: &Plan) -> Self {
        let intents = plan.steps.iter().map(|step| Intent {
            address: step.address.clone(),
            verb: step.action.verb().to_owned(),
            target: step.action.target().to_owned(),
            digest: step.action.intent().to_string(),
        });
        Self {
            recipe: plan.recipe.clone(),
            changes: plan.changes.clone(),
            notes: plan.notes.clone(),
            intents: intents.collect(),
        }
    }
}

impl From<SavedPlan> for Plan {
    /// The plan to look at: it has no steps.
    fn from(saved: SavedPlan) -> Self {
        Self {
            recipe: saved.recipe,
            changes: saved.changes,
            steps: Vec::new(),
            notes: saved.notes,
            refresh_only: false,
            versions: Versions::default(),
        }
    }
}

impl SavedPlan {
    /// What a plan that was made just now says otherwise. Nothing means that applying it does what this one says.
    pub fn moved(&self, now: &Plan) -> Vec<Moved> {
        let mut current: BTreeMap<&Address, &Change> =
            now.changes.iter().map(|change| (&change.address, change)).collect();
        let mut moved = Vec::new();
        for planned in &self.changes {
            match current.remove(&planned.address) {
                Some(now) => moved.extend(differences(planned, now)),
                None => moved.push(decision(&planned.address, class(planned), Value::Null)),
            }
        }
        moved.extend(current.into_iter().map(|(address, now)| decision(address, Value::Null, class(now))));
        moved.extend(self.other_intents(now, &moved));
        moved
    }

    /// What would become of resources of which the two plans say the same.
    fn other_intents(&self, now: &Plan, known: &[Moved]) -> Vec<Moved> {
        let now = Self::from(now).intents;
        let either = |one: &[Intent], other: &[Intent]| -> Vec<Intent> {
            one.iter().filter(|intent| !other.contains(intent)).cloned().collect()
        };
        let mut others: Vec<Intent> = either(&self.intents, &now);
        others.extend(either(&now, &self.intents));
        others.retain(|intent| known.iter().all(|moved| moved.address != intent.address));
        others.dedup_by(|one, other| one.address == other.address);
        let moved = others.into_iter().map(|intent| Moved {
            address: intent.address,
            field: None,
            planned: Value::String(intent.verb),
            now: Value::Null,
            side: Side::Content,
        });
        moved.collect()
    }
}

fn class(change: &Change) -> Value {
    Value::String(change.class.phrase().to_owned())
}

fn decision(address: &Address, planned: Value, now: Value) -> Moved {
    Moved { address: address.clone(), field: None, planned, now, side: Side::Decision }
}

/// What two changes of one resource don't have in common.
fn differences(planned: &Change, now: &Change) -> Vec<Moved> {
    use ChangeClass::{Conflict, Create, Destroy};
    // Whether it is there at all says more than each of its fields.
    let is_whole = |class| matches!(class, Create | Destroy | Conflict);
    if planned.class != now.class && (is_whole(planned.class) || is_whole(now.class)) {
        return vec![decision(&planned.address, class(planned), class(now))];
    }
    let mut moved = Vec::new();
    let mut note = |field: &str, planned_value: &Value, now_value: &Value, side| {
        moved.push(Moved {
            address: planned.address.clone(),
            field: Some(field.to_owned()),
            planned: planned_value.clone(),
            now: now_value.clone(),
            side,
        });
    };
    // Where nobody has touched the object, it is the recipe that says something else.
    let is_untouched = planned.class == Create || (planned.etag.is_some() && planned.etag == now.etag);
    for field in &planned.fields {
        match now.fields.iter().find(|other| other.path == field.path) {
            // A field that no longer differs is what the recipe asks for: one of the two has come to the other.
            None if is_untouched => note(&field.path, &field.after, &field.before, Side::Recipe),
            None => note(&field.path, &field.before, &field.after, Side::Account),
            Some(other) => {
                if other.before != field.before {
                    note(&field.path, &field.before, &other.before, Side::Account);
                }
                if other.after != field.after {
                    note(&field.path, &field.after, &other.after, Side::Recipe);
                }
            }
        }
    }
    for field in now.fields.iter().filter(|field| planned.fields.iter().all(|it| it.path != field.path)) {
        match is_untouched {
            true => note(&field.path, &field.before, &field.after, Side::Recipe),
            false => note(&field.path, &field.after, &field.before, Side::Account),
        }
    }
    for (name, planned_value, now_value) in [
        ("tasks", serde_json::to_value(&planned.tasks), serde_json::to_value(&now.tasks)),
        ("new_work", serde_json::to_value(&planned.new_work), serde_json::to_value(&now.new_work)),
    ] {
        let (Ok(Value::Object(before)), Ok(Value::Object(after))) = (planned_value, now_value) else {
            continue;
        };
        for (count, value) in before.iter().filter(|(count, _)| COUNTS.contains(&count.as_str())) {
            let current = after.get(count).unwrap_or(&Value::Null);
            if current != value {
                note(&format!("{name}.{count}"), value, current, Side::Decision);
            }
        }
    }
    if moved.is_empty() && (planned.class, &planned.obstacles) != (now.class, &now.obstacles) {
        moved.push(decision(&planned.address, class(planned), class(now)));
    }
    moved
}

/// What is counted of tasks that decides what is done. That tasks end meanwhile, or fail, changes nothing in it.
const COUNTS: [&str; 6] = ["desired", "add", "keep", "replace", "rerun", "delete"];

#[cfg(test)]
mod tests {
    use super::super::change::{ActionReason, FieldChange};
    use super::*;
    use crate::resource::Mutability;
    use serde_json::json;

    fn plan(fields: &[(&str, Value, Value)]) -> Plan {
        let fields = fields.iter().map(|(path, before, after)| FieldChange {
            path: (*path).to_owned(),
            before: before.clone(),
            after: after.clone(),
            mutability: Mutability::Live,
            source: None,
        });
        let change = Change {
            id: "p".into(),
            class: ChangeClass::UpdateLive,
            reason: ActionReason::FieldsDiffer,
            fields: fields.collect(),
            ..Change::unchanged(Address::pool("p"))
        };
        let recipe = RecipeName::new("r").unwrap();
        Plan {
            recipe,
            changes: vec![change],
            steps: vec![],
            notes: vec![],
            refresh_only: false,
            versions: Versions::default(),
        }
    }

    fn moved(
        planned: &[(&str, Value, Value)],
        now: &[(&str, Value, Value)],
    ) -> Vec<(String, Value, Value, Side)> {
        let saved = SavedPlan::from(&plan(planned));
        let text = serde_json::to_string(&saved).unwrap();
        let read: SavedPlan = serde_json::from_str(&text).unwrap();
        assert_eq!(read, saved, "it survives a file");
        let moved = read.moved(&plan(now));
        moved.into_iter().map(|it| (it.field.unwrap(), it.planned, it.now, it.side)).collect()
    }

    #[test]
    fn what_is_there_meanwhile_is_said_once() {
        let mut planned =
            plan(&[("vm_size", Value::Null, json!("a")), ("nodes.spot", Value::Null, json!(1))]);
        planned.changes[0].class = ChangeClass::Create;
        let mut now = plan(&[]);
        now.changes[0].class = ChangeClass::Unchanged;
        let moved = SavedPlan::from(&planned).moved(&now);
        assert_eq!(moved.len(), 1);
        assert_eq!((&moved[0].planned, &moved[0].now), (&json!("will be created"), &json!("stays as it is")));
    }

    #[test]
    fn what_the_recipe_asks_for_is_not_laid_at_the_door_of_the_account() {
        let with_version = |fields: &[(&str, Value, Value)]| {
            let mut plan = plan(fields);
            plan.changes[0].etag = Some(crate::batch::ETag::new("0x1"));
            plan
        };
        let before = with_version(&[("priority", json!(1), json!(5))]);
        let now = with_version(&[("retries", json!(0), json!(3))]);
        let moved = SavedPlan::from(&before).moved(&now);
        let said: Vec<_> = moved.iter().map(|it| (&it.planned, &it.now, it.side)).collect();
        assert_eq!(said, [(&json!(5), &json!(1), Side::Recipe), (&json!(0), &json!(3), Side::Recipe)]);
    }

    #[test]
    fn what_moved_is_named_with_both_values() {
        let planned = [("nodes.dedicated", json!(2), json!(5))];
        assert_eq!(moved(&planned, &planned), []);
        let account = moved(&planned, &[("nodes.dedicated", json!(3), json!(5))]);
        assert_eq!(account, [("nodes.dedicated".into(), json!(2), json!(3), Side::Account)]);
        let recipe = moved(&planned, &[("nodes.dedicated", json!(2), json!(6))]);
        assert_eq!(recipe, [("nodes.dedicated".into(), json!(5), json!(6), Side::Recipe)]);
        let done = moved(&planned, &[]);
        assert_eq!(done, [("nodes.dedicated".into(), json!(2), json!(5), Side::Account)]);
        let more = moved(&[], &[("vm_size", json!("a"), json!("b"))]);
        assert_eq!(more, [("vm_size".into(), json!("b"), json!("a"), Side::Account)]);
    }
}
