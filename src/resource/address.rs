//! Names of things in a recipe.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of resource an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A pool.
    Pool,
    /// A job.
    Job,
    /// The tasks of a job.
    Tasks,
    /// A job schedule.
    Schedule,
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pool => "pool",
            Self::Job => "job",
            Self::Tasks => "tasks",
            Self::Schedule => "job schedule",
        })
    }
}

/// Where a resource stands in its recipe: `pools.gpu`, `jobs.train`, `jobs.train.tasks`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// What it is. Pools come before jobs, jobs before tasks.
    pub kind: ResourceKind,
    /// The key in the recipe; for an object that the recipe no longer has, its id.
    pub key: String,
}

impl Address {
    /// The address of a pool.
    pub fn pool(key: impl Into<String>) -> Self {
        Self { kind: ResourceKind::Pool, key: key.into() }
    }

    /// The address of a job.
    pub fn job(key: impl Into<String>) -> Self {
        Self { kind: ResourceKind::Job, key: key.into() }
    }

    /// The address of a job schedule.
    pub fn schedule(key: impl Into<String>) -> Self {
        Self { kind: ResourceKind::Schedule, key: key.into() }
    }

    /// The address of the tasks of a job.
    pub fn tasks(job_key: impl Into<String>) -> Self {
        Self { kind: ResourceKind::Tasks, key: job_key.into() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ResourceKind::Pool => write!(f, "pools.{}", self.key),
            ResourceKind::Job => write!(f, "jobs.{}", self.key),
            ResourceKind::Tasks => write!(f, "jobs.{}.tasks", self.key),
            ResourceKind::Schedule => write!(f, "schedules.{}", self.key),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["pools", key] => Ok(Self::pool(*key)),
            ["jobs", key] => Ok(Self::job(*key)),
            ["jobs", key, "tasks"] => Ok(Self::tasks(*key)),
            ["schedules", key] => Ok(Self::schedule(*key)),
            _ => Err(format!("`{text}` is no address of a resource")),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// The name of a recipe: lower-case letters, digits and hyphens, at most 64; unique in an account, because it marks what a
/// recipe owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecipeName(String);

/// A text that is not the name of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a recipe name: use 1 to 64 lower-case letters, digits and hyphens")]
pub struct InvalidRecipeName(pub String);

impl RecipeName {
    /// Checks a name.
    ///
    /// # Errors
    /// When it is empty, too long, or holds another character.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidRecipeName> {
        let name = name.into();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(InvalidRecipeName(name));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RecipeName {
    type Error = InvalidRecipeName;
    fn try_from(name: String) -> Result<Self, InvalidRecipeName> {
        Self::new(name)
    }
}

impl From<RecipeName> for String {
    fn from(name: RecipeName) -> Self {
        name.0
    }
}

impl fmt::Display for RecipeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_like_paths_into_the_recipe() {
        assert_eq!(Address::pool("gpu").to_string(), "pools.gpu");
        assert_eq!(Address::tasks("train").to_string(), "jobs.train.tasks");
        assert!(Address::pool("z") < Address::job("a"), "pools come first");
    }

    #[test]
    fn recipe_names_are_narrow() {
        assert!(RecipeName::new("tensorflow-gpu").is_ok());
        for name in ["", "Hello", "a b", "ü", &"a".repeat(65)] {
            assert!(RecipeName::new(name).is_err(), "{name}");
        }
    }
}
