//! A stream of a process, kept in a file.

use std::fs;
use std::process::Stdio;

use tempfile::NamedTempFile;

/// What a process wrote to one of its streams. A file, unlike a pipe, never fills up, can be read while the process
/// still writes, and is not held open by grandchildren.
#[derive(Debug)]
pub struct Capture(NamedTempFile);

impl Capture {
    /// An empty capture.
    pub fn new() -> Self {
        Self(NamedTempFile::new().expect("a temporary file for a process's output"))
    }

    /// The writing end, for the process.
    pub fn writer(&self) -> Stdio {
        self.0.reopen().expect("the capture's file").into()
    }

    /// Everything written so far.
    pub fn text(&self) -> String {
        let bytes = fs::read(self.0.path()).expect("the capture's file");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
