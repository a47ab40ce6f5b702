//! Files from outside, read whole and no further than a limit, without waiting for what may never come.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// How long a pipe may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a file to be read.
///
/// # Errors
/// When it can't be opened, or is a folder, a pipe or a device.
pub fn open(path: &Path) -> io::Result<File> {
    let file = open_any(path)?;
    // What was opened is looked at, and not what the path leads to a moment before.
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused("it is not a regular file".to_owned())) }
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// When it can't be read, is a folder, a pipe or a device, or is larger.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open(path)?.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(in_words)?;
    if content.len() as u64 > limit {
        return Err(refused(format!("it is larger than {} KiB", limit / 1024)));
    }
    Ok(content)
}

/// Reads a file, or what comes out of a pipe or a device until its end: one byte more than `limit` if there is more.
///
/// # Errors
/// When it can't be read, is a folder or a pipe that nobody writes to, or nothing comes for ten seconds although the end has not.
pub fn read_any(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_any(path)?;
    let kind = file.metadata()?.file_type();
    let mut content = Vec::new();
    let mut left = (&file).take(limit.saturating_add(1));
    let mut silent_since = Instant::now();
    loop {
        let before = content.len();
        match left.read_to_end(&mut content) {
            Ok(_) if content.is_empty() && std::os::unix::fs::FileTypeExt::is_fifo(&kind) => {
                return Err(refused("it is a pipe that nobody writes to".to_owned()));
            }
            Ok(_) => return Ok(content),
            Err(error) if error.kind() != ErrorKind::WouldBlock || kind.is_file() => {
                return Err(in_words(error));
            }
            Err(_) => {}
        }
        if content.len() > before {
            silent_since = Instant::now();
        }
        if !wait(&file, PATIENCE.saturating_sub(silent_since.elapsed()))? {
            let seconds = PATIENCE.as_secs();
            return Err(refused(format!("nothing has come out of it for {seconds} s, nor its end")));
        }
    }
}

/// Opens what may be a pipe without a writer, or a device, without waiting.
fn open_any(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Waits until there is something to read, or the end; whether that came.
fn wait(file: &File, patience: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(patience).map_err(io::Error::other)?;
    let came = poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&limit))?;
    Ok(came > 0)
}

/// Files of the kernel's say that they are regular, and some have no end.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock => refused("its end has not come yet, so it is not a regular file".to_owned()),
        _ => error,
    }
}

fn refused(reason: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let reason = |path: &Path| read(path, 1024).unwrap_err().to_string();
        std::fs::write(&file, [b'x'; 1024]).unwrap();
        assert_eq!(read(&file, 1024).unwrap().len(), 1024);
        assert_eq!(read_any(&file, 1024).unwrap().len(), 1024);
        std::fs::write(&file, [b'x'; 1025]).unwrap();
        assert_eq!(reason(&file), "it is larger than 1 KiB");
        assert_eq!(read_any(&file, 1024).unwrap().len(), 1025, "the reader says that it is too large");
        for other in [folder.path(), Path::new("/dev/zero"), &pipe(folder.path())] {
            assert_eq!(reason(other), "it is not a regular file", "{}", other.display());
        }
        assert_eq!(read(&folder.path().join("none"), 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(read_any(Path::new("/dev/zero"), 1024).unwrap().len(), 1025);
        assert!(read_any(folder.path(), 1).is_err());
    }

    #[test]
    fn a_pipe_is_read_to_its_end_if_somebody_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let alone = read_any(&pipe, 1024).unwrap_err().to_string();
        assert_eq!(alone, "it is a pipe that nobody writes to");
        // Opened for both, so that opening does not wait for a reader.
        let mut writer = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let writing = std::thread::spawn(move || {
            for part in ["one ", "two"] {
                std::thread::sleep(Duration::from_millis(200));
                writer.write_all(part.as_bytes()).unwrap();
            }
            std::thread::sleep(Duration::from_millis(200));
        });
        assert_eq!(read_any(&pipe, 1024).unwrap(), b"one two");
        writing.join().unwrap();
    }

    fn pipe(folder: &Path) -> std::path::PathBuf {
        let pipe = folder.join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        pipe
    }
}
