//! One folder.

use std::collections::HashMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use include_dir::Dir;

use super::error::FileError;
use super::patterns::PathPatterns;
use super::walk::walk;
use crate::bounded_file;

/// The largest file whose text an expression may take, in bytes.
const LARGEST_FILE: usize = 1024 * 1024;
/// The most bytes of all files that expressions take from one folder.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A folder whose files recipes may read. What has been read once stays as it was, so that every task sees the same.
#[derive(Debug)]
pub struct Folder {
    place: Place,
    texts: Mutex<Texts>,
}

#[derive(Debug)]
enum Place {
    /// On this machine.
    Disk(PathBuf),
    /// In the program.
    Program(&'static Dir<'static>),
}

#[derive(Debug, Default)]
struct Texts {
    read: HashMap<String, Result<Arc<str>, FileError>>,
    bytes: usize,
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Disk(path) if path == Path::new(".") => f.write_str("the working folder"),
            Place::Disk(path) => write!(f, "{}", path.display()),
            Place::Program(folder) => write!(f, "the library's {}", folder.path().display()),
        }
    }
}

impl Folder {
    /// The folder at a path, which need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path: PathBuf = path.into();
        // The folder of a bare file name has no name of its own.
        let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path };
        Self { place: Place::Disk(path), texts: Mutex::default() }
    }

    /// A folder that is part of the program.
    pub fn embedded(folder: &'static Dir<'static>) -> Self {
        Self { place: Place::Program(folder), texts: Mutex::default() }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// When the path does not name a text below this folder.
    pub fn text(&self, path: &str) -> Result<Arc<str>, FileError> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.read.get(path) {
            return text.clone();
        }
        let text = self.read(path, MOST_BYTES - texts.bytes);
        texts.bytes += text.as_ref().map_or(0, |text| text.len());
        texts.read.insert(path.to_owned(), text.clone());
        text
    }

    /// The paths of the files that match, sorted.
    ///
    /// # Errors
    /// When a folder cannot be read, or a link leads out.
    pub fn list(&self, patterns: &PathPatterns) -> Result<Vec<String>, FileError> {
        match &self.place {
            Place::Disk(path) => walk(&real(path, ".")?, patterns),
            Place::Program(folder) => Ok(list_embedded(folder, patterns)),
        }
    }

    /// The files at a path, each with its path below that, sorted: the files in a folder, but hidden ones; of a file itself, which
    /// has nothing below it, that path is empty.
    ///
    /// # Errors
    /// When nothing is there, or the path does not stay below this folder.
    pub fn files_at(&self, path: &str) -> Result<Vec<(String, PathBuf)>, FileError> {
        check(path)?;
        let Place::Disk(folder) = &self.place else {
            return Err(FileError::NoFile { path: path.to_owned() });
        };
        let root = real(folder, path)?;
        let unreadable = |error: std::io::Error| FileError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let found = root.join(path).canonicalize().map_err(unreadable)?;
        if !found.starts_with(&root) {
            return Err(FileError::LeadsOut { path: path.to_owned() });
        }
        if found.is_file() {
            return Ok(vec![(String::new(), found)]);
        }
        if !found.is_dir() {
            return Err(FileError::NoFile { path: path.to_owned() });
        }
        let everything = PathPatterns::new(&[], &[]).map_err(|_| FileError::Empty)?;
        let names = walk(&found, &everything)?;
        Ok(names.into_iter().map(|below| (below.clone(), found.join(below))).collect())
    }

    fn read(&self, path: &str, left: usize) -> Result<Arc<str>, FileError> {
        let shown = || path.to_owned();
        let unreadable =
            |error: std::io::Error| FileError::Unreadable { path: shown(), reason: error.to_string() };
        check(path)?;
        let folder = match &self.place {
            Place::Disk(folder) => folder,
            Place::Program(folder) => return read_embedded(folder, path),
        };
        let root = real(folder, path)?;
        let real = root.join(path).canonicalize().map_err(unreadable)?;
        if !real.starts_with(&root) {
            return Err(FileError::LeadsOut { path: shown() });
        }
        if !real.is_file() {
            return Err(FileError::NoFile { path: shown() });
        }
        let mut bytes = Vec::new();
        let file = bounded_file::open(&real).map_err(unreadable)?;
        file.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > LARGEST_FILE {
            return Err(FileError::TooLarge { path: shown(), most: LARGEST_FILE });
        }
        if bytes.len() > left {
            return Err(FileError::TooMuch { most: MOST_BYTES });
        }
        String::from_utf8(bytes).map(Arc::from).map_err(|_| FileError::NotText { path: shown() })
    }
}

/// Whether a path can lead below a folder.
fn check(path: &str) -> Result<(), FileError> {
    if path.is_empty() {
        return Err(FileError::Empty);
    }
    for component in Path::new(path).components() {
        match component {
            Component::Prefix(_) | Component::RootDir => {
                return Err(FileError::Absolute { path: path.to_owned() });
            }
            Component::ParentDir => return Err(FileError::Up { path: path.to_owned() }),
            Component::CurDir | Component::Normal(_) => {}
        }
    }
    Ok(())
}

fn real(folder: &Path, shown: &str) -> Result<PathBuf, FileError> {
    folder
        .canonicalize()
        .map_err(|error| FileError::Unreadable { path: shown.to_owned(), reason: error.to_string() })
}

fn read_embedded(folder: &'static Dir<'static>, path: &str) -> Result<Arc<str>, FileError> {
    let file = folder.get_file(folder.path().join(path));
    let file = file.ok_or_else(|| FileError::NoFile { path: path.to_owned() })?;
    file.contents_utf8().map(Arc::from).ok_or_else(|| FileError::NotText { path: path.to_owned() })
}

