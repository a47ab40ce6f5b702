//! Conditions: what is true of a recipe at the moment, and why. There are no phases: several conditions hold at once.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::batch::DateTime;
use crate::resource::Digest;

/// What may be true of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ConditionKind {
    /// The account is what the recipe asks for.
    Ready,
    /// It is being brought there, or will be tried again by itself.
    Reconciling,
    /// It can't be brought there until the recipe or the account changes.
    Stalled,
    /// Somebody else changed what the recipe had made.
    Drifted,
    /// Tasks failed or can't run, or nodes can't work.
    Degraded,
    /// It is looked at only.
    Suspended,
    /// The account's quota is in the way.
    QuotaBlocked,
}

impl ConditionKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Reconciling,
        Self::Stalled,
        Self::Drifted,
        Self::Degraded,
        Self::Suspended,
        Self::QuotaBlocked,
    ];

    /// Its name, as in `/status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Drifted => "Drifted",
            Self::Degraded => "Degraded",
            Self::Suspended => "Suspended",
            Self::QuotaBlocked => "QuotaBlocked",
        }
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a condition holds, or doesn't, in one word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Reason {
    /// Nothing differs.
    UpToDate,
    /// What differed was applied.
    Applied,
    /// Differences are being applied.
    Applying,
    /// Differences were found and are only shown.
    Planned,
    /// The recipe has errors.
    InvalidRecipe,
    /// Several recipes have the same name.
    DuplicateName,
    /// The change needs a permission that the recipe doesn't give.
    NotPermitted,
    /// An object is not the recipe's.
    Conflict,
    /// The change would end work that is not over.
    WorkRunning,
    /// What was applied differs again at once.
    DoesNotSettle,
    /// The service refused, and would again.
    Refused,
    /// Something failed that may pass.
    Retrying,
    /// The account can't be read.
    AccountUnreachable,
    /// Somebody else holds the recipe's lock.
    Locked,
    /// The record can't be read.
    RecordUnreachable,
    /// The account's quota is used up.
    QuotaReached,
    /// The account is no longer what it was made to be.
    ChangedOutside,
    /// Tasks failed.
    TasksFailed,
    /// Tasks wait for what does not come by itself, as in a job that somebody disabled.
    TasksHeld,
    /// Nodes can't work, or there are too few.
    NodesTroubled,
    /// A job that had finished tasks is gone.
    FinishedJobGone,
    /// The user asked for it.
    Requested,
    /// The command was stopped.
    Interrupted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Which.
    #[serde(rename = "type")]
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: bool,
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people.
    pub message: String,
    /// Since when it holds, or doesn't.
    pub since: DateTime,
    /// The digest of what the recipe wanted when this was found; `None` for a recipe that can't be read.
    pub observed_digest: Option<Digest>,
}

/// What was found about a recipe: the conditions that hold. All others don't, for the reason of `Ready`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    holding: BTreeMap<ConditionKind, (Reason, String)>,
    reason: Reason,
    message: String,
}

impl Finding {
    /// The account is what the recipe asks for.
    pub fn ready(reason: Reason, message: impl Into<String>) -> Self {
        Self::of(Some(ConditionKind::Ready), reason, message.into())
    }

    /// The account is not what the recipe asks for, and this condition holds.
    pub fn not_ready(kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        Self::of(Some(kind), reason, message.into())
    }

    fn of(kind: Option<ConditionKind>, reason: Reason, message: String) -> Self {
        let holding = kind.map(|kind| (kind, (reason, message.clone()))).into_iter().collect();
        Self { holding, reason, message }
    }

    /// The same, and the account is not what the recipe asks for after all, because of this condition.
    #[must_use]
    pub fn but(mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        self.holding.remove(&ConditionKind::Ready);
        (self.reason, self.message) = (reason, message.into());
        self.holding.insert(kind, (reason, self.message.clone()));
        self
    }

    /// Adds a condition that holds, too.
    #[must_use]
    pub fn and(mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        self.holding.insert(kind, (reason, message.into()));
        self
    }

    /// Adds a condition that holds, and because of which the account is not what the recipe asks for, whatever else was found.
    #[must_use]
    pub fn despite(mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        if self.holding.remove(&ConditionKind::Ready).is_some() {
            (self.reason, self.message) = (reason, message.clone());
        }
        self.and(kind, reason, message)
    }

    /// Whether a condition holds.
    pub fn has(&self, kind: ConditionKind) -> bool {
        self.holding.contains_key(&kind)
    }

