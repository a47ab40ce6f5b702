//! Identifiers of pools, nodes, jobs and tasks.
//!
//! The service keeps the case an id was created with and ignores case when it compares (REST reference: 1–64 letters,
//! digits, hyphens and underscores; jobs of a schedule add `:job-<n>`). `Eq`, `Ord` and `Hash` do the same here.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The most characters an id may have.
pub const MAX_ID_LENGTH: usize = 64;
/// The most characters that the id of a node may have. The service makes them itself: `tvmps_`, 64 digits, `_d` or `_p`.
pub const MAX_NODE_ID_LENGTH: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The text is empty.
    #[error("an id must have at least one character")]
    Empty,
    /// The text is too long.
    #[error("`{id}` has {length} characters; an id has at most {most}")]
    TooLong {
        /// The text.
        id: String,
        /// Its length in characters.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// The text holds a character that ids don't have.
    #[error("`{id}` holds {character:?}; an id has letters, digits, hyphens and underscores only")]
    Character {
        /// The text.
        id: String,
        /// The first character that is not allowed.
        character: char,
    },
}

/// The most characters that the service adds to a schedule's id for the ids of its jobs: `:job-<n>`.
const MAX_JOB_NUMBER_LENGTH: usize = 16;

fn check(id: &str, extra: &[char], most: usize) -> Result<(), InvalidId> {
    if id.is_empty() {
        return Err(InvalidId::Empty);
    }
    let length = id.chars().count();
    if length > most {
        return Err(InvalidId::TooLong { id: id.to_owned(), length, most });
    }
    match id.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || extra.contains(c))) {
        Some(character) => Err(InvalidId::Character { id: id.to_owned(), character }),
        None => Ok(()),
    }
}

fn check_plain(id: &str) -> Result<(), InvalidId> {
    check(id, &[], MAX_ID_LENGTH)
}

fn check_node(id: &str) -> Result<(), InvalidId> {
    check(id, &['.', '@'], MAX_NODE_ID_LENGTH)
}

/// A job's id: one of the user's, or that of a schedule and what the service adds to it.
fn check_job(id: &str) -> Result<(), InvalidId> {
    let Some((schedule, number)) = id.split_once(':') else { return check_plain(id) };
    check_plain(schedule)?;
    check(number, &[], MAX_JOB_NUMBER_LENGTH - 1)
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `id` against the rules of the service.
            ///
            /// # Errors
            /// [`InvalidId`] says what is wrong with it.
            pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
                let id = id.into();
                $check(&id)?;
                Ok(Self(id))
            }

            /// The id as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id in the form that the service compares: lower case.
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(id: String) -> Result<Self, InvalidId> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                let lower = |text: &str| text.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>();
                lower(&self.0).cmp(&lower(&other.0))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for byte in self.0.bytes() {
                    byte.to_ascii_lowercase().hash(state);
                }
            }
        }
    };
}

id_type!(
    /// The id of a pool, unique in its account.
    PoolId,
    check_plain
);
id_type!(
    /// The id of a job, unique among the jobs and job schedules of its account.
    JobId,
    check_job
);
id_type!(
    /// The id of a job schedule, unique among the jobs and job schedules of its account.
    JobScheduleId,
    check_plain
);
id_type!(
    /// The id of a task, unique in its job.
    TaskId,
    check_plain
);
id_type!(
    /// The id of a compute node, given by the service.
    NodeId,
    check_node
);

impl JobId {
    /// The schedule that made the job: only such jobs have a colon in their id.
    pub fn schedule(&self) -> Option<JobScheduleId> {
        JobScheduleId::new(self.0.split_once(':')?.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_case_and_compare_without_it() {
        let id = PoolId::new("Gpu-1").unwrap();
        assert_eq!(id.as_str(), "Gpu-1");
        assert_eq!(id, PoolId::new("gPU-1").unwrap());
        assert!(PoolId::new("a").unwrap() < PoolId::new("B").unwrap());
    }

    #[test]
    fn ids_refuse_what_the_service_refuses() {
        assert_eq!(TaskId::new(""), Err(InvalidId::Empty));
        assert!(TaskId::new("a".repeat(64)).is_ok());
        assert!(matches!(TaskId::new("a".repeat(65)), Err(InvalidId::TooLong { length: 65, .. })));
        assert!(matches!(TaskId::new("../x"), Err(InvalidId::Character { character: '.', .. })));
        assert!(NodeId::new(format!("tvmps_{}_d", "0".repeat(64))).is_ok(), "as the service makes them");
        assert!(JobId::new("nightly:job-1").is_ok());
        assert_eq!(JobId::new("Nightly:job-1").unwrap().schedule(), JobScheduleId::new("nightly").ok());
        assert_eq!(JobId::new("nightly").unwrap().schedule(), None);
        assert!(PoolId::new("nightly:job-1").is_err());
        assert!(JobId::new(format!("{}:job-1", "a".repeat(64))).is_ok());
        assert!(JobId::new("a".repeat(65)).is_err());
        assert!(JobId::new(format!("a:job-{}", "1".repeat(80))).is_err());
        assert!(
            JobId::new(format!("a:{}", "1".repeat(16))).is_err(),
            "the schedule's room is not the number's"
        );
    }
}
