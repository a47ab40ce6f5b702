//! Where in a container its mounts come.
//!
//! An image may have a link where something is to be mounted, `/etc/resolv.conf` for example, and nothing where it leads to. As with
//! Docker the mount comes there then. So links are followed here, inside the image and whether or not there is something at their end;
//! the library gets paths without any, and makes what is missing. What can't be is refused before anything is made.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use super::store::StoredImage;
use crate::node::plain_path;
use crate::node::root_folder::{RootFolder, names};
use crate::node::runtime::{Mount, MountSource};

/// What every container has of the system: no link of an image has a say there.
const SYSTEM: &[&str] = &["/proc", "/sys", "/dev"];

/// More volumes than any honest image has.
const MOST_VOLUMES: usize = 256;

/// The image of a container, and what of it is behind mounts.
#[derive(Debug)]
pub(super) struct Targets {
    image: RootFolder,
    hidden: Vec<PathBuf>,
}

impl Targets {
    /// Those of a container that has nothing but its image and the system.
    pub(super) fn of(image: &StoredImage) -> Result<Self, String> {
        let root =
            RootFolder::open(&image.root).map_err(|error| format!("the image can't be read: {error}"))?;
        Ok(Self { image: root, hidden: SYSTEM.iter().map(PathBuf::from).collect() })
    }

    /// Has the mounts where they really come, in their order.
    pub(super) fn settle(&mut self, mounts: &[Mount]) -> Result<Vec<Mount>, String> {
        refuse_repeated(mounts)?;
        let mut settled = mounts.to_vec();
        let mut parents_first: Vec<&mut Mount> = settled.iter_mut().collect();
        parents_first.sort_by_key(|mount| Path::new(&mount.target).components().count());
        for mount in parents_first {
            let target = self.of_mount(&mount.target)?;
            if let Some(is_folder) = shows_folder(&mount.source) {
                self.refuse_other_kind(&target, &mount.target, is_folder)?;
            }
            mount.target = text(&target)?;
            self.hidden.push(target);
        }
        Ok(settled)
    }

    /// The volumes of an image, where they really come, without those in whose place something is mounted.
    pub(super) fn volumes(&mut self, image: &StoredImage, mounts: &[Mount]) -> Result<Vec<String>, String> {
        if image.volumes.len() > MOST_VOLUMES {
            return Err(format!("the image has {} volumes, more than {MOST_VOLUMES}", image.volumes.len()));
        }
        let mut volumes = Vec::new();
        for volume in &image.volumes {
            let written = text(&Path::new("/").join(volume))?;
            let target = self.of_mount(&written)?;
            let is_mount = |mount: &Mount| Path::new(&mount.target) == target;
            let target_text = text(&target)?;
            if mounts.iter().any(is_mount) || volumes.contains(&target_text) {
                continue;
            }
            self.refuse_other_kind(&target, &written, true)?;
            volumes.push(target_text);
        }
        Ok(volumes)
    }

    /// Where a file of the runtime's own comes.
    pub(super) fn of_file(&self, path: &str) -> Result<String, String> {
        let target = self.plain(path)?;
        self.refuse_other_kind(&target, path, false)?;
        text(&target)
    }

    /// Where the working directory is.
    pub(super) fn of_working_directory(&self, path: &str) -> Result<String, String> {
        let target = self.plain(path)?;
        match self.kind(&target)? {
            Some(kind) if kind != FileType::Directory => {
                Err(format!("the working directory `{path}` is no folder"))
            }
            _ => text(&target),
        }
    }

    fn of_mount(&self, written: &str) -> Result<PathBuf, String> {
        let path = Path::new(written);
        if !path.is_absolute() {
            return Err(format!("the mount target `{written}` is not an absolute path"));
        }
        names(path).map_err(|error| format!("the mount target {error}"))?;
        let target = self.plain(written)?;
        if target == Path::new("/") {
            return Err(format!("a mount can't cover the whole container: its target is `{written}`"));
        }
        if target.starts_with("/proc") {
            return Err(format!("nothing can be mounted below /proc, as `{written}` is"));
        }
        Ok(target)
    }

    fn plain(&self, path: &str) -> Result<PathBuf, String> {
        let plain = self.image.plain(Path::new(path), |path| self.is_hidden(path));
        plain.map_err(|error| format!("`{path}` in the image: {error}"))
    }

    fn is_hidden(&self, path: &Path) -> bool {
        self.hidden.iter().any(|hidden| path.starts_with(hidden))
    }

    /// What the container has of its image at a path without links. What can't be looked at shows when it is mounted.
    fn kind(&self, target: &Path) -> Result<Option<FileType>, String> {
        if self.is_hidden(target) {
            return Ok(None);
        }
        match self.image.kind(target) {
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                Err(format!("`{}` lies below a file of the image", target.display()))
            }
            kind => Ok(kind.unwrap_or_default()),
        }
    }

    fn refuse_other_kind(&self, target: &Path, written: &str, is_folder: bool) -> Result<(), String> {
        match self.kind(target)? {
            Some(kind) if is_folder && kind != FileType::Directory => {
                Err(format!("a folder can't be mounted on `{written}`, which is none in the image"))
            }
            Some(FileType::Directory) if !is_folder => {
                Err(format!("a file can't be mounted on `{written}`, which is a folder in the image"))
            }
            _ => Ok(()),
        }
    }
}

/// As Docker, by what is written: where links lead two mounts to one place the later covers the earlier.
fn refuse_repeated(mounts: &[Mount]) -> Result<(), String> {
    let path = |mount: &Mount| Path::new(&mount.target).components().collect::<PathBuf>();
    let mut seen = HashSet::new();
    match mounts.iter().find(|mount| !seen.insert(path(mount))) {
        Some(mount) => Err(format!("two mounts have the target `{}`", mount.target)),
        None => Ok(()),
    }
}

