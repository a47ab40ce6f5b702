//! The record that commands keep to, where a project file names one: whose lock they hold, and where they write what they did.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::args::LockArgs;
use super::context::Context;
use super::error::CommandError;
use super::patience::Patience;
use super::printer::Printer;
use super::project;
use crate::apply::ApplyReport;
use crate::batch::DateTime;
use crate::clock::{Clock as _, SystemClock};
use crate::error_chain::in_one_line;
use crate::exit_code::ExitCode;
use crate::plan::Plan;
use crate::record;
use crate::record::{Entry, Lock, Operation, Record, RecordError};
use crate::resource::RecipeName;
use crate::settings::secret_source;
use crate::view::words::plain;

/// What helps where the record can't be used.
const GO_WITHOUT: &str = "--no-lock goes without the record";

/// The record of an account. An account on this machine has none: who works on it has a lock on its files.
pub(super) fn open(context: &Context, account: &Account) -> Result<Option<Record>, CommandError> {
    let Some(host) = account.host() else { return Ok(None) };
    let Some((container, folder)) = project::record(context)? else { return Ok(None) };
    let unusable = || {
        CommandError::new(ExitCode::Usage, format!("the record's container_url ({container}) can't be used"))
            .hint(Some("`record` in the project file says where it is found".to_owned()))
    };
    let url = secret_source(context.variables.clone(), folder)(&container);
    let url = url.map_err(|reason| unusable().because([reason]))?;
    let record = Record::new(&url, &host, Arc::new(SystemClock));
    Ok(Some(record.map_err(|error| unusable().caused_by(error))?))
}

/// The same for a command that can go without the record, unless it is told to.
pub(super) fn open_unless(
    no_lock: bool,
    context: &Context,
    account: &Account,
) -> Result<Option<Record>, CommandError> {
    if no_lock {
        return Ok(None);
    }
    open(context, account).map_err(|error| error.hint(Some(GO_WITHOUT.to_owned())))
}

/// The lock of a recipe that a command holds, if there is a record.
pub(super) struct Held {
    under: Option<(Record, Lock)>,
    printer: Printer,
}

/// Takes the lock of a recipe, if there is a record, in the time that is left to the command.
pub(super) async fn lock(
    context: &Context,
    account: &Account,
    recipe: &RecipeName,
    (operation, args, nothing): (Operation, &LockArgs, &str),
    (left, stop): (Option<Duration>, &CancellationToken),
) -> Result<Held, CommandError> {
    let printer = context.printer.clone();
    let record = open_unless(args.no_lock, context, account)?;
    let Some(record) = record else {
        if !args.lock_timeout.is_zero() && !account.is_local() {
            writeln!(printer.narration(), "There is no lock to wait for: no project file names a record.")?;
        }
        return Ok(Held { under: None, printer });
    };
    let waiting = |said: &str| {
        // Nobody can be told that the reader has gone away, and the work must go on.
        let mut out = printer.narration();
        let _ = writeln!(out, "Waiting for the lock of the recipe `{recipe}`: {}", plain(said));
        let _ = out.flush();
    };
    let still = Patience::with(&printer, "waiting for the lock");
    let limit = left.map_or(args.lock_timeout, |left| left.min(args.lock_timeout));
    let patience = record::Patience { limit, stop, waiting: &waiting };
    let taken = record.lock(recipe, (operation, context.variables.who()), patience).await;
    drop(still);
    match taken {
        Ok(lock) => Ok(Held { under: Some((record, lock)), printer }),
        Err(error) => Err(not_locked(error, nothing)),
    }
}

fn not_locked(error: RecordError, nothing: &str) -> CommandError {
    let hint = error.hint();
    match error {
        RecordError::Locked { .. } => {
            let message = format!("{}; {nothing}", plain(&error.to_string()));
            CommandError::new(ExitCode::StaleOrConflict, message).hint(hint)
        }
        RecordError::GivenUp { .. } => {
            CommandError::new(ExitCode::Interrupted, format!("interrupted; {nothing}"))
        }
        error => {
            let message = format!("the lock of the recipe can't be taken; {nothing}");
            let hint = hint.map(|hint| format!("{hint}; ")).unwrap_or_default();
            CommandError::new(ExitCode::Error, message)
                .caused_by(error)
                .hint(Some(format!("{hint}{GO_WITHOUT}")))
        }
    }
}

impl Held {
    /// A token that is cancelled with this one, and once the lock is lost.
    pub(super) fn stopping(&self, stop: &CancellationToken) -> CancellationToken {
        self.under.as_ref().map_or_else(|| stop.clone(), |(_, lock)| lock.stopping(stop))
    }

    /// Writes down what was done.
    pub(super) async fn note(&self, plan: &Plan, report: &ApplyReport) {
        let Some((record, lock)) = &self.under else { return };
        let entry = Entry::of(plan, report, &lock.holder, DateTime(SystemClock.now()));
        if let Err(error) = record.add(&entry).await {
            self.printer.err(&format!("note: the history was not kept: {}\n", plain(&in_one_line(&error))));
        }
    }

    /// Makes sure that the lock is still held: somebody may have thought about a question for long, on a machine that slept.
    pub(super) async fn confirm(&self) -> Result<(), CommandError> {
        let Some((_, lock)) = &self.under else { return Ok(()) };
        match lock.confirm().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(lost()),
            Err(error) => Err(not_locked(error.into(), "nothing was changed")),
        }
    }

    /// Gives the lock back. What was done without it is in doubt: somebody else may have begun meanwhile.
    pub(super) async fn end<T>(self, result: Result<T, CommandError>) -> Result<T, CommandError> {
        let Some((_, lock)) = self.under else { return result };
        let was_lost = lock.lost().is_cancelled();
        match lock.release().await {
            Ok(true) => result,
            Ok(false) => Err(lost()),
            Err(_) if was_lost => Err(lost()),
            Err(error) => {
                let text = plain(&in_one_line(&error));
                self.printer.err(&format!(
                    "note: the lock was not given back, and ends by itself within a minute: {text}\n"
                ));
                result
            }
        }
    }
}

fn lost() -> CommandError {
    let message =
        "the lock of the recipe was lost: the record could not be reached for too long, or somebody broke it";
    CommandError::new(ExitCode::StaleOrConflict, message)
        .hint(Some("what was done stays done; run it again to go on from there".to_owned()))
}
