//! Listing the files of a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::patterns::PathPatterns;

/// The most names looked at in one listing.
const MOST_ENTRIES: usize = 1_000_000;
/// The deepest folder looked into.
const DEEPEST: usize = 64;

/// The paths below `root` of the files that match, sorted. Links to folders are not followed; a link to a file counts as
/// that file, as long as it does not lead out.
pub(super) fn walk(root: &Path, patterns: &PathPatterns) -> Result<Vec<String>, FileError> {
    let mut walk = Walk { root, patterns, seen: 0, found: BTreeSet::new() };
    for (start, depth) in &patterns.roots {
        let folder = root.join(start);
        // A pattern whose folder is not there matches nothing.
        let Ok(real) = folder.canonicalize() else { continue };
        if !real.starts_with(root) {
            return Err(FileError::LeadsOut { path: start.clone() });
        }
        if real.is_dir() {
            walk.folders(folder, start.clone(), depth.unwrap_or(DEEPEST))?;
        }
    }
    Ok(walk.found.into_iter().collect())
}

struct Walk<'a> {
    root: &'a Path,
    patterns: &'a PathPatterns,
    seen: usize,
    found: BTreeSet<String>,
}

impl Walk<'_> {
    fn folders(&mut self, folder: PathBuf, name: String, depth: usize) -> Result<(), FileError> {
        let mut open = vec![(folder, name, depth)];
        while let Some((folder, name, depth)) = open.pop() {
            let unreadable = |error: std::io::Error| FileError::Unreadable {
                path: name.clone(),
                reason: error.to_string(),
            };
            for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                self.seen += 1;
                if self.seen > MOST_ENTRIES {
                    return Err(FileError::TooMany { most: MOST_ENTRIES });
                }
                let file_name = entry.file_name();
                let shown = file_name.to_string_lossy();
                if shown.starts_with('.') && !self.patterns.hidden {
                    continue;
                }
                let path = if name.is_empty() { shown.to_string() } else { format!("{name}/{shown}") };
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_dir() {
                    if depth > 1 {
                        open.push((entry.path(), path, depth - 1));
                    }
                } else if self.patterns.matches(&path) {
                    if file_name.to_str().is_none() {
                        return Err(FileError::NameNotText { path });
                    }
                    self.file(&entry.path(), path, kind.is_symlink())?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, path: String, is_link: bool) -> Result<(), FileError> {
        let metadata = std::fs::metadata(file)
            .map_err(|error| FileError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        if is_link && !file.canonicalize().is_ok_and(|real| real.starts_with(self.root)) {
            return Err(FileError::LeadsOut { path });
        }
        if metadata.is_file() {
            self.found.insert(path);
        }
        Ok(())
    }
}
