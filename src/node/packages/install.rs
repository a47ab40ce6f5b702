//! Bringing packages to a node: each is unpacked once, into a folder of its own below `applications`, and shared by all tasks.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::applications::{Applications, Package, UnknownPackage};
use super::unpack::{UnpackError, unpack};
use crate::batch::model::BatchApplicationPackageReference;
use crate::node::layout::NodeLayout;
use crate::node::plain_path;
use crate::node::root_folder::{file_type, make_child, remove_tree};

/// A package that is on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledPackage {
    /// The application.
    pub application: String,
    /// Its version.
    pub version: String,
    /// Whether it is there as the default version of its application.
    pub by_default: bool,
    /// Its folder, below `applications`.
    pub folder: String,
}

impl InstalledPackage {
    pub(super) fn path(&self, layout: &NodeLayout) -> PathBuf {
        layout.applications().join(&self.folder)
    }
}

/// Why a package is not on a node.
#[derive(Debug, thiserror::Error)]
pub(in crate::node) enum PackageError {
    #[error("the package is not there")]
    Unknown(#[source] UnknownPackage),
    #[error("the package {} can't be read", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("the package {} can't be unpacked", file.display())]
    Unpack { file: PathBuf, source: UnpackError },
    #[error("the folder {} can't be used", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("the node failed to unpack it")]
    Panicked(#[source] tokio::task::JoinError),
}

impl PackageError {
    /// Whether it is the node's fault, and none of whoever made or named the package.
    pub(in crate::node) fn is_of_node(&self) -> bool {
        match self {
            Self::Unknown(UnknownPackage::Unreadable { .. })
            | Self::Read { .. }
            | Self::Folder { .. }
            | Self::Panicked(_) => true,
            Self::Unknown(_) => false,
            Self::Unpack { source, .. } => {
                matches!(source, UnpackError::Full { .. } | UnpackError::Cancelled)
            }
        }
    }
}

/// The package that a reference means, on a node where nothing looks into it.
pub(in crate::node) fn find(
    reference: &BatchApplicationPackageReference,
    applications: &Applications,
) -> Result<InstalledPackage, PackageError> {
    let Package { application, version, .. } =
        applications.package(reference).map_err(PackageError::Unknown)?;
    let folder = format!("{application}{version}");
    Ok(InstalledPackage { application, version, by_default: reference.version.is_none(), folder })
}

/// Has a package on the node that a reference means. What is there already, and has not changed since, is not unpacked again.
pub(in crate::node) fn install(
    reference: &BatchApplicationPackageReference,
    applications: &Applications,
    layout: &NodeLayout,
    cancel: &CancellationToken,
) -> Result<InstalledPackage, PackageError> {
    let package = applications.package(reference).map_err(PackageError::Unknown)?;
    let read = |source| PackageError::Read { file: package.file.clone(), source };
    let archive = File::open(&package.file).map_err(read)?;
    let name = folder_name(&package, &archive).map_err(read)?;
    let all = layout.applications();
    let folder = |source| PackageError::Folder { folder: all.clone(), source };
    let applications = plain_path::make_folders(&all).map_err(folder)?;
    if file_type(&applications, OsStr::new(&name)).map_err(folder)? != Some(FileType::Directory) {
        let draft = format!(".{name}.unpacking");
        let unpacked = unpack_into(&applications, &draft, archive, &package.file, cancel);
        let moved = unpacked.and_then(|()| {
            rustix::fs::renameat(&applications, &draft, &applications, &name)
                .map_err(|error| folder(error.into()))
        });
        if let Err(error) = moved {
            if let Err(error) = remove_tree(&applications, OsStr::new(&draft)) {
                tracing::warn!(%error, "a part of an application package could not be removed");
            }
            return Err(error);
        }
    }
    Ok(InstalledPackage {
        application: package.application,
        version: package.version,
        by_default: reference.version.is_none(),
        folder: name,
    })
}

fn unpack_into(
    applications: &OwnedFd,
    draft: &str,
    archive: File,
    file: &Path,
    cancel: &CancellationToken,
) -> Result<(), PackageError> {
    let draft = OsStr::new(draft);
    let made = remove_tree(applications, draft).and_then(|()| make_child(applications, draft));
    let made = made.map_err(|source| PackageError::Folder { folder: draft.into(), source })?;
    unpack(io::BufReader::new(archive), &made, cancel)
        .map_err(|source| PackageError::Unpack { file: file.to_owned(), source })
}

/// The name of a package's folder: for people, with a hash that an archive which was replaced does not share with the one before.
fn folder_name(package: &Package, archive: &File) -> io::Result<String> {
    let metadata = archive.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Package { application, version, .. } = package;
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{application}\0{version}\0{}\0", metadata.len()).as_bytes());
    hasher.update(&changed.as_nanos().to_le_bytes());
    let hash: String = hasher.finalize().to_hex().chars().take(8).collect();
    Ok(format!("{application}{version}-{hash}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn write_package(file: &Path, content: &str) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut zip = ZipWriter::new(File::create(file).unwrap());
        zip.start_file("bin/tool", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
        zip.finish().unwrap();
    }

    struct Yard {
        folder: tempfile::TempDir,
    }

    impl Yard {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn archive(&self) -> PathBuf {
            self.folder.path().join("packages/tool/1.0.zip")
        }

        fn layout(&self) -> NodeLayout {
            NodeLayout::new(self.folder.path().join("node"))
        }

        fn install(&self, version: Option<&str>) -> Result<InstalledPackage, PackageError> {
            let applications = Applications::at(self.folder.path().join("packages"));
            let reference = BatchApplicationPackageReference {
                application_id: "tool".to_owned(),
                version: version.map(str::to_owned),
            };
            install(&reference, &applications, &self.layout(), &CancellationToken::new())
        }

        fn tool(&self, package: &InstalledPackage) -> String {
            std::fs::read_to_string(package.path(&self.layout()).join("bin/tool")).unwrap()
        }
    }

    #[test]
    fn a_package_is_unpacked_once_and_anew_when_it_was_replaced() {
        let yard = Yard::new();
        write_package(&yard.archive(), "one");
        let first = yard.install(Some("1.0")).unwrap();
        assert_eq!((yard.tool(&first).as_str(), first.by_default), ("one", false));
        let mark = first.path(&yard.layout()).join("mark");
        std::fs::write(&mark, "").unwrap();
        assert_eq!(yard.install(Some("1.0")).unwrap(), first);
        assert!(mark.exists(), "the copy that is there is used");
        write_package(&yard.archive(), "another");
        let second = yard.install(Some("1.0")).unwrap();
        assert_eq!(yard.tool(&second), "another");
        assert_eq!(yard.tool(&first), "one", "tasks that run keep theirs");
    }

    #[test]
    fn a_package_that_can_not_be_unpacked_leaves_nothing_behind() {
        let yard = Yard::new();
        std::fs::create_dir_all(yard.archive().parent().unwrap()).unwrap();
        std::fs::write(yard.archive(), "no zip").unwrap();
        let error = yard.install(Some("1.0")).unwrap_err();
        assert!(matches!(error, PackageError::Unpack { .. }) && !error.is_of_node(), "{error}");
        let left = std::fs::read_dir(yard.layout().applications()).unwrap().count();
        assert_eq!(left, 0);
        assert!(matches!(yard.install(None).unwrap_err(), PackageError::Unknown(_)));
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_leads_nowhere() {
        let yard = Yard::new();
        write_package(&yard.archive(), "one");
        let outside = yard.folder.path().join("outside");
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::create_dir_all(yard.layout().root()).unwrap();
        std::os::unix::fs::symlink(&outside, yard.layout().applications()).unwrap();
        assert!(matches!(yard.install(Some("1.0")), Err(PackageError::Folder { .. })));
        assert_eq!(std::fs::read_dir(outside).unwrap().count(), 0);
    }
}
