//! Plans that are not carried out, and what to do then.

use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::plan::Plan;
use crate::resource::ResourceKind;

/// Refuses a plan that touches what is not ours, or goes further than is permitted.
pub(super) fn refuse_what_is_not_permitted(plan: &Plan) -> Result<(), CommandError> {
    if let Some(conflict) = plan.conflicts().next() {
        let message = format!("{} is in conflict; nothing was changed", conflict.address);
        return Err(CommandError::new(ExitCode::StaleOrConflict, message)
            .because(conflict.remarks.iter().cloned())
            .place(conflict.source.clone()));
    }
    if let Some(blocked) = plan.blocked().next() {
        let message = format!("{} asks for more than is permitted; nothing was changed", blocked.address);
        let word = blocked.needs.unwrap_or_default().as_str();
        let hint = match blocked.address.kind {
            ResourceKind::Pool => format!("set `on_change: {word}` in the recipe, or pass --allow {word}"),
            _ => format!("pass --allow {word}; the plan says what is lost then"),
        };
        let place = blocked.fields.iter().find_map(|field| field.source.clone());
        return Err(CommandError::new(ExitCode::BlockedByPolicy, message)
            .because(blocked.remarks.iter().cloned())
            .hint(Some(hint))
            .place(place.or_else(|| blocked.source.clone())));
    }
    Ok(())
}

/// Refuses a plan that would end somebody's work, unless that is what the user wants.
pub(super) fn refuse_what_ends_work(plan: &Plan, force: bool, nothing: &str) -> Result<(), CommandError> {
    let reasons: Vec<String> = plan
        .obstacles()
        .map(|(change, obstacle)| match change.address.kind {
            ResourceKind::Tasks => format!("{}: {obstacle}", change.address),
            kind => format!("{kind} `{}`: {obstacle}", change.id),
        })
        .collect();
    if force || reasons.is_empty() {
        return Ok(());
    }
    let message = match reasons.len() {
        1 => format!("this would end work that is not over; {nothing}"),
        count => format!("this would end work that is not over, in {count} places; {nothing}"),
    };
    Err(CommandError::new(ExitCode::BlockedByPolicy, message)
        .because(reasons)
        .hint(Some("wait for it, move it elsewhere, or pass --force to end it".to_owned())))
}
