//! The local files that tasks get, and what is in them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{FileError, Folder, Folders};
use crate::bounded_file;
use crate::diagnostic::SourceId;
use crate::resource::InputFile;

/// The most files that one input stands for: each becomes a resource file of a task, and a request holds 1 MB.
const MOST_FILES: usize = 1_000;

/// A local file, by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: Arc<str>,
}

/// How many paths are remembered. A million tasks may all name one folder, or a file each.
const REMEMBERED: usize = 10_000;

/// The files at a path, each with its path below that.
type Found = Arc<Vec<(String, PathBuf)>>;

/// Finds local files and knows what is in them. A file is read once, so that every task sees the same.
#[derive(Debug, Default)]
pub struct InputFiles {
    folders: Folders,
    found: Mutex<HashMap<(SourceId, String), Found>>,
    read: Mutex<HashMap<PathBuf, LocalFile>>,
}

impl InputFiles {
    /// Files of the folders that the texts of a recipe are in.
    pub fn new(folders: Folders) -> Self {
        Self { folders, found: Mutex::default(), read: Mutex::default() }
    }

    /// Looks whether there are files at a path that stands in a text, without reading them.
    ///
    /// # Errors
    /// When there are none, or too many, or they are not below the text's folder.
    pub fn look(&self, path: &str, source: SourceId) -> Result<(), FileError> {
        self.find(path, source).map(drop)
    }

    /// The files at a path that stands in a text, each with its path below that; a file itself has none.
    ///
    /// # Errors
    /// When they can't be found or read.
    pub fn read(&self, path: &str, source: SourceId) -> Result<Vec<(String, LocalFile)>, FileError> {
        let found = self.find(path, source)?;
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let read = found.iter().map(|(below, real)| {
            if let Some(file) = known.get(real) {
                return Ok((below.clone(), file.clone()));
            }
            let unreadable =
                |error: io::Error| FileError::Unreadable { path: path.to_owned(), reason: error.to_string() };
            let file = identify(real).map_err(unreadable)?;
            known.insert(real.clone(), file.clone());
            Ok((below.clone(), file))
        });
        read.collect()
    }

    fn find(&self, path: &str, source: SourceId) -> Result<Found, FileError> {
        let place = (source, path.to_owned());
        let mut known = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&place) {
            return Ok(Arc::clone(found));
        }
        let here = Arc::new(Folder::new("."));
        let found = self.folders.of(source).unwrap_or(&here).files_at(path)?;
        match found.len() {
            0 => Err(FileError::NoFile { path: path.to_owned() }),
            count if count > MOST_FILES => Err(FileError::TooMany { most: MOST_FILES }),
            _ => {
                let found = Arc::new(found);
                if known.len() < REMEMBERED {
                    known.insert(place, Arc::clone(&found));
                }
                Ok(found)
            }
        }
    }
}

fn identify(path: &Path) -> io::Result<LocalFile> {
    let (size, sha256) = InputFile::identify(bounded_file::open(path)?)?;
    Ok(LocalFile { path: path.to_owned(), size, sha256: sha256.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("data/deep")).unwrap();
        for name in ["data/a", "data/deep/b", "data/.hidden"] {
            std::fs::write(folder.path().join(name), "abc").unwrap();
        }
        let mut folders = Folders::default();
        let source = SourceId::default();
        folders.insert(source, Arc::new(Folder::new(folder.path())));
        let files = InputFiles::new(folders);
        let read = files.read("data/", source).unwrap();
        let names: Vec<_> = read.iter().map(|(below, _)| below.as_str()).collect();
        assert_eq!(names, ["a", "deep/b"]);
        let (_, file) = &read[0];
        // printf abc | sha256sum
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((&*file.sha256, file.size), (expected, 3));
        assert_eq!(read[0].1.sha256, read[1].1.sha256);
        assert_eq!(files.read("./data/a", source).unwrap()[0].0, "");
        // As it was read first, whatever becomes of it.
        std::fs::write(folder.path().join("data/a"), "changed").unwrap();
        assert_eq!(&*files.read("data/a", source).unwrap()[0].1.sha256, expected);
        for path in ["none", "../x", "/etc/passwd", ""] {
            assert!(files.look(path, source).is_err(), "{path}");
        }
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("out/link")).unwrap();
        for path in ["out", "out/link"] {
            assert!(matches!(files.look(path, source), Err(FileError::LeadsOut { .. })), "{path}");
        }
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        assert_eq!(files.look("empty", source), Err(FileError::NoFile { path: "empty".into() }));
    }
}
