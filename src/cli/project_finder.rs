//! What a command has learnt about project files.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use crate::recipe::project::{Discovery, Projects};

/// What a command has learnt about project files: recipes that lie side by side share theirs.
#[derive(Debug, Default)]
pub(super) struct ProjectFinder {
    pub(super) discovery: Mutex<Discovery>,
    /// The user's own file, if there is one.
    pub(super) user_file: OnceLock<Option<PathBuf>>,
    pub(super) read: Mutex<HashMap<Vec<PathBuf>, Arc<Projects>>>,
}
