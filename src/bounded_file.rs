//! Files from outside, read whole and no further than a limit.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// When it can't be read, is a folder, a pipe or a device, or is larger.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let refused = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    // A pipe without a writer would be waited for, and a device may never end.
    if !std::fs::metadata(path)?.is_file() {
        return refused("it is not a regular file".to_owned());
    }
    let mut content = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return refused(format!("it is larger than {} KiB", limit / 1024));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let reason = |path: &Path| read(path, 1024).unwrap_err().to_string();
        std::fs::write(&file, [b'x'; 1024]).unwrap();
        assert_eq!(read(&file, 1024).unwrap().len(), 1024);
        std::fs::write(&file, [b'x'; 1025]).unwrap();
        assert_eq!(reason(&file), "it is larger than 1 KiB");
        for other in [folder.path(), Path::new("/dev/zero")] {
            assert_eq!(reason(other), "it is not a regular file", "{}", other.display());
        }
        assert_eq!(read(&folder.path().join("none"), 1).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