    /// Why, for programs.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Why, for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The conditions of a recipe, by kind. Those that never held are not there, but for `Ready`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Conditions(BTreeMap<ConditionKind, Condition>);

impl Conditions {
    /// Takes what was found, and returns the conditions that turned, or hold for another reason than before.
    pub fn take(&mut self, finding: &Finding, digest: Option<Digest>, now: DateTime) -> Vec<Condition> {
        let mut changed = Vec::new();
        for kind in ConditionKind::ALL {
            let held = finding.holding.get(&kind);
            let known = self.0.get(&kind);
            if held.is_none() && known.is_none() && kind != ConditionKind::Ready {
                continue;
            }
            let status = held.is_some();
            let (reason, message) = match held {
                Some((reason, message)) => (*reason, message.clone()),
                None => (finding.reason, finding.message.clone()),
            };
            let since = known.filter(|known| known.status == status).map_or(now, |known| known.since);
            // Why something does not hold is no news, but for the one condition that should.
            let tells_why = status || kind == ConditionKind::Ready;
            let is_news = known.is_none_or(|known| {
                let is_as_before = known.reason == reason && gist(&known.message) == gist(&message);
                known.status != status || (tells_why && !is_as_before)
            });
            let condition = Condition { kind, status, reason, message, since, observed_digest: digest };
            if is_news {
                changed.push(condition.clone());
            }
            self.0.insert(kind, condition);
        }
        changed
    }

    /// Whether a condition holds.
    pub fn holds(&self, kind: ConditionKind) -> bool {
        self.0.get(&kind).is_some_and(|condition| condition.status)
    }

    /// A condition, if anything is known about it.
    pub fn get(&self, kind: ConditionKind) -> Option<&Condition> {
        self.0.get(&kind)
    }

    /// All that is known, in the order in which it is shown.
    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.values()
    }
}

/// A message without the ids of requests, which are others at every look.
fn gist(message: &str) -> Vec<&str> {
    let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| uuid::Uuid::try_parse(word).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_turns() {
        let mut conditions = Conditions::default();
        let up = Finding::ready(Reason::UpToDate, "nothing differs");
        assert_eq!(conditions.take(&up, None, at(1)).len(), 1);
        assert_eq!(conditions.take(&up, None, at(2)), [], "nothing is news twice");
        assert_eq!(conditions.get(ConditionKind::Ready).unwrap().since, at(1));
        let stalled = Finding::not_ready(ConditionKind::Stalled, Reason::InvalidRecipe, "a:1:2");
        let changed = conditions.take(&stalled, None, at(3));
        let kinds: Vec<_> = changed.iter().map(|it| (it.kind, it.status, it.since)).collect();
        assert_eq!(kinds, [(ConditionKind::Ready, false, at(3)), (ConditionKind::Stalled, true, at(3))]);
        conditions.take(&up, None, at(4));
        assert!(!conditions.holds(ConditionKind::Stalled) && conditions.holds(ConditionKind::Ready));
        assert_eq!(conditions.iter().count(), 2, "what never held is not there");
    }

    #[test]
    fn another_reason_is_news_without_a_turn() {
        let mut conditions = Conditions::default();
        let stalled =
            |message: &str| Finding::not_ready(ConditionKind::Stalled, Reason::InvalidRecipe, message);
        conditions.take(&stalled("a:1:2"), None, at(1));
        let changed = conditions.take(&stalled("a:7:7"), None, at(2));
        assert!(changed.iter().all(|it| it.since == at(1) && it.message == "a:7:7"));
        assert_eq!(changed.len(), 2);
    }

    #[test]
    fn the_id_of_another_request_is_no_news() {
        let mut conditions = Conditions::default();
        let refused = |request: &str, why: &str| {
            let message = format!("it was refused (request id {request}): {why}");
            Finding::not_ready(ConditionKind::Stalled, Reason::AccountUnreachable, message)
        };
        let (one, other) = ("7e61883d-c0ea-43a3-ac80-8f0456e134cb", "1f0c2f6e-54d7-4f0e-9d55-d7a2c0b1a7e4");
        conditions.take(&refused(one, "the key"), None, at(1));
        assert_eq!(conditions.take(&refused(other, "the key"), None, at(2)), []);
        assert!(
            conditions.get(ConditionKind::Stalled).unwrap().message.contains(other),
            "the latest is kept"
        );
        assert_eq!(conditions.take(&refused(other, "the network"), None, at(3)).len(), 2);
    }

    #[test]
    fn what_is_missing_is_not_what_the_recipe_asks_for() {
        let gone = Finding::ready(Reason::UpToDate, "nothing differs").despite(
            ConditionKind::Drifted,
            Reason::FinishedJobGone,
            "jobs.j is gone",
        );
        assert!(!gone.has(ConditionKind::Ready) && gone.has(ConditionKind::Drifted));
        assert_eq!((gone.reason(), gone.message()), (Reason::FinishedJobGone, "jobs.j is gone"));
        let stalled = Finding::not_ready(ConditionKind::Stalled, Reason::Refused, "no");
        let both = stalled.despite(ConditionKind::Drifted, Reason::FinishedJobGone, "jobs.j is gone");
        assert_eq!((both.reason(), both.has(ConditionKind::Drifted)), (Reason::Refused, true));
    }
}
