//! Project files, read once for all recipes that go by them.

use std::path::PathBuf;

use super::file::ProjectFile;
use crate::diagnostic::{Collector, Sources};

/// Project files, the nearest first: they give parameters, overlays and folders of recipes.
#[derive(Debug)]
pub struct Projects {
    /// Their texts, which are the first ones of each recipe.
    pub(in crate::recipe) sources: Sources,
    /// What is to be said about them.
    pub(in crate::recipe) findings: Collector,
    /// Those that could be understood.
    pub(in crate::recipe) files: Vec<ProjectFile>,
    /// Whether these are all.
    pub(in crate::recipe) complete: bool,
}

impl Default for Projects {
    fn default() -> Self {
        Self::read(&[])
    }
}

impl Projects {
    /// Reads project files. What is wrong with them is told with every recipe that is loaded with them.
    pub fn read(paths: &[PathBuf]) -> Self {
        let (mut sources, mut findings) = (Sources::default(), Collector::default());
        let read = paths.iter().filter_map(|path| ProjectFile::read(path, &mut sources, &mut findings));
        let files: Vec<ProjectFile> = read.collect();
        let complete = files.len() == paths.len();
        Self { sources, findings, files, complete }
    }
}
