//! What is told of uploads on the node itself: `fileuploadout.txt` and `fileuploaderr.txt` in the task's directory.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::OFlags;

use super::failure::Unkept;
use crate::clock::Clock;
use crate::node::layout::TaskDirectory;
use crate::node::plain_path;

/// The two files.
#[derive(Debug)]
pub(super) struct UploadLog {
    clock: Arc<dyn Clock>,
    out: Mutex<File>,
    errors: Mutex<File>,
}

impl UploadLog {
    /// Begins both files anew.
    pub(super) fn begin(directory: &TaskDirectory, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let open = |path| plain_path::open_to_write(path, OFlags::TRUNC).map(Mutex::new);
        Ok(Self { clock, out: open(&directory.upload_output())?, errors: open(&directory.upload_errors())? })
    }

    /// Notes what is done.
    pub(super) fn note(&self, text: &str) {
        write(&self.out, &format!("{:.3} {text}\n", self.clock.now()));
    }

    /// Notes what was not kept.
    pub(super) fn unkept(&self, unkept: &Unkept) {
        let file = unkept.file.as_ref().map(|file| format!(" {file}")).unwrap_or_default();
        self.note(&format!("not uploaded:{file} of `{}`: {}", unkept.pattern, unkept.error));
        write(&self.errors, &format!("{}\n", unkept.line()));
    }
}

/// Writes a line. Files are uploaded also where nothing can be noted about it.
fn write(file: &Mutex<File>, line: &str) {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = file.write_all(line.as_bytes()) {
        tracing::debug!(%error, "the log of a task's uploads could not be written");
    }
}
