//! What tasks print while they run.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use tokio_util::sync::CancellationToken;

use super::lines::{self, Lines};
use super::show::tell_silence;
use super::silence::{Silence, bad_end, silence};
use super::streams::Stream;
use super::targets::{Target, find_task};
use crate::batch::model::BatchTaskState;
use crate::cli::account::Account;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::view::words::plain;

/// How often files that are followed are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long a task may be silent before it is looked into why, and how long until it is said again.
const SILENT: Duration = Duration::from_secs(1);
const SILENT_STILL: Duration = Duration::from_secs(30);

/// Why tasks of a local account that nobody runs are not followed on: nothing failed, and nothing will happen.
const AT_REST: &str =
    "the local account is at rest; `batchyard emulator`, or applying the recipe, goes on with its tasks";

/// Tasks that are followed until they end.
pub(super) struct Follow<'a> {
    pub(super) context: &'a Context,
    pub(super) account: &'a Account,
    pub(super) streams: &'a [Stream],
    pub(super) stop: CancellationToken,
}

/// How far one task has been shown.
struct Followed {
    target: Target,
    /// For each stream: how many bytes were shown, and the line that has begun.
    shown: Vec<(Stream, u64, Lines)>,
    /// When it is to be looked into why it is silent, and what was said last.
    look_into: Instant,
    said: Option<Silence>,
    over: bool,
}

impl Follow<'_> {
    /// Shows what the tasks print until the last has ended, or waits for something that will not come by itself. The answer says
    /// why that was before the last had ended, if it was.
    pub(super) async fn run(
        &self,
        targets: Vec<Target>,
    ) -> Result<(ExitCode, Option<&'static str>), CommandError> {
        let mut followed: Vec<Followed> = targets.into_iter().map(|target| self.begin(target)).collect();
        let several = followed.len() > 1;
        let mut code = ExitCode::Success;
        loop {
            for task in followed.iter_mut().filter(|task| !task.over) {
                if self.look(task, several).await? == ExitCode::Unhealthy {
                    code = ExitCode::Unhealthy;
                }
            }
            if followed.iter().all(|task| task.over) {
                return Ok((code, None));
            }
            if self.account.at_rest().is_some() {
                self.context.printer.err(&format!("Not followed any longer: {AT_REST}.\n"));
                return Ok((code, Some(AT_REST)));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.stop.cancelled() => return Ok((ExitCode::Interrupted, None)),
            }
        }
    }

    fn begin(&self, target: Target) -> Followed {
        let shown = self.streams.iter().map(|stream| (*stream, 0, Lines::default())).collect();
        Followed { target, shown, look_into: Instant::now() + SILENT, said: None, over: false }
    }

    /// One look at a task; `Unhealthy` if it turned out to have failed, or to be unable to run.
    async fn look(&self, task: &mut Followed, several: bool) -> Result<ExitCode, CommandError> {
        // The state is read before the files, so that what a task prints last is never missed.
        task.target.task = find_task(self.account.client(), &task.target.job, &task.target.task.id).await?;
        let ended = task.target.task.state == Some(BatchTaskState::Completed);
        let mut silent = true;
        for index in 0..task.shown.len() {
            silent &= !self.show_new(task, index, several).await?;
        }
        if ended {
            return self.end(task, several).await;
        }
        if silent && Instant::now() >= task.look_into && task.shown.iter().all(|(_, shown, _)| *shown == 0) {
            return self.explain(task).await;
        }
        Ok(ExitCode::Success)
    }

    /// Shows what has been added to a stream; whether that was anything.
    async fn show_new(&self, task: &mut Followed, index: usize, several: bool) -> Result<bool, CommandError> {
        let Followed { target, shown, .. } = task;
        let Some((stream, from, lines)) = shown.get_mut(index) else { return Ok(false) };
        let (job, id) = (&target.job, &target.task.id);
        let length = match self.account.client().file_info(&stream.properties(job, id)).await {
            Ok(file) => file.length,
            // A task that has not begun has no files.
            Err(error) if error.status().is_some() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if length < *from {
            // A retry begins its files anew.
            *from = 0;
            self.context.printer.err(&format!("{} runs again, from the beginning:\n", target.address()));
        }
        if length <= *from {
            return Ok(false);
        }
        let content = self.account.client().read_file_range(&stream.file(job, id), *from..length).await?;
        let mut bytes = content.bytes;
        while let Some(chunk) = bytes.try_next().await? {
            *from += chunk.len() as u64;
            if several || self.context.printer.is_json() {
                lines.push(&chunk, |line| self.line(target, *stream, line))?;
            } else {
                io::stdout().lock().write_all(&chunk)?;
            }
        }
        io::stdout().lock().flush()?;
        Ok(true)
    }

    fn line(&self, target: &Target, stream: Stream, line: &str) -> io::Result<()> {
        if self.context.printer.is_json() {
            self.context.printer.line(&lines::document(target, stream, line))
        } else {
            lines::prefixed(&mut io::stdout().lock(), target, line)
        }
    }

    /// Says how a task ended, if that was badly or in silence.
    async fn end(&self, task: &mut Followed, several: bool) -> Result<ExitCode, CommandError> {
        task.over = true;
        for (stream, _, lines) in &mut task.shown {
            if several || self.context.printer.is_json() {
                lines.finish(|line| self.line(&task.target, *stream, line))?;
            }
        }
        let bad = bad_end(&task.target.task);
        if task.shown.iter().all(|(_, shown, _)| *shown == 0) {
            let why = silence(self.account.client(), &task.target, self.streams).await?;
            tell_silence(self.context, &task.target, &why)?;
        } else if let Some(end) = &bad {
            self.context.printer.err(&format!("{} {}\n", task.target.address(), plain(end)));
        }
        Ok(if bad.is_some() { ExitCode::Unhealthy } else { ExitCode::Success })
    }

    /// Says why a task is silent, when that has changed or was said long ago.
    async fn explain(&self, task: &mut Followed) -> Result<ExitCode, CommandError> {
        let why = silence(self.account.client(), &task.target, self.streams).await?;
        let is_news = task.said.as_ref() != Some(&why);
        task.look_into = Instant::now() + if is_news { SILENT * 5 } else { SILENT_STILL };
        tell_silence(self.context, &task.target, &why)?;
        task.over = why.is_final;
        task.said = Some(why);
        Ok(if task.over { ExitCode::Unhealthy } else { ExitCode::Success })
    }
}
