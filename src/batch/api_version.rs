//! The versions of the REST API.

use std::fmt;

/// A version of the Batch REST API, as sent in the mandatory `api-version` query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// `2025-06-01`: the version this program speaks.
    V2025_06_01,
}

impl ApiVersion {
    /// The version that the client sends.
    pub const CURRENT: Self = Self::V2025_06_01;

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_06_01 => "2025-06-01",
        }
    }

    /// The version of that name, if it is one that we speak.
    pub fn parse(name: &str) -> Option<Self> {
        (name == Self::V2025_06_01.as_str()).then_some(Self::V2025_06_01)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
