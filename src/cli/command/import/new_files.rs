//! The files that an import makes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

/// The file that the report is written to, beside the recipe.
pub(super) const REPORT: &str = "import-report.md";

/// Writes files into a folder, never over anything that is there.
pub(super) fn write(folder: &Path, files: &[(&str, &str)]) -> Result<Vec<PathBuf>, CommandError> {
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Error, format!("{} could not be written: {error}", path.display()))
    };
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    if let Some(there) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        let message = format!("{} exists, and is not written over", there.display());
        return Err(CommandError::new(ExitCode::Usage, message)
            .hint(Some("name another folder with --out".to_owned())));
    }
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (path, (_, content)) in paths.iter().zip(files) {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(|error| failed(path, error))?;
    }
    Ok(paths)
}
