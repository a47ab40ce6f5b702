//! Local files that tasks get.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use ring::digest;

use crate::batch::model::Confidential;

/// A local file that has to be in a container before a task can fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: Arc<str>,
    /// The container, for whoever uploads it.
    pub container: Confidential,
    /// The blob that it becomes, named after its content.
    pub blob: String,
}

impl InputFile {
    /// The length and the SHA-256 of all that comes, by which a file is known.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn identify(mut content: impl Read) -> io::Result<(u64, String)> {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut buffer = vec![0; 128 * 1024];
        let mut size = 0;
        loop {
            let length = content.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            context.update(buffer.get(..length).unwrap_or_default());
            size += length as u64;
        }
        let hash = context.finish();
        Ok((size, hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}
