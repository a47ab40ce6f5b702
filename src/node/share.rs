//! File systems that a pool mounts, stood in for by folders of this machine.
//!
//! There is no remote share on a laptop, and no need for one: a folder has all that a task sees of a mount, its files and its path.
//! It lies outside of every node, so that it outlives them and all of them have the same. On the node there is a link to it below
//! AZ_BATCH_NODE_MOUNTS_DIR, and containers that see that folder see the link's target, too, at its own path. Nobody who works on a
//! node can replace the folder itself: none lies in another one.
//!
//! What a pool says of a share comes from outside; only names come of it, never a path that leads elsewhere.

use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::layout::NodeLayout;
use super::plain_path;
use crate::batch::model::MountConfiguration;

/// The file among the mounts that says what they are.
const NOTE: &str = "STAND-INS.txt";

/// The longest name of a folder, in bytes.
const MAX_NAME: usize = 200;

/// The most folders that one is mounted below.
const MAX_DEPTH: usize = 16;

/// What the name of a folder keeps of a share's.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A file system that a pool mounts, and the folder that stands in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Where it is mounted, below AZ_BATCH_NODE_MOUNTS_DIR: names, and nothing else.
    place: PathBuf,
    /// The folder that stands in for it.
    folder: PathBuf,
    /// Whether it is mounted to be read only.
    read_only: bool,
    /// What it stands in for, for people; no secret is in it.
    of: String,
}

