//! Plans and errors in one line.

use crate::client::ClientError;
use crate::error_chain;
use crate::plan::Plan;
use crate::resource::ChangeClass;

/// What a plan would do, in one line.
pub(super) fn summary(plan: &Plan) -> String {
    let changes = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
    let words: Vec<String> = changes
        .map(|change| {
            let fields: Vec<&str> = change.fields.iter().map(|field| field.path.as_str()).collect();
            let named =
                matches!(change.class, ChangeClass::Create | ChangeClass::Destroy) || fields.is_empty();
            let fields = if named { String::new() } else { format!(" ({})", fields.join(", ")) };
            format!("{} {}{fields}", word(change.class), change.address)
        })
        .collect();
    words.join(", ")
}

fn word(class: ChangeClass) -> &'static str {
    match class {
        ChangeClass::Create => "create",
        ChangeClass::Destroy => "destroy",
        ChangeClass::Replace => "replace",
        ChangeClass::Conflict => "conflict:",
        _ => "update",
    }
}

/// The first line of an error and its causes.
pub(super) fn in_one_line(error: &dyn std::error::Error) -> String {
    error_chain::in_one_line(error).lines().next().unwrap_or_default().to_owned()
}

pub(super) fn with_hint(text: String, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{text} ({hint})"),
        None => text,
    }
}

/// Why a call failed, in one line.
pub(super) fn call_failed(error: &ClientError) -> String {
    with_hint(in_one_line(error), error.hint())
}
