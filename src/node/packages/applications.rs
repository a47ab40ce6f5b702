//! The application packages of an account, in a folder.
//!
//! ```text
//! <application>/<version>.zip
//! <application>/default         the version that is meant where none is named
//! ```
//!
//! In Azure they are uploaded through Azure Resource Manager, which is no part of Azure Batch's own API: that only reads them.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::batch::model::BatchApplicationPackageReference;

const ARCHIVE: &str = "zip";
const DEFAULT: &str = "default";
/// The longest name of an application or of a version.
const LONGEST_NAME: usize = 64;
/// More than the name of a version and the end of a line.
const LONGEST_DEFAULT: u64 = 256;

/// The application packages of an account. What is in their folder is looked at each time.
#[derive(Debug, Clone)]
pub struct Applications {
    folder: PathBuf,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Its versions, in the order of their names.
    pub versions: Vec<String>,
    /// The version that is meant where none is named, if that is said.
    pub default: Option<String>,
}

/// A package that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) application: String,
    pub(super) version: String,
    /// Its archive.
    pub(super) file: PathBuf,
}

/// Why there is no such package.
#[derive(Debug, thiserror::Error)]
pub enum UnknownPackage {
    /// There is no such application.
    #[error("there is no application `{application}`; its packages would be {}/{application}/<version>.zip", folder.display())]
    Application {
        /// Its id.
        application: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The application has no such version.
    #[error("application `{application}` has no version `{version}`; it has {versions}")]
    Version {
        /// The application.
        application: String,
        /// The version.
        version: String,
        /// The versions that there are, in words.
        versions: String,
    },
    /// No version was named, and none is the default.
    #[error(
        "application `{application}` has no default version; name one of {versions}, or write one into the file `{application}/default`"
    )]
    NoDefault {
        /// The application.
        application: String,
        /// The versions that there are, in words.
        versions: String,
    },
    /// The folder can't be read.
    #[error("the application packages in {} can't be read", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Applications {
    /// The packages in that folder.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All applications, in the order of their ids. What has no name of an application, or no version, is none.
    ///
    /// # Errors
    /// When the folder can't be read. One that is not there holds none.
    pub fn list(&self) -> io::Result<Vec<Application>> {
        let mut applications = Vec::new();
        for id in names(&self.folder)? {
            if is_application(&id) && self.folder.join(&id).is_dir() {
                applications.extend(read(&self.folder, &id)?);
            }
        }
        applications.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(applications)
    }

    /// The application of that id, which is compared without regard to case.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn find(&self, id: &str) -> io::Result<Option<Application>> {
        if !is_application(id) {
            return Ok(None);
        }
        let mut names = names(&self.folder)?;
        names.sort();
        let name = names.iter().find(|name| name.eq_ignore_ascii_case(id));
        let name = name.filter(|name| self.folder.join(name).is_dir());
        name.map_or(Ok(None), |name| read(&self.folder, name))
    }

    /// Whether there is the package that a reference means.
    ///
    /// # Errors
    /// Why there is none.
    pub fn check(&self, reference: &BatchApplicationPackageReference) -> Result<(), UnknownPackage> {
        self.package(reference).map(drop)
    }

    /// The package that a reference means.
    pub(super) fn package(
        &self,
        reference: &BatchApplicationPackageReference,
    ) -> Result<Package, UnknownPackage> {
        let folder = &self.folder;
        let id = reference.application();
        let found = self
            .find(id)
            .map_err(|source| UnknownPackage::Unreadable { folder: folder.clone(), source })?
            .ok_or_else(|| UnknownPackage::Application {
                application: id.to_owned(),
                folder: folder.clone(),
            })?;
        let versions = found.versions.join(", ");
        let version = match (&reference.version, &found.default) {
            (Some(named), _) => {
                let known = found.versions.iter().find(|known| known.eq_ignore_ascii_case(named));
                known.ok_or_else(|| UnknownPackage::Version {
                    application: found.id.clone(),
                    version: named.clone(),
                    versions,
                })?
            }
            (None, Some(default)) => default,
            (None, None) => {
                return Err(UnknownPackage::NoDefault { application: found.id.clone(), versions });
            }
        };
        let file = folder.join(&found.id).join(format!("{version}.{ARCHIVE}"));
        Ok(Package { application: found.id.clone(), version: version.clone(), file })
    }
}

