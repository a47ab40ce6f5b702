//! Tokens by which tasks reach their account. Versions until 2024-07-01.20.0 have them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::batch::wire_enum::wire_enum;

/// The property of a task and of a job manager task that asks for a token.
pub const AUTHENTICATION_TOKEN_SETTINGS: &str = "authenticationTokenSettings";

wire_enum!(
    /// What a token gives access to.
    BatchAccessScope {
        /// All operations on the job of the task.
        Job = "job",
    }
);

/// What a task's token gives access to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationTokenSettings {
    /// What it gives access to; a task that asks for nothing gets no token.
    #[serde(default)]
    pub access: Option<Vec<BatchAccessScope>>,
}

impl AuthenticationTokenSettings {
    /// What a task asks for; `properties` are those that the present version has no field for.
    ///
    /// # Errors
    /// When that is nothing a task can ask for.
    pub fn of(properties: &Map<String, Value>) -> Result<Self, serde_json::Error> {
        match properties.get(AUTHENTICATION_TOKEN_SETTINGS) {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(settings) => Self::deserialize(settings),
        }
    }

    /// What it gives access to.
    pub fn scopes(&self) -> &[BatchAccessScope] {
        self.access.as_deref().unwrap_or_default()
    }

    /// Whether a task asks for a token for its job.
    pub fn asks_for_job(properties: &Map<String, Value>) -> bool {
        Self::of(properties).is_ok_and(|settings| settings.scopes().contains(&BatchAccessScope::Job))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_asks_for_the_job_gets_a_token() {
        let asks = |settings: Value| {
            let task = json!({ AUTHENTICATION_TOKEN_SETTINGS: settings });
            AuthenticationTokenSettings::asks_for_job(task.as_object().unwrap())
        };
        assert!(asks(json!({"access": ["job"]})) && asks(json!({"access": ["Job"]})));
        for nothing in
            [json!(null), json!({}), json!({"access": []}), json!({"access": ["pool"]}), json!("job")]
        {
            assert!(!asks(nothing.clone()), "{nothing}");
        }
        assert!(!AuthenticationTokenSettings::asks_for_job(&Map::new()));
    }
}
