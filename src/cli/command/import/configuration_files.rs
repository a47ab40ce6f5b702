//! The files of a configuration of Batch Shipyard, as they lie in their folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bounded_file;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::import::shipyard::{File, MAX_BYTES, belongs};

/// The endings that Batch Shipyard looks for, in its order.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What was found in a folder.
pub(super) struct Found {
    /// The files that belong to the configuration.
    pub(super) files: Vec<File>,
    /// Names of files that look like it and do not.
    pub(super) ignored: Vec<String>,
}

/// Reads the files of a folder; of files of jobs those that are named, if any are.
pub(super) fn read(folder: &Path, jobs: &[PathBuf]) -> Result<Found, CommandError> {
    let mut found = Found { files: Vec::new(), ignored: Vec::new() };
    for path in candidates(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_jobs = name.starts_with("jobs");
        if is_jobs && !jobs.is_empty() {
            continue;
        }
        let text = text_of(&path)?;
        match text.filter(|text| belongs(&name, text)) {
            Some(text) => found.files.push(File { name: path.display().to_string(), text }),
            None => found.ignored.push(name),
        }
    }
    for path in jobs {
        let beside = folder.join(path);
        let path = if beside.is_file() { beside } else { path.clone() };
        let text = text_of(&path)?.ok_or_else(|| unreadable(&path, "it is not UTF-8 text"))?;
        found.files.push(File { name: path.display().to_string(), text });
    }
    if found.files.is_empty() {
        let message = format!("{} holds no configuration of Batch Shipyard", folder.display());
        return Err(CommandError::new(ExitCode::Error, message).hint(Some(nearby(folder))));
    }
    Ok(found)
}

/// Files that could belong to it, each name once, in the order of their names.
fn candidates(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    if folder.is_file() {
        let parent = folder.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let hint = format!("name the folder that it lies in: {}", parent.display());
        let message = format!("{} is a file, and a configuration is a folder", folder.display());
        return Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint)));
    }
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error.to_string()))?;
    let mut by_stem: BTreeMap<String, (usize, PathBuf)> = BTreeMap::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let Some(rank) = ENDINGS.iter().position(|known| *known == ending).filter(|_| path.is_file()) else {
            continue;
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match by_stem.get(&stem) {
            Some((best, _)) if *best <= rank => {}
            _ => {
                by_stem.insert(stem, (rank, path));
            }
        }
    }
    Ok(by_stem.into_values().map(|(_, path)| path).collect())
}

/// The text of a file; none if it is no text and does not have the name of one that belongs to a configuration.
fn text_of(path: &Path) -> Result<Option<String>, CommandError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_known = belongs(&name, "");
    let bytes = match bounded_file::read(path, MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(_) if !is_known => return Ok(None),
        Err(error) => return Err(unreadable(path, &error.to_string())),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) if !is_known => Ok(None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(unreadable(path, &format!("it is not UTF-8 text: byte {at} is part of no character"))
                .hint(Some("save the file as UTF-8".to_owned())))
        }
    }
}

fn unreadable(path: &Path, reason: &str) -> CommandError {
    CommandError::new(ExitCode::Error, format!("{} cannot be read", path.display()))
        .because([reason.to_owned()])
}

/// Where a configuration might be instead.
fn nearby(folder: &Path) -> String {
    let is_configuration = |path: &PathBuf| {
        ENDINGS.iter().any(|ending| {
            ["config", "pool"].iter().any(|stem| path.join(format!("{stem}.{ending}")).is_file())
        })
    };
    let walk = walkdir::WalkDir::new(folder).min_depth(1).max_depth(3).into_iter().flatten();
    let mut folders: Vec<PathBuf> =
        walk.take(10_000).map(walkdir::DirEntry::into_path).filter(is_configuration).collect();
    folders.sort();
    match folders.as_slice() {
        [] => "it is a folder with pool.yaml, jobs.yaml, config.yaml and credentials.yaml".to_owned(),
        [only] => format!("did you mean {}?", only.display()),
        [first, rest @ ..] => {
            format!("did you mean {} or another of {} below it?", first.display(), rest.len() + 1)
        }
    }
}
