//! Uploading the output files of a run.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;

use super::check::headers;
use super::failure::{KeepError, Unkept};
use super::find::{Match, find, open};
use super::log::UploadLog;
use crate::batch::FilePattern;
use crate::batch::model::{BatchTaskFailureInfo, OutputFile, OutputFileUploadCondition};
use crate::node::context::NodeContext;
use crate::node::failure::{self, TaskOutcome};
use crate::node::run::{Run, Watch};
use crate::node::transfers::{AT_A_TIME, Transfers};
use crate::storage::{BlobHeaders, SharedContainer};

/// Uploads what a run's output files ask for after such an end. A file that is not kept fails the run, whatever its program did; all
/// others are kept even so.
pub(in crate::node) async fn upload(
    node: &NodeContext,
    run: &Run<'_>,
    mut outcome: TaskOutcome,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let due: Vec<&OutputFile> = run.output_files.iter().filter(|file| is_due(file, &outcome)).collect();
    if due.is_empty() {
        return outcome;
    }
    let uploaded = tokio::select! {
        biased;
        why = watch.cancelled() => Err(failure::ended(why)),
        uploaded = upload_all(node, run, &due) => uploaded,
    };
    if let Err(failure_info) = uploaded {
        outcome.failure_info = Some(failure_info);
    }
    outcome
}

/// Whether files are uploaded after such an end. Without a program that ended there is nothing to upload.
fn is_due(file: &OutputFile, outcome: &TaskOutcome) -> bool {
    let succeeded = outcome.exit_code == Some(0) && outcome.succeeded();
    outcome.exit_code.is_some()
        && match file.upload_options.upload_condition {
            OutputFileUploadCondition::TaskSuccess => succeeded,
            OutputFileUploadCondition::TaskFailure => !succeeded,
            OutputFileUploadCondition::TaskCompletion | OutputFileUploadCondition::Other(_) => true,
        }
}

async fn upload_all(
    node: &NodeContext,
    run: &Run<'_>,
    files: &[&OutputFile],
) -> Result<(), BatchTaskFailureInfo> {
    let log = UploadLog::begin(&run.directory, Arc::clone(&node.clock));
    let log =
        log.map_err(|error| failure::node_failed(format!("the log of uploads can't be written: {error}")))?;
    let uploads =
        Uploads { transfers: &node.transfers, root: node.layout.root(), log: &log, first: Mutex::default() };
    for file in files {
        if let Err(unkept) = uploads.upload(run, file).await {
            uploads.not_kept(unkept);
        }
    }
    log.note("all uploads are over");
    uploads.end()
}

/// The uploads of a run.
struct Uploads<'a> {
    transfers: &'a Transfers,
    /// The node's root: nothing else is uploaded.
    root: &'a Path,
    log: &'a UploadLog,
    /// The first that was not kept, and how many more were not.
    first: Mutex<Option<(Unkept, usize)>>,
}

/// Where the files of a pattern go.
struct Destination<'a> {
    pattern: &'a FilePattern,
    /// As the task has it.
    written: &'a str,
    container: SharedContainer,
    path: Option<&'a str>,
    headers: BlobHeaders,
}

impl Uploads<'_> {
    /// Uploads what matches a pattern.
    async fn upload(&self, run: &Run<'_>, file: &OutputFile) -> Result<(), Unkept> {
        let written = file.file_pattern.as_str();
        let unkept = |error, destination: String| Unkept {
            pattern: written.to_owned(),
            file: None,
            destination,
            error,
        };
        let undefined = |reason: String| unkept(KeepError::Definition(reason), String::new());
        let container = file.destination.container.as_ref();
        let container = container.ok_or_else(|| undefined("the output file has no container".to_owned()))?;
        let headers = headers(container).map_err(|problem| undefined(problem.reason))?;
        let path = container.path.as_deref();
        let container = SharedContainer::parse(container.container_url.expose().unwrap_or_default());
        let container = container.map_err(|error| undefined(error.to_string()))?;
        let goal = container.to_string();
        let expanded = run.environment.expand("filePattern", written);
        let expanded = expanded.map_err(|error| undefined(error.to_string()))?;
        let pattern = FilePattern::parse(&expanded, &run.directory.working());
        let pattern = pattern.map_err(|error| unkept(KeepError::Pattern(error), goal.clone()))?;
        if !pattern.base().starts_with(self.root) {
            return Err(unkept(KeepError::Outside, goal));
        }
        self.log.note(&format!("uploading what matches `{written}` to {goal}"));
        let destination = Destination { pattern: &pattern, written, container, path, headers };
        let destination = &destination;
        let matches = find(self.root.to_owned(), pattern.clone());
        let uploaded = matches.map(|found| async move {
            match found {
                Ok(found) => self.upload_match(&found, destination).await,
                Err(error) => {
                    let destination = destination.container.to_string();
                    self.not_kept(Unkept { pattern: written.to_owned(), file: None, destination, error });
                    false
                }
            }
        });
        let count =
            uploaded.buffer_unordered(AT_A_TIME).filter(|done| std::future::ready(*done)).count().await;
        self.log.note(&match count {
            0 => format!("no file was uploaded for `{written}`"),
            count => format!("files uploaded for `{written}`: {count}"),
        });
        Ok(())
    }

    /// Uploads a file; says whether it did.
    async fn upload_match(&self, found: &Match, destination: &Destination<'_>) -> bool {
        let blob = destination.container.blob(&destination.pattern.blob_name(destination.path, &found.below));
        let _place = self.transfers.place().await;
        let path = found.path.display();
        let write = async {
            let Some((file, length)) = open(self.root, &found.path).await? else { return Ok(None) };
            let write = blob.write(Arc::new(file), length, &destination.headers, &self.transfers.storage);
            write.await.map_err(KeepError::Write)?;
            Ok(Some(length))
        };
        match write.await {
            Ok(Some(length)) => {
                self.log.note(&format!("uploaded: {path} ({length} bytes) to {blob}"));
                true
            }
            Ok(None) => {
                self.log.note(&format!("not uploaded: {path} is no regular file"));
                false
            }
            // Only who names it means it.
            Err(KeepError::Outside) if destination.pattern.is_wild() => {
                self.log.note(&format!("not uploaded: {path} leads out of the node's folder"));
                false
            }
            Err(error) => {
                self.not_kept(Unkept {
                    pattern: destination.written.to_owned(),
                    file: Some(path.to_string()),
                    destination: blob.to_string(),
                    error,
                });
                false
            }
        }
    }

    fn not_kept(&self, unkept: Unkept) {
        self.log.unkept(&unkept);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *first {
            Some((_, more)) => *more += 1,
            None => *first = Some((unkept, 0)),
        }
    }

    fn end(self) -> Result<(), BatchTaskFailureInfo> {
        match self.first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some((unkept, more)) => Err(unkept.into_failure(more)),
        }
    }
}
