//! Applying a plan, whatever it is for: what `apply` and `destroy` share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::apply::{ApplyOptions, ApplyReport, SecretError, SecretSource, apply};
use crate::cli::account::Account;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::progress::Progress;
use crate::clock::{Clock as _, SystemClock};
use crate::exit_code::ExitCode;
use crate::plan::Plan;
use crate::settings::{Variables, secret_source};
use crate::view::human;

/// How long a step may wait for the service.
const STEP_TIMEOUT: Duration = Duration::from_secs(3_600);

/// How long a step may go on after a signal, where it is to be finished.
const GRACE: Duration = Duration::from_secs(20);

/// When a command gives up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now; `None` means never.
    pub(super) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// As much later as a question took to be answered: people may think.
    pub(super) fn later_by(self, pause: Duration) -> Self {
        Self(self.0.and_then(|end| end.checked_add(pause)))
    }

    /// How long it is until then.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }
}

/// How to apply to an account.
pub(super) fn options(
    context: &Context,
    parallelism: usize,
    folder: PathBuf,
    account: &Account,
    deadline: Deadline,
) -> ApplyOptions {
    let poll_interval = account.poll_interval();
    let deadline = deadline.left().and_then(|left| SystemClock.now().checked_add(left).ok());
    let grace = Duration::ZERO;
    let patient = patient_options(&context.variables, parallelism, folder, poll_interval);
    ApplyOptions { deadline, grace, ..patient }
}

/// How to apply without an end, finishing what was begun.
pub(super) fn patient_options(
    variables: &Variables,
    parallelism: usize,
    folder: PathBuf,
    poll_interval: Duration,
) -> ApplyOptions {
    let resolve = secret_source(variables.clone(), folder);
    ApplyOptions {
        parallelism,
        step_timeout: STEP_TIMEOUT,
        deadline: None,
        grace: GRACE,
        poll_interval,
        secrets: SecretSource::new(move |reference| {
            resolve(reference).map_err(|reason| SecretError { reference: reference.clone(), reason })
        }),
        who: variables.who(),
        clock: Arc::new(SystemClock),
    }
}

/// Applies a plan, showing progress and how it ended.
pub(super) async fn execute(
    context: &Context,
    plan: &Plan,
    account: &Account,
    options: &ApplyOptions,
    (deed, stop): (human::Deed, &CancellationToken),
) -> Result<ApplyReport, CommandError> {
    let progress = Progress::new(&context.printer);
    let report = apply(plan, account.client(), options, &progress, stop).await;
    progress.finish();
    human::apply_summary(&mut *context.printer.news(report.is_complete()), &report, deed)?;
    Ok(report)
}

/// A token that Ctrl-C or SIGTERM cancels: what is begun is ended in order.
pub(super) fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            signalled().await;
            stop.cancel();
        }
    });
    stop
}

async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Does something that may be broken off at any moment, because it changes nothing.
pub(super) async fn unless_stopped<T>(
    stop: &CancellationToken,
    nothing: &str,
    work: impl Future<Output = T>,
) -> Result<T, CommandError> {
    tokio::select! {
        done = work => Ok(done),
        () = stop.cancelled() => Err(CommandError::new(ExitCode::Interrupted, format!("interrupted; {nothing}"))),
    }
}

/// Does something that may be given up at any moment, because it changes nothing, within the time of the command.
pub(super) async fn in_time<T>(
    deadline: Deadline,
    nothing: &str,
    work: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let Some(left) = deadline.left() else { return work.await };
    tokio::time::timeout(left, work).await.unwrap_or_else(|_| {
        Err(CommandError::new(ExitCode::Unhealthy, format!("time is up; {nothing}"))
            .hint(Some("--timeout is how long the command may take".to_owned())))
    })
}

/// Asks whether to go on; Ctrl-C is a no, too. The answer is how long it took: that time is not the command's.
pub(super) async fn ask(
    context: &Context,
    question: String,
    stop: &CancellationToken,
    nothing: &str,
) -> Result<Duration, CommandError> {
    let asked = Instant::now();
    let (printer, no_input) = (context.printer.clone(), context.global.no_input);
    let asking = tokio::task::spawn_blocking(move || confirm(&printer, &question, no_input));
    let answer = unless_stopped(stop, nothing, asking).await?;
    if answer.map_err(CommandError::from_error)?? {
        return Ok(asked.elapsed());
    }
    Err(CommandError::new(ExitCode::BlockedByPolicy, format!("{nothing}: the plan was not confirmed")))
}

/// The exit code of an apply, from how its steps ended.
pub(super) fn exit_code(report: &ApplyReport) -> ExitCode {
    if report.is_complete() {
        ExitCode::Success
    } else if report.was_interrupted() {
        ExitCode::Interrupted
    } else if report.failures().any(|(_, error)| error.is_conflict()) {
        ExitCode::StaleOrConflict
    } else if report.failures().any(|(_, error)| error.is_timeout()) {
        ExitCode::Unhealthy
    } else if report.done() > 0 || report.failures().any(|(_, error)| error.is_partly_done()) {
        ExitCode::PartlyApplied
    } else {
        ExitCode::Error
    }
}
