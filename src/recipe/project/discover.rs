//! Finding the project file of a recipe.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What a project file is called.
pub const FILE_NAME: &str = "batchyard.yaml";

/// A project file that somebody else has put there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the project file {} belongs to another user, who could send what you do elsewhere", .0.display())]
pub struct UntrustedProject(pub PathBuf);

/// Looks for project files, and remembers what it has seen: of many recipes that lie side by side, only the first makes it look
/// into the folders above.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Folders without links on the way, by the paths that they go by.
    real: HashMap<PathBuf, PathBuf>,
    /// The project files of such folders.
    nearest: HashMap<PathBuf, Result<Option<PathBuf>, UntrustedProject>>,
}

impl Discovery {
    /// The project file of the nearest folder that has one, from `start`, a file or folder, upwards.
    ///
    /// A project file says which account is worked on, and so where registry passwords are sent. One that somebody else may have
    /// put into a folder above, such as `/tmp`, is therefore refused: it has to be named.
    ///
    /// # Errors
    /// When it belongs neither to this user nor to root.
    pub fn find(&mut self, start: &Path) -> Result<Option<PathBuf>, UntrustedProject> {
        // A path that does not exist is somebody else's complaint.
        self.folder_of(start).map_or(Ok(None), |folder| self.nearest(&folder))
    }

    /// The folder to begin at, without links on the way.
    fn folder_of(&mut self, start: &Path) -> Option<PathBuf> {
        let kind = start.symlink_metadata().ok()?.file_type();
        match start.parent() {
            _ if kind.is_dir() => self.real(start),
            Some(parent) if !kind.is_symlink() => self.real(parent),
            _ => {
                let real = start.canonicalize().ok()?;
                if real.is_dir() { Some(real) } else { real.parent().map(Path::to_owned) }
            }
        }
    }

    /// A folder without links on the way to it.
    fn real(&mut self, folder: &Path) -> Option<PathBuf> {
        if let Some(real) = self.real.get(folder) {
            return Some(real.clone());
        }
        // Without a slash or a dot behind it, which would follow a link.
        let bare: PathBuf = folder.components().collect();
        let real = match (bare.parent(), bare.file_name()) {
            (Some(parent), Some(name)) if !bare.symlink_metadata().ok()?.is_symlink() => {
                self.real(parent)?.join(name)
            }
            (_, None) if bare.as_os_str().is_empty() => Path::new(".").canonicalize().ok()?,
            _ => bare.canonicalize().ok()?,
        };
        self.real.insert(folder.to_owned(), real.clone());
        Some(real)
    }

    fn nearest(&mut self, folder: &Path) -> Result<Option<PathBuf>, UntrustedProject> {
        if let Some(known) = self.nearest.get(folder) {
            return known.clone();
        }
        let file = folder.join(FILE_NAME);
        let found = match folder.parent() {
            _ if file.is_file() && !is_trusted(&file) => Err(UntrustedProject(file)),
            _ if file.is_file() => Ok(Some(shortened(file))),
            Some(parent) => self.nearest(parent),
            None => Ok(None),
        };
        self.nearest.insert(folder.to_owned(), found.clone());
        found
    }
}

/// The path from the working folder, if the file is in or below it: what people know it by.
fn shortened(file: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|folder| folder.canonicalize());
    let relative = here.ok().and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    relative.unwrap_or(file)
}

#[cfg(unix)]
fn is_trusted(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // The file, and the link to it if there is one: paths in it begin where that lies.
    [std::fs::metadata(file), std::fs::symlink_metadata(file)].into_iter().all(|metadata| {
        metadata.is_ok_and(|metadata| [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()))
    })
}

#[cfg(not(unix))]
fn is_trusted(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discover(start: &Path) -> Result<Option<PathBuf>, UntrustedProject> {
        Discovery::default().find(start)
    }

    #[test]
    fn the_nearest_file_upwards_is_found() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b/c");
        std::fs::create_dir_all(&deep).unwrap();
        assert_eq!(discover(&deep), Ok(None));
        let found = |start: &Path| discover(start).unwrap().map(|path| path.canonicalize().unwrap());
        let project = root.path().canonicalize().unwrap().join(FILE_NAME);
        std::fs::write(&project, "").unwrap();
        assert_eq!(found(&deep), Some(project));
        let nearer = root.path().canonicalize().unwrap().join("a").join(FILE_NAME);
        std::fs::write(&nearer, "").unwrap();
        std::fs::write(deep.join("recipe.yaml"), "").unwrap();
        assert_eq!(found(&deep.join("recipe.yaml")), Some(nearer));
        assert_eq!(discover(&deep.join("nope")), Ok(None));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_was_seen_is_remembered() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["a/deep", "b", "c"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files = ["a", "b"].map(|folder| root.join(folder).join(FILE_NAME));
        for file in &files {
            std::fs::write(file, "").unwrap();
        }
        std::fs::write(root.join("a/deep/recipe.yaml"), "").unwrap();
        std::fs::write(root.join("b/recipe.yaml"), "").unwrap();
        std::os::unix::fs::symlink("../a/deep", root.join("b/link")).unwrap();
        std::os::unix::fs::symlink("../a/deep/recipe.yaml", root.join("b/linked.yaml")).unwrap();
        let [of_a, of_b] = files.map(Some);
        let mut discovery = Discovery::default();
        for _ in 0..2 {
            for (start, expected) in [
                ("b/recipe.yaml", &of_b),
                ("b/link/recipe.yaml", &of_a),
                ("b/link", &of_a),
                ("b/link/", &of_a),
                ("b/link/.", &of_a),
                ("b/link/..", &of_a),
                ("b/../a/deep/recipe.yaml", &of_a),
                ("b/linked.yaml", &of_a),
                ("b", &of_b),
                ("c", &None),
                ("c/nope.yaml", &None),
            ] {
                assert_eq!(discovery.find(&root.join(start)).as_ref(), Ok(expected), "{start}");
            }
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
    fn a_file_of_somebody_else_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().canonicalize().unwrap().join(FILE_NAME);
        std::fs::write(&file, "").unwrap();
        if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
            eprintln!("skipped: only root can give a file away");
            return;
        }
        assert_eq!(discover(root.path()), Err(UntrustedProject(file.clone())));
        // Nor is a link of somebody else to a file of ours followed.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(root.path().join("ours.yaml"), "").unwrap();
        std::os::unix::fs::symlink("ours.yaml", &file).unwrap();
        assert_eq!(discover(root.path()).map(|found| found.is_some()), Ok(true));
        std::os::unix::fs::lchown(&file, Some(65_534), None).unwrap();
        assert_eq!(discover(root.path()), Err(UntrustedProject(file)));
    }
}
