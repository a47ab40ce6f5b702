//! The root file system of a container: its own changes over the image, in a mount namespace of its supervisor's. That goes away with the
//! supervisor, however it ends.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::path::Path;

use libcontainer::oci_spec::runtime::LinuxNamespaceType;
use rustix::fs::FileType;
use rustix::mount::{MountFlags, MountPropagationFlags};

use super::copied_root::copy_root;
use super::delegation::GROUPS;
use super::new_namespace::enter_new;
use crate::node::plain_path;

/// Paths relative to the container's folder need no escaping. Nothing here must survive a crash of the machine, so that nothing needs
/// to be written through.
const OVERLAY: &CStr = c"lowerdir=lower,upperdir=upper,workdir=work,volatile";
/// The same where this process is root in a user namespace only: what is noted of files is noted where their owner may.
const OVERLAY_OF_USER: &CStr = c"lowerdir=lower,upperdir=upper,workdir=work,volatile,userxattr";

/// Where both are mounted over each other.
const ROOT: &str = "rootfs";

/// Puts this process into a mount namespace that takes part in what changes on the machine, and nobody in what changes here.
pub(super) fn enter() -> io::Result<()> {
    enter_new(LinuxNamespaceType::Mount)?;
    let receive_only = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    Ok(rustix::mount::mount_change("/", receive_only)?)
}

/// Mounts the container's changes over the image.
pub(super) fn mount(devices: bool) -> io::Result<()> {
    let flags = if devices { MountFlags::empty() } else { MountFlags::NODEV };
    overlay(flags, OVERLAY).map_err(|error| {
        let reason = "the data folder must lie on a local file system such as ext4, xfs, btrfs or tmpfs";
        io::Error::new(error.kind(), format!("{error}; {reason}"))
    })
}

/// The same for root of a user namespace. Where the machine has no overlay for those, the container gets a copy of the image.
pub(super) fn mount_of_user() -> io::Result<()> {
    let Err(refused) = overlay(MountFlags::NODEV, OVERLAY_OF_USER) else { return Ok(()) };
    let copied = copy_root(Path::new("lower"), Path::new("upper"));
    copied.and_then(|()| Ok(rustix::mount::mount_bind("upper", ROOT)?)).map_err(|error| {
        io::Error::new(error.kind(), format!("{refused}; and the image can't be copied instead: {error}"))
    })
}

fn overlay(flags: MountFlags, options: &CStr) -> io::Result<()> {
    Ok(rustix::mount::mount("overlay", ROOT, "overlay", flags, Some(options))?)
}

/// Hides control groups of version 1 behind those of version 2, of which there always are some. Of the former an ordinary user gets none,
/// and the library knows no container without; of the latter it goes on without.
pub(super) fn hide_version_1() -> io::Result<()> {
    if Path::new(GROUPS).join("cgroup.controllers").exists() {
        return Ok(());
    }
    enter_new(LinuxNamespaceType::Cgroup)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    let none: Option<&CStr> = None;
    Ok(rustix::mount::mount("cgroup2", GROUPS, "cgroup2", flags, none)?)
}

/// Mounts a part of the machine where the container's own mounts take it from. It is found without following links, and mounted
/// by its descriptor: whatever becomes of its path meanwhile, it is what was meant.
pub(super) fn mount_bind(source: &Path, place: &Path) -> io::Result<()> {
    let source = plain_path::find(source)?;
    let is_folder = FileType::from_raw_mode(rustix::fs::fstat(&source)?.st_mode) == FileType::Directory;
    if is_folder {
        fs::create_dir(place)?;
    } else {
        fs::write(place, "")?;
    }
    Ok(rustix::mount::mount_bind_recursive(plain_path::by_descriptor(&source), place)?)
}
