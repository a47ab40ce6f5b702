//! What a registry says of an image that nobody fetched.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Image;

/// What a registry says of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImageReport {
    /// The digest of what the name stands for at the moment: of the image, or of the list that it is in.
    pub digest: String,
    /// What the image is for.
    pub platform: Platform,
    /// What else the name has images for.
    pub other_platforms: Vec<Platform>,
    /// What its configuration says.
    pub config: Image,
    /// When it was built, as its configuration says.
    pub created: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The bytes of its layers as a node fetches them, lowest first.
    pub layers: Vec<u64>,
    /// How it was built: a command for each step.
    pub history: Vec<String>,
}

impl ImageReport {
    /// How many bytes a node fetches that has none of its layers.
    pub fn size(&self) -> u64 {
        self.layers.iter().sum()
    }
}

/// What an image is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// The system, `linux` or `windows`.
    pub os: String,
    /// The processors, `amd64` for example.
    pub architecture: String,
    /// Which of these processors, `v8` for example.
    pub variant: Option<String>,
    /// The version of the system, which Windows is particular about.
    pub os_version: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        for part in self.variant.iter().chain(&self.os_version) {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}