/// Whether what a mount shows is a folder; `None` if there is nothing.
fn shows_folder(source: &MountSource) -> Option<bool> {
    let MountSource::Bind(path) = source else { return Some(true) };
    let found = rustix::fs::fstat(plain_path::find(path).ok()?).ok()?;
    Some(FileType::from_raw_mode(found.st_mode) == FileType::Directory)
}

fn text(path: &Path) -> Result<String, String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| format!("a link of the image leads to `{}`, which is no text", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::node::runtime::Image;

    /// An image whose files are half there, as those of systemd's machines.
    fn image(volumes: &[&str]) -> (tempfile::TempDir, StoredImage) {
        let root = tempfile::tempdir().unwrap();
        let path = |path: &str| root.path().join(path);
        fs::create_dir_all(path("etc/folder")).unwrap();
        fs::write(path("etc/passwd"), "").unwrap();
        symlink("../run/systemd/stub", path("etc/resolv.conf")).unwrap();
        symlink("/nowhere/tmp", path("tmp")).unwrap();
        symlink("/proc/self", path("self")).unwrap();
        symlink("..", path("top")).unwrap();
        symlink("loop", path("loop")).unwrap();
        let image = StoredImage {
            image: Image::default(),
            stop_signal: None,
            volumes: volumes.iter().map(|volume| (*volume).to_owned()).collect(),
            root: root.path().to_owned(),
        };
        (root, image)
    }

    fn mount(source: &str, target: &str) -> Mount {
        let source = match source {
            "" => MountSource::Tmpfs(None),
            source => MountSource::Bind(source.into()),
        };
        Mount { source, target: target.to_owned(), read_only: false }
    }

    #[test]
    fn a_mount_comes_where_the_links_of_the_image_lead_to() {
        let (_root, image) = image(&[]);
        let mut targets = Targets::of(&image).unwrap();
        assert_eq!(targets.of_file("/etc/resolv.conf").unwrap(), "/run/systemd/stub");
        assert_eq!(targets.of_working_directory("/tmp/wd").unwrap(), "/nowhere/tmp/wd");
        let mounts = [mount("/tmp", "/tmp/data/nodes"), mount("", "/tmp")];
        let settled = targets.settle(&mounts).unwrap();
        let found: Vec<_> = settled.iter().map(|mount| mount.target.as_str()).collect();
        assert_eq!(found, ["/nowhere/tmp/data/nodes", "/nowhere/tmp"]);
        // What a mount hides has no links any more that count.
        let mut targets = Targets::of(&image).unwrap();
        targets.settle(&[mount("", "/etc")]).unwrap();
        assert_eq!(targets.of_file("/etc/resolv.conf").unwrap(), "/etc/resolv.conf");
    }

    #[test]
    fn what_can_t_be_mounted_is_refused_before_it_is_tried() {
        let (_root, image) = image(&[]);
        for (source, target, reason) in [
            ("/tmp", "relative", "not an absolute path"),
            ("/tmp", "/", "whole container"),
            ("/tmp", "/top", "whole container"),
            ("/tmp", "/a/../b", "climbs out"),
            ("/tmp", "/proc/sys", "below /proc"),
            ("/tmp", "/self/fd", "below /proc"),
            ("/tmp", "/loop/x", "`/loop/x` in the image"),
            ("/tmp", "/etc/passwd", "none in the image"),
            ("", "/etc/passwd", "none in the image"),
            ("/tmp", "/etc/passwd/x", "below a file"),
            ("/proc/version", "/etc/folder", "is a folder in the image"),
        ] {
            let error = Targets::of(&image).unwrap().settle(&[mount(source, target)]).unwrap_err();
            assert!(error.contains(reason), "{source} {target}: {error}");
        }
        let targets = Targets::of(&image).unwrap();
        assert!(targets.of_working_directory("/etc/passwd").unwrap_err().contains("is no folder"));
        assert_eq!(targets.of_working_directory("/proc/self/fd/7").unwrap(), "/proc/self/fd/7");
    }

    #[test]
    fn one_target_is_for_one_mount() {
        let (_root, image) = image(&[]);
        let settle = |mounts: &[Mount]| Targets::of(&image).unwrap().settle(mounts);
        let error = settle(&[mount("/tmp", "/m"), mount("", "/x"), mount("/", "//m/")]).unwrap_err();
        assert_eq!(error, "two mounts have the target `//m/`");
        assert!(settle(&[mount("/tmp", "/tmp"), mount("/tmp", "/nowhere/tmp")]).is_ok());
    }

    #[test]
    fn a_volume_comes_where_nothing_else_is_mounted() {
        let (_root, image) = image(&["/new", "tmp/", "/etc/folder", "/tmp"]);
        let mut targets = Targets::of(&image).unwrap();
        let mounts = targets.settle(&[mount("/tmp", "/etc/folder")]).unwrap();
        assert_eq!(targets.volumes(&image, &mounts).unwrap(), ["/new", "/nowhere/tmp"]);
        for volume in ["/", "/proc/x", "/etc/passwd", "../x"] {
            let wrong = StoredImage { volumes: vec![volume.to_owned()], ..image.clone() };
            assert!(Targets::of(&wrong).unwrap().volumes(&wrong, &[]).is_err(), "{volume}");
        }
        let many = StoredImage { volumes: vec!["/v".to_owned(); 257], ..image };
        assert!(targets.volumes(&many, &[]).unwrap_err().contains("257 volumes"));
    }
}
