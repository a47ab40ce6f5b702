//! A container's output, from the engine's log into the task's files.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::PathBuf;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures::{Stream, StreamExt};
use rustix::fs::OFlags;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::create::{STDERR, STDERR_START, STDOUT, STDOUT_START};
use super::engine_error;
use crate::node::plain_path;
use crate::node::runtime::RuntimeError;

/// Where a container's output goes. Kept in the container's labels, so that it is known after a restart too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputFiles {
    stdout: Place,
    stderr: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    start: u64,
}

impl OutputFiles {
    /// Reads the labels; `None` for a container that this program did not make.
    pub(super) fn from_labels(labels: &HashMap<String, String>) -> Option<Self> {
        let place = |path: &str, start: &str| {
            Some(Place { path: labels.get(path)?.into(), start: labels.get(start)?.parse().ok()? })
        };
        Some(Self { stdout: place(STDOUT, STDOUT_START)?, stderr: place(STDERR, STDERR_START)? })
    }
}

/// Writes output as it comes, from the first byte on, until the container ends. Bytes that are in the files already are
/// written again, over themselves: nothing is lost and nothing comes twice, whatever happened before.
pub(super) async fn follow(
    engine: &Docker,
    container: &str,
    files: &OutputFiles,
) -> Result<(), RuntimeError> {
    write(log(engine, container, true), files, false).await
}

/// Writes what a container has said so far.
pub(super) async fn catch_up(
    engine: &Docker,
    container: &str,
    files: &OutputFiles,
) -> Result<(), RuntimeError> {
    write(log(engine, container, false), files, false).await
}

/// Writes the whole output of a container that has ended. Nothing but this output remains in the files.
pub(super) async fn complete(
    engine: &Docker,
    container: &str,
    files: &OutputFiles,
) -> Result<(), RuntimeError> {
    write(log(engine, container, false), files, true).await
}

fn log(
    engine: &Docker,
    container: &str,
    follow: bool,
) -> impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + use<> {
    let options = LogsOptionsBuilder::new().follow(follow).stdout(true).stderr(true).build();
    engine.logs(container, Some(options))
}

async fn write(
    log: impl Stream<Item = Result<LogOutput, bollard::errors::Error>>,
    files: &OutputFiles,
    is_all: bool,
) -> Result<(), RuntimeError> {
    let mut stdout = Writer::open(&files.stdout).await?;
    let mut stderr = Writer::open(&files.stderr).await?;
    let mut log = std::pin::pin!(log);
    while let Some(output) = log.next().await {
        match output.map_err(|error| engine_error::failed("read the container's log", &error))? {
            LogOutput::StdOut { message } | LogOutput::Console { message } => stdout.write(&message).await?,
            LogOutput::StdErr { message } => stderr.write(&message).await?,
            LogOutput::StdIn { .. } => {}
        }
    }
    stdout.finish(is_all).await?;
    stderr.finish(is_all).await
}

/// How much of a line the engine notes in one entry; longer lines take several.
const ENTRY: usize = 16 * 1024;

struct Writer<'a> {
    place: &'a Place,
    file: File,
    written: u64,
    /// Whether the last entry lacks the end of its line, although its line ends there.
    owes_line_end: bool,
}

impl<'a> Writer<'a> {
    async fn open(place: &'a Place) -> Result<Self, RuntimeError> {
        let path = place.path.clone();
        let open = async {
            let opened =
                tokio::task::spawn_blocking(move || plain_path::open_to_write(&path, OFlags::empty()));
            let mut file = File::from_std(opened.await.map_err(std::io::Error::other)??);
            file.seek(SeekFrom::Start(place.start)).await?;
            Ok(file)
        };
        let file = open.await.map_err(|error: std::io::Error| place.failed(&error))?;
        Ok(Self { place, file, written: 0, owes_line_end: false })
    }

    /// Writes an entry of the log. Some engines leave out the end of a line that took several entries; that it ended is known
    /// once another entry follows one that is not full.
    async fn write(&mut self, entry: &[u8]) -> Result<(), RuntimeError> {
        if std::mem::take(&mut self.owes_line_end) {
            self.put(b"\n").await?;
        }
        self.owes_line_end = entry.len() < ENTRY && !entry.ends_with(b"\n");
        self.put(entry).await
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<(), RuntimeError> {
        self.file.write_all(bytes).await.map_err(|error| self.place.failed(&error))?;
        // Whoever reads the file sees the output as it comes.
        self.file.flush().await.map_err(|error| self.place.failed(&error))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    async fn finish(mut self, is_all: bool) -> Result<(), RuntimeError> {
        let end = self.place.start + self.written;
        let finish = async {
            self.file.flush().await?;
            if is_all { self.file.set_len(end).await } else { Ok(()) }
        };
        finish.await.map_err(|error: std::io::Error| self.place.failed(&error))
    }
}

impl Place {
    fn failed(&self, error: &std::io::Error) -> RuntimeError {
        RuntimeError::Failed { action: format!("write {}", self.path.display()), reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn said(stdout: bool, text: &str) -> Result<LogOutput, bollard::errors::Error> {
        let message = bytes::Bytes::copy_from_slice(text.as_bytes());
        Ok(if stdout { LogOutput::StdOut { message } } else { LogOutput::StdErr { message } })
    }

    #[tokio::test]
    async fn writing_a_log_again_changes_nothing_and_completes_what_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str, start| Place { path: folder.path().join(name), start };
        let files = OutputFiles { stdout: place("out", 5), stderr: place("err", 0) };
        std::fs::write(&files.stdout.path, "older").unwrap();
        write(stream::iter([said(true, "one\n")]), &files, false).await.unwrap();
        assert_eq!(std::fs::read_to_string(&files.stdout.path).unwrap(), "olderone\n");
        std::fs::write(&files.stderr.path, "left by something else").unwrap();
        let all = [said(true, "one\n"), said(false, "oops"), said(true, "two")];
        write(stream::iter(all), &files, true).await.unwrap();
        assert_eq!(std::fs::read_to_string(&files.stdout.path).unwrap(), "olderone\ntwo");
        assert_eq!(std::fs::read_to_string(&files.stderr.path).unwrap(), "oops");
    }

    #[tokio::test]
    async fn lines_of_several_entries_keep_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| Place { path: folder.path().join(name), start: 0 };
        let files = OutputFiles { stdout: place("out"), stderr: place("err") };
        let full = "x".repeat(ENTRY);
        let entries = [&full, "y", &full, "z", "short\n", "end"];
        let entries = entries.map(|entry| said(true, entry));
        let stderr = said(false, "aside\n");
        write(stream::iter(entries.into_iter().chain([stderr])), &files, true).await.unwrap();
        let expected = format!("{full}y\n{full}z\nshort\nend");
        assert!(std::fs::read_to_string(&files.stdout.path).unwrap() == expected);
        assert_eq!(std::fs::read_to_string(&files.stderr.path).unwrap(), "aside\n");
    }

    #[test]
    fn places_are_read_from_labels() {
        let labels = |pairs: &[(&str, &str)]| {
            OutputFiles::from_labels(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        let all = [(STDOUT, "/o"), (STDOUT_START, "3"), (STDERR, "/e"), (STDERR_START, "0")];
        assert_eq!(labels(&all).unwrap().stdout, Place { path: "/o".into(), start: 3 });
        assert_eq!(labels(&all[..3]), None);
        assert_eq!(labels(&[]), None);
    }
}
