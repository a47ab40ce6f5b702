//! What a failure means for the next attempt.

use crate::apply::StepError;
use crate::client::ClientError;

/// What a failure means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prospect {
    /// It may pass by itself.
    Passes,
    /// It passes once others need less, or the quota is raised.
    Quota,
    /// The same request would be refused again.
    Lasts,
}

impl Prospect {
    /// What a failed step means.
    pub(super) fn of_step(error: &StepError) -> Self {
        match error {
            StepError::Client(error) => Self::of_call(error),
            StepError::Resize(text) if text.contains("Quota") => Self::Quota,
            StepError::Tasks { .. } | StepError::Unresolved(_) | StepError::TaskStream(_) => Self::Lasts,
            // Files and variables that hold secrets come and go without the recipe changing, and what is stale is planned anew.
            _ => Self::Passes,
        }
    }

    /// What a failed call means.
    pub(super) fn of_call(error: &ClientError) -> Self {
        match error {
            ClientError::Service { error, .. } => Self::of_answer(error.status, &error.body.code),
            ClientError::Encode { .. } | ClientError::Path { .. } => Self::Lasts,
            _ => Self::Passes,
        }
    }

    fn of_answer(status: u16, code: &str) -> Self {
        match status {
            _ if code.contains("Quota") => Self::Quota,
            // States that pass, as `PoolBeingResized`, and objects that moved.
            408 | 409 | 412 | 429 => Self::Passes,
            // Nor does a service learn what it cannot do.
            400..=499 | 501 | 505 => Self::Lasts,
            _ => Self::Passes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_retry_cannot_mend_is_told_from_what_passes() {
        let of = Prospect::of_answer;
        assert_eq!(of(400, "InvalidPropertyValue"), Prospect::Lasts);
        assert_eq!(of(403, "AuthenticationFailed"), Prospect::Lasts);
        assert_eq!(of(501, "NotImplemented"), Prospect::Lasts);
        assert_eq!(of(409, "PoolQuotaReached"), Prospect::Quota);
        for (status, code) in [
            (409, "PoolBeingResized"),
            (412, "ConditionNotMet"),
            (429, "TooManyRequests"),
            (503, "ServerBusy"),
        ] {
            assert_eq!(of(status, code), Prospect::Passes, "{code}");
        }
        let resize = StepError::Resize("AccountCoreQuotaReached: no cores".to_owned());
        assert_eq!(Prospect::of_step(&resize), Prospect::Quota);
    }
}