/// The application in a folder; `None` if it has no version.
fn read(folder: &Path, id: &str) -> io::Result<Option<Application>> {
    let place = folder.join(id);
    let mut versions: Vec<String> = names(&place)?
        .iter()
        .filter_map(|name| name.strip_suffix(ARCHIVE)?.strip_suffix('.'))
        .filter(|version| is_version(version))
        .map(str::to_owned)
        .collect();
    versions.sort();
    if versions.is_empty() {
        return Ok(None);
    }
    let named = default(&place.join(DEFAULT));
    let default = named.and_then(|named| {
        versions.iter().find(|version| version.eq_ignore_ascii_case(named.trim())).cloned()
    });
    Ok(Some(Application { id: id.to_owned(), versions, default }))
}

/// What a file says of the default version.
fn default(file: &Path) -> Option<String> {
    // A pipe without a writer would be waited for.
    fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    let mut text = String::new();
    fs::File::open(file).ok()?.take(LONGEST_DEFAULT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The names in a folder that are text; none if it is not there.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
            entries.filter_map(|entry| name(entry).transpose()).collect()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_application(name: &str) -> bool {
    is_name(name, "_-")
}

fn is_version(name: &str) -> bool {
    is_name(name, "_-.") && !name.starts_with('.')
}

fn is_name(name: &str, more: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(application: &str, version: Option<&str>) -> BatchApplicationPackageReference {
        BatchApplicationPackageReference {
            application_id: application.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in
            ["Blender/2.7.zip", "Blender/2.8.zip", "solver/1.0.zip", "solver/.hidden.zip", "no app/1.zip"]
        {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::write(folder.path().join("Blender/default"), "2.8\n").unwrap();
        fs::write(folder.path().join("solver/default"), "9.9\n").unwrap();
        folder
    }

    #[test]
    fn applications_are_folders_of_versions() {
        let folder = folder();
        let applications = Applications::at(folder.path().to_owned());
        let application = |id: &str, versions: &[&str], default: Option<&str>| Application {
            id: id.to_owned(),
            versions: versions.iter().map(|&version| version.to_owned()).collect(),
            default: default.map(str::to_owned),
        };
        assert_eq!(
            applications.list().unwrap(),
            [application("Blender", &["2.7", "2.8"], Some("2.8")), application("solver", &["1.0"], None)]
        );
        assert_eq!(applications.find("BLENDER").unwrap().unwrap().id, "Blender");
        assert_eq!(applications.find("empty").unwrap(), None);
        assert!(Applications::at("/nonexistent/packages".into()).list().unwrap().is_empty());
    }

    #[test]
    fn a_reference_means_a_version_or_the_default_one() {
        let folder = folder();
        let applications = Applications::at(folder.path().to_owned());
        let version =
            |application, version| applications.package(&reference(application, version)).unwrap().version;
        assert_eq!(version("blender", Some("2.7")), "2.7");
        assert_eq!(version("blender", None), "2.8");
        let qualified = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/Blender";
        assert_eq!(version(qualified, None), "2.8");
        let file = applications.package(&reference("SOLVER", Some("1.0"))).unwrap().file;
        assert_eq!(file, folder.path().join("solver/1.0.zip"));
        for (application, version, reason) in [
            ("other", None, "no application `other`"),
            ("../x", None, "no application"),
            ("blender", Some("3"), "no version `3`; it has 2.7, 2.8"),
            ("blender", Some("../../x"), "no version"),
            ("solver", None, "no default version; name one of 1.0"),
        ] {
            let error = applications.check(&reference(application, version)).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
