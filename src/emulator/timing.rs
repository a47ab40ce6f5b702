//! How fast the service behaves.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long the service takes for what takes time in Azure. Tasks always take the time that their processes take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Timing {
    /// State machines run at once, and formulas that set the size of a pool are evaluated every 5 s.
    #[default]
    Instant,
    /// Pauses in the proportions of the real service, about a third as long: 20 s to allocate nodes, 20 s until they boot,
    /// 20 s to boot, 10 s to leave a pool, 5 s to stop a resize or delete a certificate, 2 s for a change of a job's state.
    /// Formulas are evaluated as often as their pools say.
    Realistic,
}

/// How often formulas are evaluated where nothing takes its time.
const INSTANT_EVALUATION: Duration = Duration::from_secs(5);

/// Something that takes the real service a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// From a resize to its nodes being there.
    Allocation,
    /// From a node being there to its boot.
    NodeCreation,
    /// A boot.
    Boot,
    /// From a node being empty to its being gone.
    NodeRemoval,
    /// Stopping a resize.
    StopResize,
    /// Deleting a certificate.
    CertificateDeletion,
    /// A job's change of state.
    JobChange,
}

impl Timing {
    /// How often a formula is evaluated that is to be evaluated every `interval`: at that pace, or, where nothing takes its time,
    /// so often that nobody waits for it.
    pub(crate) fn evaluation_interval(self, interval: Duration) -> Duration {
        match self {
            Self::Instant => interval.min(INSTANT_EVALUATION),
            Self::Realistic => interval,
        }
    }

    /// How long `pause` is.
    pub(crate) fn duration(self, pause: Pause) -> Duration {
        let seconds = match (self, pause) {
            (Self::Instant, _) => 0,
            (Self::Realistic, Pause::Allocation | Pause::NodeCreation | Pause::Boot) => 20,
            (Self::Realistic, Pause::NodeRemoval) => 10,
            (Self::Realistic, Pause::StopResize | Pause::CertificateDeletion) => 5,
            (Self::Realistic, Pause::JobChange) => 2,
        };
        Duration::from_secs(seconds)
    }
}

/// Why a text is not a [`Timing`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a timing; there are `instant` and `realistic`")]
pub struct UnknownTiming(String);

impl FromStr for Timing {
    type Err = UnknownTiming;

    fn from_str(text: &str) -> Result<Self, UnknownTiming> {
        match text {
            "instant" => Ok(Self::Instant),
            "realistic" => Ok(Self::Realistic),
            _ => Err(UnknownTiming(text.to_owned())),
        }
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instant => "instant",
            Self::Realistic => "realistic",
        })
    }
}
