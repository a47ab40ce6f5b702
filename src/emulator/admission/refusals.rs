//! Refusals: of values that are not valid, and of properties that would change what runs and that this service does not act on.

use serde::Serialize;
use serde_json::Value;

use super::refused::{REASONS, Refused};
use crate::batch::ErrorCode;
use crate::emulator::refusal::Refusal;

/// Refuses whichever property of `refused` an object has. Empty values ask for nothing and pass.
pub(super) fn refuse(object: &impl Serialize, refused: &Refused) -> Result<(), Refusal> {
    let properties = serde_json::to_value(object).map_err(|error| invalid("body", "", &error.to_string()))?;
    match refused.properties.iter().find(|name| properties.get(**name).is_some_and(asks_for_something)) {
        Some(name) => Err(not_done(name)),
        None => Ok(()),
    }
}

/// The refusal of a property.
pub(super) fn not_done(property: &str) -> Refusal {
    if let Some((_, why)) = REASONS.iter().find(|(name, _)| *name == property) {
        return not_done_because(
            property,
            format!("the embedded Azure Batch can't act on `{property}`: {why}"),
        );
    }
    let reason = format!(
        "the embedded Azure Batch does not act on `{property}`, and won't pretend to; use an account of Azure Batch for it"
    );
    not_done_because(property, reason)
}

/// The refusal of a property, with the reason why nothing else is possible here.
pub(super) fn not_done_because(property: &str, reason: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR).with("PropertyName", property).with("Reason", reason)
}

/// A property whose value is not valid.
pub(super) fn invalid(property: &str, value: impl ToString, reason: &str) -> Refusal {
    Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
        .with("PropertyName", property)
        .with("PropertyValue", value.to_string())
        .with("Reason", reason)
}

/// A mandatory property that is absent.
pub(super) fn missing(property: &str) -> Refusal {
    Refusal::new(ErrorCode::MISSING_REQUIRED_PROPERTY).with("PropertyName", property)
}

fn asks_for_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Object(_) | Value::Bool(true) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_this_machine_can_not_do_is_refused_with_the_reason() {
        let reason = |property| not_done(property).detail("Reason").unwrap_or_default().to_owned();
        assert!(reason("extensions").contains("nodes here are no virtual machines"));
        assert!(reason("applicationPackageReferences").contains("won't pretend"));
    }

    #[test]
    fn only_what_asks_for_something_is_refused() {
        let other = json!({"resourceFiles": [], "exitConditions": null, "allowTaskPreemption": false, "affinityInfo": {}});
        let refuse = |properties| refuse(&other, &Refused { of: "a task", properties });
        assert!(refuse(&["resourceFiles", "exitConditions", "allowTaskPreemption"]).is_ok());
        let error = refuse(&["affinityInfo"]).unwrap_err();
        assert_eq!((error.status, error.detail("PropertyName")), (501, Some("affinityInfo")));
    }
}
