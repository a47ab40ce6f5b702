//! What of the machine a container is about to see: made where it is missing, and never reached through a link that leads out of
//! the node.
//!
//! A task may mount a folder below the node's root by a path that an earlier task turned into a link. Links inside the node are
//! followed, as whoever made one may have meant it; one that leads out would give the container a part of the machine that nobody
//! asked for.

use std::io;
use std::path::{Path, PathBuf};

use crate::node::container_plan::ContainerPlan;
use crate::node::plain_path;
use crate::node::runtime::MountSource;

/// Makes the folders that the container's mounts need, and replaces every source by the path that it really is.
///
/// # Errors
/// Which source can't be mounted, and why, for people.
pub(super) fn settle(plan: &mut ContainerPlan, root: &Path) -> Result<(), String> {
    for mount in &mut plan.spec.mounts {
        let MountSource::Bind(path) = &mut mount.source else { continue };
        let makes = plan.host_folders.contains(path);
        *path = source(path, root, &plan.shares, makes)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn source(path: &Path, root: &Path, shares: &[PathBuf], makes: bool) -> io::Result<PathBuf> {
    let is_of_node =
        |path: &Path| path.starts_with(root) || shares.iter().any(|share| path.starts_with(share));
    let real = plain_path::plain(path)?;
    if is_of_node(path) && !is_of_node(&real) {
        let reason = format!("a link leads out of the node, to {}", real.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    if makes && !real.try_exists()? {
        plain_path::make_folders(&real)?;
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_leads_to_a_share_and_none_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = plain_path::plain(folder.path()).unwrap();
        let (root, share) = (place.join("node"), place.join("share"));
        for made in ["node/fsmounts", "share/data", "elsewhere"] {
            plain_path::make_folders(&place.join(made)).unwrap();
        }
        symlink(&share, root.join("fsmounts/files")).unwrap();
        symlink("../elsewhere", share.join("out")).unwrap();
        let shares = [share.clone()];
        let of = |path: PathBuf| source(&path, &root, &shares, false);
        assert_eq!(of(root.join("fsmounts/files/data")).unwrap(), share.join("data"));
        for path in [root.join("fsmounts/files/out"), share.join("out")] {
            assert!(of(path).unwrap_err().to_string().contains("out of the node"));
        }
        assert!(source(&root.join("fsmounts/files"), &root, &[], false).is_err(), "of another pool");
    }

    #[test]
    fn links_are_followed_inside_the_node_and_not_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = plain_path::plain(folder.path()).unwrap();
        let root = place.join("node");
        for made in ["node/shared/v2", "elsewhere"] {
            plain_path::make_folders(&place.join(made)).unwrap();
        }
        symlink(root.join("shared/v2"), root.join("shared/current")).unwrap();
        symlink(&place, root.join("shared/out")).unwrap();
        symlink("../../elsewhere", root.join("shared/up")).unwrap();
        let of = |path: &str, makes| source(&root.join(path), &root, &[], makes);
        assert_eq!(of("shared/current", false).unwrap(), root.join("shared/v2"));
        assert_eq!(of("shared/current/new", true).unwrap(), root.join("shared/v2/new"));
        assert!(root.join("shared/v2/new").is_dir());
        for path in ["shared/out", "shared/up", "shared/out/new", "shared/../../elsewhere"] {
            let error = of(path, true).unwrap_err().to_string();
            assert!(error.contains("out of the node"), "{path}: {error}");
        }
        assert!(!place.join("new").exists());
        // What is not the node's is the business of whoever names it.
        symlink("elsewhere", place.join("link")).unwrap();
        assert_eq!(source(&place.join("link"), &root, &[], false).unwrap(), place.join("elsewhere"));
    }
}
