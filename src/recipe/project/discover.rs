//! Finding the project file of a recipe.

use std::path::{Path, PathBuf};

/// What a project file is called.
pub const FILE_NAME: &str = "batchyard.yaml";

/// A project file that somebody else has put there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the project file {} belongs to another user, who could send what you do elsewhere", .0.display())]
pub struct UntrustedProject(pub PathBuf);

/// The project file of the nearest folder that has one, from `start`, a file or folder, upwards.
///
/// A project file says which account is worked on, and so where registry passwords are sent. One that somebody else may have
/// put into a folder above, such as `/tmp`, is therefore refused: it has to be named.
///
/// # Errors
/// When it belongs neither to this user nor to root.
pub fn discover(start: &Path) -> Result<Option<PathBuf>, UntrustedProject> {
    // A path that does not exist is somebody else's complaint.
    let Ok(real) = start.canonicalize() else { return Ok(None) };
    let folder = if real.is_dir() { Some(real.as_path()) } else { real.parent() };
    let found = folder.into_iter().flat_map(Path::ancestors).map(|folder| folder.join(FILE_NAME));
    let Some(file) = found.into_iter().find(|file| file.is_file()) else { return Ok(None) };
    if is_trusted(&file) { Ok(Some(shortened(file))) } else { Err(UntrustedProject(file)) }
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
