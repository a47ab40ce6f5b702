//! When a rule strikes.

use serde::{Deserialize, Serialize};

/// When a rule strikes, of the times that it could.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Strikes {
    /// The share of times, from 0 to 1.
    #[serde(default = "always")]
    pub(super) share: f64,
    /// How many times are let pass before.
    #[serde(default)]
    pub(super) skip: u64,
    /// How often it strikes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
}

fn always() -> f64 {
    1.0
}

impl Strikes {
    pub(super) fn check(&self) -> Result<(), String> {
        match (0.0..=1.0).contains(&self.share) {
            true => Ok(()),
            false => Err(format!("`share` is a number from 0 to 1, and not {}", self.share)),
        }
    }
}
