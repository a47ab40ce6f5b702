//! What every command has at hand.

use std::path::PathBuf;

use super::args::Global;
use super::printer::Printer;
use super::project_finder::ProjectFinder;
use crate::settings::Variables;

/// What every command has at hand.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) variables: Variables,
    pub(super) printer: Printer,
    pub(super) projects: ProjectFinder,
    /// Where the project file is looked for: at the command's recipe, else in the working folder.
    pub(super) start: PathBuf,
}

impl Context {
    /// The same, without what was read before.
    pub(super) fn anew(&self) -> Self {
        Self {
            global: self.global.clone(),
            variables: self.variables.clone(),
            printer: self.printer.clone(),
            projects: ProjectFinder::default(),
            start: self.start.clone(),
        }
    }
}
