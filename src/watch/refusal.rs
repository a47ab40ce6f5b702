//! Plans that are not carried out: what they ask for, and what to do then. In the words of `apply`.

use crate::plan::{ActionReason, Change, Plan};
use crate::resource::{ChangeClass, ResourceKind, SourceLocation};

use super::condition::Reason;

/// Why a plan is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    message: String,
    hint: String,
    place: Option<SourceLocation>,
}

impl Refusal {
    /// Why a plan is not carried out; `None` if it may be.
    pub(super) fn of(plan: &Plan, force: bool) -> Option<Self> {
        Self::of_conflict(plan).or_else(|| Self::of_permission(plan)).or_else(|| Self::of_work(plan, force))
    }

    fn of_conflict(plan: &Plan) -> Option<Self> {
        let conflict = plan.conflicts().next()?;
        Some(Self {
            reason: Reason::Conflict,
            message: format!("{} is in conflict: {}", conflict.address, conflict.remarks.join("; ")),
            hint: "nothing was changed".to_owned(),
            place: conflict.source.clone(),
        })
    }

    fn of_permission(plan: &Plan) -> Option<Self> {
        let blocked = plan.blocked().next()?;
        let word = blocked.needs.unwrap_or_default().as_str();
        let fields: Vec<_> = blocked.fields.iter().map(|field| field.path.as_str()).collect();
        let because = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
        let hint = match blocked.address.kind {
            ResourceKind::Pool => format!("set `on_change: {word}` in the recipe, or pass --allow {word}"),
            _ => format!("pass --allow {word}; `plan` says what is lost then"),
        };
        let place = blocked.fields.iter().find_map(|field| field.source.clone());
        Some(Self {
            reason: Reason::NotPermitted,
            message: format!(
                "{}{because} asks for more than is permitted: {}",
                blocked.address,
                blocked.remarks.join("; ")
            ),
            hint,
            place: place.or_else(|| blocked.source.clone()),
        })
    }

    fn of_work(plan: &Plan, force: bool) -> Option<Self> {
        if force {
            return None;
        }
        let (change, obstacle) = plan.obstacles().next()?;
        let more = match plan.obstacles().count() {
            1 => String::new(),
            count => format!("; and in {} more places", count - 1),
        };
        Some(Self {
            reason: Reason::WorkRunning,
            message: format!("this would end work that is not over: {}: {obstacle}{more}", change.address),
            hint: "it is tried again once that has ended; --force ends it".to_owned(),
            place: change.source.clone(),
        })
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}; {}", self.message.trim_end_matches(": "), self.hint)
    }
}

/// Whether all that is in the way of a plan is in the way of destroying what the recipe no longer has.
pub(super) fn only_leftovers_are_held(plan: &Plan) -> bool {
    let is_leftover =
        |change: &Change| change.class == ChangeClass::Destroy && change.reason == ActionReason::NotInRecipe;
    plan.obstacles().next().is_some() && plan.obstacles().all(|(change, _)| is_leftover(change))
}
