//! The files that match a pattern, and opening them.
//!
//! What lies below a node's root is its tasks', and some of those are root: a link there may lead anywhere. A link is followed as
//! far as it stays on the node, and what is opened then is looked up again without any link. Nothing of the machine is looked at: a
//! task must not learn from its uploads whether there is something.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use futures::Stream;
use walkdir::WalkDir;

use super::failure::KeepError;
use crate::batch::FilePattern;
use crate::node::context::in_background;
use crate::node::follow::follow;
use crate::node::plain_path;

/// How many matches wait to be uploaded.
const WAITING: usize = 64;

/// A file that matches.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) path: PathBuf,
    /// Its path below the pattern's base, or its name.
    pub(super) below: String,
}

/// What matches a pattern on the node whose root that is, in the order of names.
pub(super) fn find(
    root: PathBuf,
    pattern: FilePattern,
) -> impl Stream<Item = Result<Match, KeepError>> + Send {
    let (send, mut receive) = tokio::sync::mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        // Whoever does not want any more has gone.
        let _ = walk(&root, &pattern, &|found| send.blocking_send(found).map_err(|_| ()));
    });
    futures::stream::poll_fn(move |context| receive.poll_recv(context))
}

type Tell<'a> = &'a dyn Fn(Result<Match, KeepError>) -> Result<(), ()>;

fn walk(root: &Path, pattern: &FilePattern, tell: Tell<'_>) -> Result<(), ()> {
    let base = match of_node(root, pattern.base()) {
        Ok(Some(base)) => base,
        Ok(None) => return tell(Err(KeepError::Outside)),
        Err(error) => return tell(Err(KeepError::List(error.to_string()))),
    };
    if !pattern.is_wild() {
        let is_there = std::fs::symlink_metadata(base).is_ok();
        let path = pattern.base();
        return match path.file_name().map(|name| name.to_str()) {
            _ if !is_there => Ok(()),
            Some(Some(name)) => tell(Ok(Match { path: path.to_owned(), below: name.to_owned() })),
            _ => tell(Err(KeepError::Name)),
        };
    }
    let depth = pattern.depth().unwrap_or(usize::MAX);
    for entry in WalkDir::new(&base).min_depth(1).max_depth(depth).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => {
                continue;
            }
            Err(error) => {
                tell(Err(KeepError::List(error.to_string())))?;
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let below = entry.path().strip_prefix(&base).unwrap_or(entry.path());
        match below.to_str() {
            Some(below) if pattern.matches(below) => {
                tell(Ok(Match { path: entry.path().to_owned(), below: below.to_owned() }))?;
            }
            Some(_) => {}
            None => {
                // What could have matched, had it a name.
                if pattern.matches(&below.to_string_lossy()) {
                    tell(Err(KeepError::Name))?;
                }
            }
        }
    }
    Ok(())
}

/// Opens a file of the node, and gives its length; `None` if it is no regular file.
pub(super) async fn open(root: &Path, path: &Path) -> Result<Option<(File, u64)>, KeepError> {
    let (root, path) = (root.to_owned(), path.to_owned());
    let opened = in_background(move || {
        let Some(real) = of_node(&root, &path)? else { return Ok(None) };
        let opened = match plain_path::open_to_read(&real) {
            // A link to nothing, or what has just gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(None)),
            opened => opened?,
        };
        Ok(Some(opened.map(|file| file.metadata().map(|metadata| (file, metadata.len()))).transpose()?))
    });
    opened.await.map_err(KeepError::Read)?.ok_or(KeepError::Outside)
}

/// `path` without links, whether or not there is something; `None` if one leads out of the node whose root that is.
fn of_node(root: &Path, path: &Path) -> io::Result<Option<PathBuf>> {
    let mut leads_out = false;
    let plain = follow(path, |path| {
        if root.starts_with(path) {
            // The root itself, and what is above, hold no link.
            return Ok(None);
        }
        if !path.starts_with(root) {
            leads_out = true;
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        match plain_path::read_link(path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            read => read,
        }
    });
    match plain {
        Err(_) if leads_out => Ok(None),
        plain => Ok(Some(plain?).filter(|path| path.starts_with(root))),
    }
}
