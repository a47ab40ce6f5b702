//! This program as a folder, to be mounted into containers whose images have other libraries, or none.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::elf::loader;
use super::libraries::{mapped, other_names};

/// What the folder's files are called.
const PROGRAM: &str = "batchyard";
const LOADER: &str = "loader";
const LIBRARIES: &str = "lib";

/// How the program in the folder is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launcher {
    /// By itself: it needs no libraries.
    Itself,
    /// By the loader beside it, with the libraries beside it, whatever the container has.
    Loader,
}

impl Launcher {
    /// The words that start the program where the folder is seen at `place`.
    pub fn command(self, place: &str) -> Vec<String> {
        let program = format!("{place}/{PROGRAM}");
        match self {
            Self::Itself => vec![program],
            Self::Loader => vec![
                format!("{place}/{LOADER}"),
                "--library-path".to_owned(),
                format!("{place}/{LIBRARIES}"),
                program,
            ],
        }
    }
}

/// The folder with this program, made in the folder `cache` unless it is there already.
///
/// # Errors
/// When a part can't be read, or the folder can't be written; says which.
pub fn program_folder(cache: &Path) -> io::Result<(PathBuf, Launcher)> {
    // Not by its path, where a newer build may be by now.
    folder_of(Path::new("/proc/self/exe"), cache)
}

fn folder_of(executable: &Path, cache: &Path) -> io::Result<(PathBuf, Launcher)> {
    let (files, launcher) = files(executable)?;
    let folder = cache.join(format!("program-{}", key(&files)?));
    if !folder.exists() {
        make_folder(cache)?;
        remove_others(cache)?;
        // Whole from the moment it appears.
        let draft = tempfile::Builder::new().prefix(".program-").tempdir_in(cache)?;
        let whole = draft.path().join("whole");
        make_folder(&whole)?;
        make_folder(&whole.join(LIBRARIES))?;
        for (name, source) in &files {
            copy(source, &whole.join(name))?;
        }
        fs::rename(&whole, &folder)?;
    }
    Ok((folder.canonicalize()?, launcher))
}

/// Which file of the machine has which name in the folder.
fn files(executable: &Path) -> io::Result<(BTreeMap<PathBuf, PathBuf>, Launcher)> {
    let mut files = BTreeMap::from([(PathBuf::from(PROGRAM), executable.to_owned())]);
    let Some(loader) = loader(&fs::read(executable)?) else { return Ok((files, Launcher::Itself)) };
    let own = fs::read_link("/proc/self/exe").unwrap_or_default();
    for library in mapped(&fs::read_to_string("/proc/self/maps")?, &own) {
        for name in other_names(&library).iter().chain([&library]).filter_map(|path| path.file_name()) {
            files.insert(Path::new(LIBRARIES).join(name), library.clone());
        }
    }
    files.insert(LOADER.into(), loader);
    Ok((files, Launcher::Loader))
}

/// Changes whenever a file does.
fn key(files: &BTreeMap<PathBuf, PathBuf>) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for (name, source) in files {
        let metadata = fs::metadata(source)?;
        let (size, seconds, nanoseconds) = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        let line = format!("{} {size} {seconds}.{nanoseconds} {}\n", name.display(), metadata.ino());
        hasher.update(line.as_bytes());
    }
    Ok(hasher.finalize().to_hex().chars().take(16).collect())
}

/// Makes a folder that any user of a container may look into.
fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let open = File::open(source);
    let mut source =
        open.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", source.display())))?;
    let mut target = File::options().write(true).create_new(true).mode(0o755).open(target)?;
    io::copy(&mut source, &mut target).map(drop)
}

/// Those of other builds of this program have served their time: what runs of them has its files open.
fn remove_others(cache: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("program-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_from_its_folder_alone() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join("program-old")).unwrap();
        let (folder, launcher) = folder_of(Path::new("/proc/self/exe"), cache.path()).unwrap();
        let command = launcher.command(&folder.to_string_lossy());
        let (program, arguments) = command.split_first().unwrap();
        let output = std::process::Command::new(program).args(arguments).arg("--list").env_clear().output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("a_program_runs_from_its_folder_alone"));
        let made = fs::metadata(&folder).unwrap().modified().unwrap();
        assert_eq!(folder_of(Path::new("/proc/self/exe"), cache.path()).unwrap().0, folder);
        assert_eq!(fs::metadata(&folder).unwrap().modified().unwrap(), made, "made once");
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1, "nothing else is left");
    }
}