/// Why a file system can't be mounted, or stood in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidShare {
    /// The property that says so.
    pub property: &'static str,
    /// Its value.
    pub value: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Share {
    /// The file systems of a pool, stood in for by folders below `stand_ins`.
    ///
    /// # Errors
    /// When one is none, or two are mounted at the same place or one inside the other.
    pub fn all(configurations: &[MountConfiguration], stand_ins: &Path) -> Result<Vec<Self>, InvalidShare> {
        let mut shares: Vec<Self> = Vec::new();
        for configuration in configurations {
            let share = Self::of(configuration, stand_ins)?;
            let collides =
                |other: &Self| share.place.starts_with(&other.place) || other.place.starts_with(&share.place);
            if shares.iter().any(collides) {
                return Err(invalid(
                    "relativeMountPath",
                    &share.place.to_string_lossy(),
                    "something else is mounted there, above it or below it",
                ));
            }
            shares.push(share);
        }
        Ok(shares)
    }

    fn of(configuration: &MountConfiguration, stand_ins: &Path) -> Result<Self, InvalidShare> {
        let MountConfiguration {
            azure_blob_file_system_configuration: blob,
            nfs_mount_configuration: nfs,
            cifs_mount_configuration: cifs,
            azure_file_share_configuration: files,
        } = configuration;
        let (kind, (host, path), place, options, of) = match (blob, nfs, cifs, files) {
            (Some(blob), None, None, None) => (
                "azure-blob",
                (blob.account_name.clone(), blob.container_name.clone()),
                &blob.relative_mount_path,
                &blob.blobfuse_options,
                format!("the container {} of the storage account {}", blob.container_name, blob.account_name),
            ),
            (None, Some(nfs), None, None) => (
                "nfs",
                nfs_source(&nfs.source)?,
                &nfs.relative_mount_path,
                &nfs.mount_options,
                format!("the NFS share {}", nfs.source),
            ),
            (None, None, Some(cifs), None) => (
                "cifs",
                cifs_source(&cifs.source)?,
                &cifs.relative_mount_path,
                &cifs.mount_options,
                format!("the CIFS share {}", cifs.source),
            ),
            (None, None, None, Some(files)) => (
                "azure-files",
                files_source(&files.azure_file_url)?,
                &files.relative_mount_path,
                &files.mount_options,
                format!("the Azure Files share {}", files.azure_file_url),
            ),
            _ => {
                let reason = "it has exactly one of azureBlobFileSystemConfiguration, nfsMountConfiguration, \
                              cifsMountConfiguration and azureFileShareConfiguration";
                return Err(invalid("mountConfiguration", "", reason));
            }
        };
        let (host, path) = (name("mountConfiguration", &host)?, name("mountConfiguration", &path)?);
        Ok(Self {
            place: place_of(place)?,
            folder: stand_ins.join(kind).join(host).join(path),
            read_only: options.as_deref().is_some_and(is_read_only),
            of: of.escape_debug().to_string(),
        })
    }

    /// The folder that stands in for it.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is mounted to be read only.
    pub(super) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Makes the folder if it is not there, for everybody to write to, and links to it from the node.
    fn mount(&self, layout: &NodeLayout) -> io::Result<()> {
        if !self.folder.try_exists()? {
            plain_path::make_folders(&self.folder)?;
            plain_path::share(&self.folder)?;
        }
        let link = layout.mounts().join(&self.place);
        let (Some(parent), Some(name)) = (link.parent(), link.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let parent = plain_path::make_folders(parent)?;
        Ok(rustix::fs::symlinkat(&self.folder, parent, name)?)
    }
}

/// Mounts what stands in for the shares of a node's pool, and says there that it does.
///
/// # Errors
/// Which could not be mounted, and why.
pub(super) fn mount_all(shares: &[Share], layout: &NodeLayout) -> Result<(), (String, io::Error)> {
    if shares.is_empty() {
        return Ok(());
    }
    let mut note = String::from(
        "This node is one of an emulator, and mounts no remote file systems. Folders of this machine stand in for them:\n\n",
    );
    // What is there is of an earlier boot, or a task has put it in its place.
    for first in shares.iter().filter_map(|share| share.place.components().next()) {
        let path = layout.mounts().join(first);
        plain_path::remove(&path).map_err(|error| (path.to_string_lossy().into_owned(), error))?;
    }
    for share in shares {
        share.mount(layout).map_err(|error| (share.place.to_string_lossy().into_owned(), error))?;
        let read_only = if share.read_only { ", to be read only" } else { "" };
        note.push_str(&format!(
            "{}: {} stands in for {}{read_only}\n",
            share.place.display(),
            share.folder.display(),
            share.of
        ));
    }
    write_note(&layout.mounts().join(NOTE), &note).map_err(|error| (NOTE.to_owned(), error))
}

fn write_note(path: &Path, note: &str) -> io::Result<()> {
    let mut file = plain_path::replace_file(path)?;
    io::Write::write_all(&mut file, note.as_bytes())?;
    plain_path::set_mode(&file, 0o644)
}

/// Where a share is mounted: names of folders.
fn place_of(path: &str) -> Result<PathBuf, InvalidShare> {
    let refused = |reason| Err(invalid("relativeMountPath", path, reason));
    let names: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let is_plain = |name: &str| {
        name.len() <= MAX_NAME
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if path.starts_with('/') {
        return refused("it is relative to AZ_BATCH_NODE_MOUNTS_DIR, and begins with no slash");
    }
    if names.iter().any(|name| name.is_empty() || *name == "." || *name == "..") || names.len() > MAX_DEPTH {
        return refused(
            "it is one name of a folder, or a few with slashes in between, none of them `.` or `..`",
        );
    }
    if !names.iter().all(|name| is_plain(name)) {
        return refused(
            "its names have letters, digits, `-`, `_` and `.`, as they stand in variables and mounts",
        );
    }
    if names == [NOTE] {
        return refused("there is a file of that name, which says what stands in for what");
    }
    Ok(names.iter().collect())
}

/// `host:/path`, as `mount` takes it.
fn nfs_source(source: &str) -> Result<(String, String), InvalidShare> {
    let Some((host, path)) = source.split_once(":/") else {
        return Err(invalid("nfsMountConfiguration.source", source, "it reads host:/path"));
    };
    Ok((host.to_owned(), folders("nfsMountConfiguration.source", path)?))
}

/// `//host/share`, or the same with backslashes.
fn cifs_source(source: &str) -> Result<(String, String), InvalidShare> {
    let slashed = source.replace('\\', "/");
    let Some((host, path)) = slashed.strip_prefix("//").and_then(|rest| rest.split_once('/')) else {
        return Err(invalid("cifsMountConfiguration.source", source, "it reads //host/share"));
    };
    Ok((host.to_owned(), folders("cifsMountConfiguration.source", path)?))
}

/// `https://account.file.core.windows.net/share`.
fn files_source(source: &str) -> Result<(String, String), InvalidShare> {
    let property = "azureFileShareConfiguration.azureFileUrl";
    let url = Url::parse(source).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    let host = url.as_ref().and_then(Url::host_str);
    let (Some(url), Some(host)) = (&url, host) else {
        let reason = "it reads https://account.file.core.windows.net/share";
        return Err(invalid(property, source, reason));
    };
    Ok((host.to_owned(), folders(property, url.path())?))
}

/// The folders of a share's path, without what says nothing.
fn folders(property: &'static str, path: &str) -> Result<String, InvalidShare> {
    let folders: Vec<&str> = path.split('/').filter(|folder| !folder.is_empty()).collect();
    if folders.is_empty() {
        return Err(invalid(property, path, "it names no share"));
    }
    if folders.iter().any(|folder| [".", ".."].contains(folder)) {
        return Err(invalid(property, path, "its path has `.` or `..`"));
    }
    Ok(folders.join("/"))
}

/// The name of a folder, another one for every text.
fn name(property: &'static str, text: &str) -> Result<String, InvalidShare> {
    let name = utf8_percent_encode(text, PLAIN).to_string();
    match name.as_str() {
        "" | "." | ".." => Err(invalid(property, text, "it is no name of a share")),
        name if name.len() > MAX_NAME => {
            Err(invalid(property, text, "it is too long for the folder that stands in"))
        }
        _ => Ok(name),
    }
}

/// Whether options of `mount` or of blobfuse ask for no writing. All others say how a network is used, and there is none.
fn is_read_only(options: &str) -> bool {
    options.split([',', ' ', '\t']).any(|option| option == "ro" || option == "--read-only")
}

fn invalid(property: &'static str, value: &str, reason: &'static str) -> InvalidShare {
    InvalidShare { property, value: value.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use serde_json::{Value, json};

    use super::*;

    fn shares(configurations: Value) -> Result<Vec<Share>, InvalidShare> {
        let configurations: Vec<MountConfiguration> = serde_json::from_value(configurations).unwrap();
        Share::all(&configurations, Path::new("/stand-ins"))
    }

    fn nfs(source: &str, place: &str) -> Value {
        json!({"nfsMountConfiguration": {"source": source, "relativeMountPath": place}})
    }

    #[test]
    fn every_share_has_a_folder_of_its_own_and_none_lies_in_another() {
        let all = shares(json!([
            nfs("10.0.0.4:/export/data", "data"),
            nfs("10.0.0.4:/export", "export"),
            {"cifsMountConfiguration": {"source": "\\\\server\\share", "username": "u", "password": "p",
                "relativeMountPath": "w/in", "mountOptions": "vers=3.0,ro"}},
            {"azureFileShareConfiguration": {"accountName": "a", "accountKey": "k", "relativeMountPath": "files",
                "azureFileUrl": "https://a.file.core.windows.net/s/"}},
            {"azureBlobFileSystemConfiguration": {"accountName": "a", "containerName": "c", "sasKey": "s",
                "relativeMountPath": "blobs", "blobfuseOptions": "-o ro -o attr_timeout=240"}},
        ]))
        .unwrap();
        let found: Vec<_> = all
            .iter()
            .map(|share| (share.place.to_str().unwrap(), share.folder.to_str().unwrap(), share.read_only))
            .collect();
        assert_eq!(
            found,
            [
                ("data", "/stand-ins/nfs/10.0.0.4/export%2Fdata", false),
                ("export", "/stand-ins/nfs/10.0.0.4/export", false),
                ("w/in", "/stand-ins/cifs/server/share", true),
                ("files", "/stand-ins/azure-files/a.file.core.windows.net/s", false),
                ("blobs", "/stand-ins/azure-blob/a/c", true),
            ]
        );
        for share in &all {
            assert_eq!(share.folder.strip_prefix("/stand-ins").unwrap().components().count(), 3, "{share:?}");
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for place in
            ["/etc", "..", "a/../b", "a//b", "", "./a", "a/./b", "a\0b", "a b", "a:b", "STAND-INS.txt"]
        {
            let refused = shares(json!([nfs("h:/x", place)])).unwrap_err();
            assert_eq!((refused.property, refused.value.as_str()), ("relativeMountPath", place));
        }
        for source in ["h", "h:x", "h:/", "h:/..", "h:/a/../..", "../../etc", "..:/a/./b"] {
            let refused = shares(json!([nfs(source, "a")])).unwrap_err();
            assert_eq!(refused.property, "nfsMountConfiguration.source", "{source}");
        }
        for source in ["..:/x", ".:/x", ":/x"] {
            assert_eq!(
                shares(json!([nfs(source, "a")])).unwrap_err().property,
                "mountConfiguration",
                "{source}"
            );
        }
        assert!(shares(json!([nfs(&format!("h:/{}", "é".repeat(100)), "a")])).is_err());
        for places in [["a", "a"], ["a", "a/b"], ["a/b", "a"]] {
            let both = json!([nfs("h:/x", places[0]), nfs("h:/y", places[1])]);
            assert!(shares(both).unwrap_err().reason.contains("something else"), "{places:?}");
        }
        assert_eq!(shares(json!([{}])).unwrap_err().property, "mountConfiguration");
        for url in ["", "a.file.core.windows.net/s", "https://a.file.core.windows.net/", "https://a/s?sig=x"]
        {
            let files = json!([{"azureFileShareConfiguration": {"accountName": "a", "azureFileUrl": url,
                "relativeMountPath": "f"}}]);
            assert_eq!(
                shares(files).unwrap_err().property,
                "azureFileShareConfiguration.azureFileUrl",
                "{url}"
            );
        }
    }

    #[test]
    fn a_share_is_linked_to_and_what_a_task_put_in_its_place_makes_way() {
        let folder = tempfile::tempdir().unwrap();
        let root = plain_path::plain(folder.path()).unwrap();
        let layout = NodeLayout::new(root.join("node"));
        layout.create().unwrap();
        let configurations: Vec<MountConfiguration> =
            serde_json::from_value(json!([nfs("h:/x", "deep/data")])).unwrap();
        let shares = Share::all(&configurations, &root.join("mounts")).unwrap();
        mount_all(&shares, &layout).unwrap();
        let place = layout.mounts().join("deep/data");
        std::fs::write(place.join("file"), "kept").unwrap();
        assert_eq!(std::fs::read_to_string(root.join("mounts/nfs/h/x/file")).unwrap(), "kept");
        let note = std::fs::read_to_string(layout.mounts().join(NOTE)).unwrap();
        assert!(note.contains("stands in for the NFS share h:/x"), "{note}");

        // A task may leave a link where the next boot links to the share, or above it.
        std::fs::remove_file(&place).unwrap();
        symlink("/", &place).unwrap();
        mount_all(&shares, &layout).unwrap();
        assert_eq!(std::fs::read_to_string(place.join("file")).unwrap(), "kept");
        std::fs::remove_dir_all(layout.mounts().join("deep")).unwrap();
        symlink(root.join("mounts"), layout.mounts().join("deep")).unwrap();
        mount_all(&shares, &layout).unwrap();
        assert!(!root.join("mounts/data").exists(), "never through a link");
        assert_eq!(std::fs::read_to_string(place.join("file")).unwrap(), "kept");
        layout.remove().unwrap();
        assert!(root.join("mounts/nfs/h/x/file").exists(), "it outlives its nodes");
    }
}
