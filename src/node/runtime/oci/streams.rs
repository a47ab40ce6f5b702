//! A container's standard output and error: pipes, whose content the supervisor appends to files.
//!
//! The files themselves would be simpler, but a program that opens `/dev/stderr` anew, as `echo … > /dev/stderr` does, would
//! then empty what it wrote before.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Gid, OFlags, Uid};

use crate::node::plain_path;

/// How much is copied at once: what a pipe holds.
const CHUNK: usize = 64 << 10;

/// How many chunks of one stream are copied before the other gets its turn.
const TURN: usize = 16;

/// How many are copied at the end: more than any pipe holds, should a process outside still be writing.
const LAST_TURN: usize = 4096;

/// One stream on its way to its file.
#[derive(Debug)]
struct Stream {
    /// `None` once every writer is gone.
    pipe: Option<PipeReader>,
    file: File,
    name: &'static str,
}

/// Both streams of a container.
#[derive(Debug)]
pub(super) struct Streams {
    streams: [Stream; 2],
    buffer: Vec<u8>,
    /// Why something was not written, in which case the container is no longer listened to but not held up either.
    failure: Option<String>,
}

/// What the container writes to.
pub(super) struct ContainerEnds {
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

impl Streams {
    /// Opens the files and the pipes to them. Programs of the user `owner` may open the pipes by themselves.
    pub(super) fn open(stdout: &Path, stderr: &Path, owner: (u32, u32)) -> io::Result<(Self, ContainerEnds)> {
        let (stdout, stdout_end) = Stream::open(stdout, "standard output", owner)?;
        let (stderr, stderr_end) = Stream::open(stderr, "standard error", owner)?;
        let streams = Self { streams: [stdout, stderr], buffer: vec![0; CHUNK], failure: None };
        Ok((streams, ContainerEnds { stdout: stdout_end.into(), stderr: stderr_end.into() }))
    }

    /// Copies until `process`, a pidfd, has ended.
    pub(super) fn copy_until_end_of(&mut self, process: BorrowedFd<'_>) -> io::Result<()> {
        loop {
            let mut waiting = vec![PollFd::from_borrowed_fd(process, PollFlags::IN)];
            let pipes = self.streams.iter().filter_map(|stream| stream.pipe.as_ref());
            waiting.extend(pipes.map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
            match rustix::event::poll(&mut waiting, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let ended = waiting.first().is_some_and(|process| !process.revents().is_empty());
            drop(waiting);
            self.copy(TURN);
            if ended {
                return Ok(());
            }
        }
    }

    /// Copies what is still in the pipes. Call it once nothing of the container runs any more; then says what was lost.
    pub(super) fn finish(mut self) -> Option<String> {
        self.copy(LAST_TURN);
        self.failure
    }

    fn copy(&mut self, chunks: usize) {
        let discard = self.failure.is_some();
        for stream in &mut self.streams {
            if let Err(error) = stream.copy(&mut self.buffer, chunks, discard) {
                self.failure = Some(format!("its {} could not be written: {error}", stream.name));
            }
        }
    }
}

impl Stream {
    fn open(path: &Path, name: &'static str, (user, group): (u32, u32)) -> io::Result<(Self, PipeWriter)> {
        let file = plain_path::open_to_write(path, OFlags::APPEND)?;
        let (reader, writer) = io::pipe()?;
        rustix::fs::fcntl_setfl(&reader, OFlags::NONBLOCK)?;
        if user != 0 {
            rustix::fs::fchown(&writer, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
        }
        Ok((Self { pipe: Some(reader), file, name }, writer))
    }

    /// Copies what the pipe holds, or only takes it out. A pipe whose writers are all gone is closed.
    fn copy(&mut self, buffer: &mut [u8], chunks: usize, discard: bool) -> io::Result<()> {
        let mut outcome = Ok(());
        for _ in 0..chunks {
            let Some(pipe) = &mut self.pipe else { break };
            match pipe.read(buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    if !discard && outcome.is_ok() {
                        outcome = self.file.write_all(buffer.get(..count).unwrap_or_default());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.pipe = None;
                    return Err(error);
                }
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use std::process::{Command, Stdio};

    fn run(script: &str, stdout: &Path, stderr: &Path) -> Option<String> {
        run_with(script, stdout, stderr, |_| {})
    }

    fn run_with(script: &str, stdout: &Path, stderr: &Path, change: impl Fn(&mut Streams)) -> Option<String> {
        let (mut streams, ends) = Streams::open(stdout, stderr, (0, 0)).unwrap();
        change(&mut streams);
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(ends.stdout)
            .stderr(ends.stderr)
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        streams.copy_until_end_of(process.as_fd()).unwrap();
        child.wait().unwrap();
        streams.finish()
    }

    #[test]
    fn output_is_appended_and_complete() {
        let folder = tempfile::tempdir().unwrap();
        let (out, err) = (folder.path().join("out"), folder.path().join("err"));
        std::fs::write(&out, "before\n").unwrap();
        let script = "echo one; echo two >&2; echo three > /dev/stdout; head -c 300000 /dev/zero >&2";
        assert_eq!(run(script, &out, &err), None);
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "before\none\nthree\n");
        assert_eq!(std::fs::metadata(&err).unwrap().len(), 300_004);
    }

    #[test]
    fn a_program_is_not_held_up_by_output_that_cannot_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (out, err) = (folder.path().join("out"), folder.path().join("err"));
        let full = |streams: &mut Streams| {
            streams.streams[0].file = File::options().append(true).open("/dev/full").unwrap();
        };
        let lost = run_with("head -c 300000 /dev/zero", &out, &err, full).unwrap();
        assert!(lost.contains("standard output could not be written"), "{lost}");
    }

    #[test]
    fn a_process_that_stays_behind_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        assert_eq!(run("sleep 30 & echo done; kill $! ; echo $!", &out, &folder.path().join("err")), None);
        assert!(std::fs::read_to_string(out).unwrap().starts_with("done\n"));
    }
}
