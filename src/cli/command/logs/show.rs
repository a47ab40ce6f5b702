//! What tasks have printed so far, one task after the other.

use std::io::{self, Write};

use futures::TryStreamExt;
use serde_json::json;

use super::lines::{self, Lines};
use super::silence::{Silence, bad_end, silence};
use super::streams::Stream;
use super::targets::Target;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::client::BatchClient;
use crate::view::words::plain;

/// Shows tasks one after the other.
pub(super) struct Show<'a> {
    pub(super) context: &'a Context,
    pub(super) client: &'a BatchClient,
    pub(super) streams: &'a [Stream],
    /// Whether what belongs to whom must be said.
    pub(super) titles: bool,
}

impl Show<'_> {
    /// Shows what a task has printed; if that is nothing, says why. The answer is whether something is lost.
    pub(super) async fn task(&self, target: &Target) -> Result<bool, CommandError> {
        let mut printed = false;
        for stream in self.streams {
            let properties = stream.properties(&target.job, &target.task.id);
            // A task that never ran has no files; why, is said below.
            let length = match self.client.file_info(&properties).await {
                Ok(file) => file.length,
                Err(error) if error.status().is_some() => 0,
                Err(error) => return Err(error.into()),
            };
            if length > 0 {
                self.title(target, Some(*stream), printed)?;
                self.content(target, *stream, length).await?;
                printed = true;
            }
        }
        if printed {
            return Ok(false);
        }
        let why = silence(self.client, target, self.streams).await?;
        tell_silence(self.context, target, &why)?;
        Ok(why.is_loss)
    }

    /// `==> sweep/estimate-1 stderr <==`, as `tail` does, and how the task ended if that was badly.
    fn title(&self, target: &Target, stream: Option<Stream>, again: bool) -> Result<(), CommandError> {
        if !self.titles || self.context.printer.is_json() {
            return Ok(());
        }
        let stream = stream.filter(|_| self.streams.len() > 1).map(|stream| format!(" {}", stream.name()));
        let mut out = io::stdout().lock();
        writeln!(out, "==> {}{} <==", target.address(), stream.unwrap_or_default())?;
        if let Some(end) = bad_end(&target.task).filter(|_| !again) {
            writeln!(out, "({})", plain(&end))?;
        }
        Ok(())
    }

    async fn content(&self, target: &Target, stream: Stream, length: u64) -> Result<(), CommandError> {
        let content =
            self.client.read_file_range(&stream.file(&target.job, &target.task.id), 0..length).await?;
        let mut bytes = content.bytes;
        let mut lines = Lines::default();
        let mut last = None;
        while let Some(chunk) = bytes.try_next().await? {
            if self.context.printer.is_json() {
                lines
                    .push(&chunk, |line| self.context.printer.line(&lines::document(target, stream, line)))?;
            } else {
                io::stdout().lock().write_all(&chunk)?;
                last = chunk.last().copied().or(last);
            }
        }
        lines.finish(|line| self.context.printer.line(&lines::document(target, stream, line)))?;
        let mut out = io::stdout().lock();
        if self.titles && last.is_some_and(|byte| byte != b'\n') {
            writeln!(out)?;
        }
        out.flush()?;
        Ok(())
    }
}

/// Says why a task has printed nothing: on standard error, because it is not the task's output.
pub(super) fn tell_silence(context: &Context, target: &Target, why: &Silence) -> Result<(), CommandError> {
    let printer = &context.printer;
    let is_bad = why.is_final || why.is_loss || bad_end(&target.task).is_some();
    if is_bad || !printer.is_quiet() {
        let mut text = format!("{}: {}\n", target.address(), plain(&why.reason));
        if let Some(hint) = &why.hint {
            text.push_str(&format!("  hint: {hint}\n"));
        }
        printer.err(&text);
    }
    if printer.is_json() {
        printer.line(&json!({
            "type": "silent", "job": target.job, "task": target.task.id, "reason": why.reason, "hint": why.hint,
            "is_final": why.is_final, "is_loss": why.is_loss,
        }))?;
    }
    Ok(())
}
