//! Following symbolic links by what they say, in a tree that strangers have made: an image, or what tasks have left.
//!
//! The kernel follows links as well, but it can't say where one would lead whose target is missing, and it looks at whatever is on
//! the way. Here nothing is looked at but what the caller shows.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// How many links are followed for one path, as in the kernel.
const MOST_LINKS: usize = 40;

/// Where the absolute path `path` leads to once each link on the way is replaced by what it says. `link` tells where what is at a
/// path leads to, if it is a link; the path that it is asked about goes through none. What is not there is taken by its name, and `..`
/// at the top stays there.
///
/// # Errors
/// Those of `link`, and when the links have no end.
pub(in crate::node) fn follow(
    path: &Path,
    mut link: impl FnMut(&Path) -> io::Result<Option<PathBuf>>,
) -> io::Result<PathBuf> {
    let mut plain = PathBuf::from("/");
    let mut left = steps(path);
    let mut followed = 0;
    while let Some(step) = left.pop() {
        if step == ".." {
            plain.pop();
            continue;
        }
        plain.push(step);
        let Some(target) = link(&plain)? else { continue };
        followed += 1;
        if followed > MOST_LINKS {
            return Err(rustix::io::Errno::LOOP.into());
        }
        if target.is_absolute() {
            plain = PathBuf::from("/");
        } else {
            plain.pop();
        }
        left.extend(steps(&target));
    }
    Ok(plain)
}

/// The steps of a path, the last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let step = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_whether_or_not_there_is_something_where_they_lead_to() {
        let link = |path: &Path| {
            let target = match path.to_str() {
                Some("/etc/resolv.conf") => Some("../run/./systemd/stub"),
                Some("/run") => Some("/var/run"),
                Some("/up") => Some("../../../etc"),
                Some("/loop") => Some("loop/x"),
                _ => None,
            };
            Ok(target.map(PathBuf::from))
        };
        for (path, plain) in [
            ("/etc/resolv.conf", "/var/run/systemd/stub"),
            ("/run/x/", "/var/run/x"),
            ("/up/resolv.conf", "/var/run/systemd/stub"),
            ("/no/such", "/no/such"),
            ("/", "/"),
        ] {
            assert_eq!(follow(Path::new(path), link).unwrap(), Path::new(plain), "{path}");
        }
        assert!(follow(Path::new("/loop"), link).is_err());
    }

    #[test]
    fn what_must_not_be_looked_at_is_an_error() {
        let link = |path: &Path| match path.to_str() {
            Some("/a") => Ok(Some(PathBuf::from("b/c"))),
            Some("/b") => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(None),
        };
        assert_eq!(follow(Path::new("/a"), link).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(follow(Path::new("/c/b"), link).unwrap(), Path::new("/c/b"));
    }
}
