//! `status`: shows how a recipe's pools, jobs and tasks are doing.

use std::io::Write as _;
use std::time::Duration;

use super::execute::stop_on_signal;
use crate::cli::account::Account;
use crate::cli::args::StatusArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::observe::{self, Status};
use crate::pipeline::scope;
use crate::recipe::Loaded;
use crate::view::{human, json};

/// How often the account is looked at while a person watches.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Moves to the top of the terminal and clears what is below.
const CLEAR: &str = "\u{1b}[H\u{1b}[J";

pub(super) async fn run(context: &Context, args: &StatusArgs) -> Result<ExitCode, CommandError> {
    if args.watch {
        context.printer.begin("status")?;
    }
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let result = if args.watch {
        watch(context, args, &account, &loaded).await
    } else {
        show_once(context, args, &account, &loaded).await
    };
    let at_rest = account.at_rest().is_some();
    account.close().await;
    let code = result?;
    if args.watch && context.printer.is_json() {
        let reason =
            at_rest.then_some("the local account is at rest: nothing changes until a command runs it");
        context.printer.line(&json::ended(code.number(), reason))?;
    }
    Ok(code)
}

async fn show_once(
    context: &Context,
    args: &StatusArgs,
    account: &Account,
    loaded: &Loaded,
) -> Result<ExitCode, CommandError> {
    let patience = Patience::with(&context.printer, "reading the account");
    let status = read(account, loaded).await?;
    drop(patience);
    if context.printer.is_json() {
        context.printer.json(&document(account, loaded, &status))?;
    } else {
        context.printer.news(status.is_healthy()).write_all(&text(args, account, &status)?)?;
    }
    Ok(health(&status))
}

/// Shows the status again whenever it has changed, until nothing more will happen by itself.
async fn watch(
    context: &Context,
    args: &StatusArgs,
    account: &Account,
    loaded: &Loaded,
) -> Result<ExitCode, CommandError> {
    let stop = stop_on_signal();
    let printer = &context.printer;
    let mut shown = Vec::new();
    loop {
        let status = read(account, loaded).await?;
        let text = text(args, account, &status)?;
        if text != shown {
            let mut out = printer.news(status.is_healthy());
            if printer.is_screen() {
                write!(out, "{CLEAR}")?;
            } else if !shown.is_empty() {
                writeln!(out)?;
            }
            out.write_all(&text)?;
            out.flush()?;
            if printer.is_json() {
                printer.line(&document(account, loaded, &status))?;
            }
            shown = text;
        }
        if status.is_over() || account.at_rest().is_some() {
            return Ok(health(&status));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return Ok(ExitCode::Interrupted),
        }
    }
}

/// The status for people.
fn text(args: &StatusArgs, account: &Account, status: &Status) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    human::status(&mut text, status)?;
    // Where nothing would go on anyway, nothing is held up.
    if let Some(unchecked) = account.at_rest().filter(|unchecked| !status.is_over() || !unchecked.is_empty())
    {
        human::at_rest(&mut text, &args.recipe.path, &unchecked)?;
    }
    Ok(text)
}

/// The status for programs.
fn document(account: &Account, loaded: &Loaded, status: &Status) -> serde_json::Value {
    json::status(&loaded.desired.recipe, account.name(), account.at_rest().is_some(), status)
}

async fn read(account: &Account, loaded: &Loaded) -> Result<Status, CommandError> {
    let live = observe::read(account.client(), &scope(&loaded.desired)).await?;
    Ok(observe::status(account.client(), &live.own(&loaded.desired.recipe)).await?)
}

fn health(status: &Status) -> ExitCode {
    if status.is_healthy() { ExitCode::Success } else { ExitCode::Unhealthy }
}