fn list_embedded(folder: &'static Dir<'static>, patterns: &PathPatterns) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(inner) = open.pop() {
        open.extend(inner.dirs());
        let paths = inner.files().filter_map(|file| file.path().strip_prefix(folder.path()).ok()?.to_str());
        found.extend(paths.filter(|path| patterns.matches(path)).map(str::to_owned));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("recipe");
        std::fs::create_dir_all(root.join("data/deep/er")).unwrap();
        std::fs::create_dir_all(root.join(".hidden")).unwrap();
        for name in ["b.csv", "a.csv", "a.txt", "deep/c.csv", "deep/er/d.csv", "../.hidden/e.csv"] {
            std::fs::write(root.join("data").join(name), name).unwrap();
        }
        std::fs::write(folder.path().join("outside.csv"), "secret").unwrap();
        std::os::unix::fs::symlink("a.csv", root.join("data/link.csv")).unwrap();
        folder
    }

    fn list(folder: &Folder, pattern: &str) -> Result<Vec<String>, FileError> {
        folder.list(&PathPatterns::new(&[pattern], &[]).unwrap())
    }

    #[test]
    fn files_are_listed_sorted_and_without_hidden_ones() {
        let tree = tree();
        let folder = Folder::new(tree.path().join("recipe"));
        assert_eq!(list(&folder, "data/*.csv").unwrap(), ["data/a.csv", "data/b.csv", "data/link.csv"]);
        let all = ["data/a.csv", "data/b.csv", "data/deep/c.csv", "data/deep/er/d.csv", "data/link.csv"];
        assert_eq!(list(&folder, "**/*.csv").unwrap(), all);
        assert_eq!(list(&folder, "./data/deep/**").unwrap(), ["data/deep/c.csv", "data/deep/er/d.csv"]);
        assert_eq!(list(&folder, "data/*/*.csv").unwrap(), ["data/deep/c.csv"]);
        assert_eq!(list(&folder, ".hidden/*").unwrap(), [".hidden/e.csv"]);
        assert_eq!(list(&folder, "nothing/*").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_out_are_refused_and_folders_behind_links_are_not_entered() {
        let tree = tree();
        let root = tree.path().join("recipe");
        let folder = Folder::new(&root);
        std::os::unix::fs::symlink("..", root.join("data/up")).unwrap();
        std::os::unix::fs::symlink("../../..", root.join("data/far")).unwrap();
        assert_eq!(list(&folder, "data/*.csv").unwrap().len(), 3);
        assert_eq!(list(&folder, "data/far/*"), Err(FileError::LeadsOut { path: "data/far".into() }));
        std::os::unix::fs::symlink("../../outside.csv", root.join("data/out.csv")).unwrap();
        let leads_out = FileError::LeadsOut { path: "data/out.csv".into() };
        assert_eq!(list(&folder, "data/*.csv"), Err(leads_out.clone()));
        assert_eq!(folder.text("data/out.csv"), Err(leads_out));
        assert_eq!(folder.text("data/link.csv").as_deref(), Ok("a.csv"));
    }

    #[test]
    fn only_texts_below_the_folder_are_read() {
        let tree = tree();
        let folder = Folder::new(tree.path().join("recipe"));
        assert_eq!(folder.text("data/deep/c.csv").as_deref(), Ok("deep/c.csv"));
        assert_eq!(folder.text("/etc/passwd"), Err(FileError::Absolute { path: "/etc/passwd".into() }));
        assert_eq!(folder.text("../outside.csv"), Err(FileError::Up { path: "../outside.csv".into() }));
        assert_eq!(folder.text("data/../a"), Err(FileError::Up { path: "data/../a".into() }));
        assert_eq!(folder.text("data"), Err(FileError::NoFile { path: "data".into() }));
        assert_eq!(folder.text(""), Err(FileError::Empty));
        assert!(matches!(folder.text("nope"), Err(FileError::Unreadable { .. })));
        let root = tree.path().join("recipe");
        let file = |name: &str, bytes: &[u8]| std::fs::write(root.join(name), bytes).unwrap();
        file("binary", &[0xff, 0xfe]);
        assert_eq!(folder.text("binary"), Err(FileError::NotText { path: "binary".into() }));
        file("large", &vec![b'x'; LARGEST_FILE + 1]);
        assert_eq!(
            folder.text("large"),
            Err(FileError::TooLarge { path: "large".into(), most: LARGEST_FILE })
        );
    }

    #[test]
    fn a_text_stays_as_it_was_read_first_and_all_together_are_limited() {
        let tree = tree();
        let folder = Folder::new(tree.path().join("recipe"));
        assert_eq!(folder.text("data/a.csv").as_deref(), Ok("a.csv"));
        std::fs::write(tree.path().join("recipe/data/a.csv"), "changed").unwrap();
        assert_eq!(folder.text("data/a.csv").as_deref(), Ok("a.csv"));
        for number in 0..17 {
            let path = tree.path().join(format!("recipe/{number}"));
            std::fs::write(path, vec![b'x'; LARGEST_FILE]).unwrap();
        }
        let read = (0..17).map(|number| folder.text(&number.to_string()).is_ok()).collect::<Vec<_>>();
        assert_eq!(read.iter().filter(|ok| **ok).count(), 15);
        assert_eq!(folder.text("16"), Err(FileError::TooMuch { most: MOST_BYTES }));
    }
}
