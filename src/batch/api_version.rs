//! The versions of the REST API.

use std::fmt;

macro_rules! versions {
    ($($(#[$doc:meta])* $version:ident = $name:literal),+ $(,)?) => {
        /// A version of the Batch REST API, as sent in the mandatory `api-version` query parameter. Later versions are greater.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ApiVersion {
            $($(#[$doc])* #[doc = concat!("`", $name, "`")] $version),+
        }

        impl ApiVersion {
            /// Every version, from the oldest to the newest.
            pub const ALL: &'static [Self] = &[$(Self::$version),+];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$version => $name),+
                }
            }
        }
    };
}

versions! {
    /// Containers come.
    V2017_09_01 = "2017-09-01.6.0",
    /// Node counts, upload of node logs.
    V2018_03_01 = "2018-03-01.6.1",
    /// `docker` becomes `dockerCompatible`.
    V2018_08_01 = "2018-08-01.7.0",
    /// `blobSource` becomes `httpUrl`.
    V2018_12_01 = "2018-12-01.8.0",
    /// `/nodeagentskus` becomes `/supportedimages`.
    V2019_06_01 = "2019-06-01.9.0",
    /// Mounts.
    V2019_08_01 = "2019-08-01.10.0",
    /// Public addresses, disk encryption.
    V2020_03_01 = "2020-03-01.11.0",
    /// `maxTasksPerNode` becomes `taskSlotsPerNode`; task counts come with slot counts.
    V2020_09_01 = "2020-09-01.12.0",
    /// Managed identities, virtual machine extensions.
    V2021_06_01 = "2021-06-01.14.0",
    /// Preemption of tasks.
    V2022_01_01 = "2022-01-01.15.0",
    /// Modes of communication with nodes.
    V2022_10_01 = "2022-10-01.16.0",
    /// Accelerated networking.
    V2023_05_01 = "2023-05-01.17.0",
    /// Resource tags, security profiles.
    V2023_11_01 = "2023-11-01.18.0",
    /// Upgrade policies.
    V2024_02_01 = "2024-02-01.19.0",
    /// Most properties of a pool can be changed; mounts chosen by task; nodes can be deallocated.
    V2024_07_01 = "2024-07-01.20.0",
    /// Certificates are gone.
    V2025_06_01 = "2025-06-01",
}

impl ApiVersion {
    /// The version that the client sends unless it is told another.
    pub const CURRENT: Self = Self::V2025_06_01;

    /// The versions that the client can be told to send, from the oldest to the newest: those in which everything that it sends and
    /// reads is called what it is called today.
    pub const SPOKEN: &'static [Self] = &[Self::V2024_02_01, Self::V2024_07_01, Self::V2025_06_01];

    /// The version of that name, if the client speaks it.
    pub fn spoken(name: &str) -> Option<Self> {
        Self::SPOKEN.iter().copied().find(|version| version.as_str() == name)
    }

    /// The version of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|version| version.as_str() == name)
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self::CURRENT
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order_and_known_by_their_names() {
        let names: Vec<&str> = ApiVersion::ALL.iter().map(|version| version.as_str()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted);
        assert!(ApiVersion::ALL.iter().all(|version| ApiVersion::parse(version.as_str()) == Some(*version)));
        assert_eq!(ApiVersion::ALL.last(), Some(&ApiVersion::CURRENT));
        assert_eq!(ApiVersion::parse("2017-05-01.5.0"), None);
    }
}
