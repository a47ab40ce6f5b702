//! How to apply.

use std::sync::Arc;

use jiff::Timestamp;

use super::secrets::SecretSource;
use crate::clock::Clock;

/// How to apply.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// How many steps run at once at the most.
    pub parallelism: usize,
    /// How long a step may wait for the service to finish something.
    pub step_timeout: std::time::Duration,
    /// When all steps are given up, on this clock: no step is begun any more, and those that run end. `None` means never.
    pub deadline: Option<Timestamp>,
    /// How long a step that runs may go on once the user has stopped.
    pub grace: std::time::Duration,
    /// How long to pause between looks at something that is waited for.
    pub poll_interval: std::time::Duration,
    /// Where secrets come from.
    pub secrets: SecretSource,
    /// Who applies, as it is written down with what is: `ada@laptop`.
    pub who: String,
    /// The clock that pauses are measured by.
    pub clock: Arc<dyn Clock>,
}
