//! `destroy`: removes everything that a recipe made.

use std::io::Write as _;

use tokio_util::sync::CancellationToken;

use super::execute::{Deadline, ask, execute, exit_code, in_time, options, stop_on_signal, unless_stopped};
use super::plan::{selection, show};
use super::refuse::refuse_what_ends_work;
use crate::cli::account::Account;
use crate::cli::args::DestroyArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::plan_file::PlanFile;
use crate::cli::recipe::load_recipe;
use crate::cli::record::{self, Held};
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::recipe::Loaded;
use crate::record::Operation;
use crate::view::human::Deed;
use crate::view::json;

/// How many steps run at once.
const PARALLELISM: usize = 8;

const NOTHING: &str = "nothing was destroyed";

pub(super) async fn run(context: &Context, args: &DestroyArgs) -> Result<ExitCode, CommandError> {
    context.printer.begin("destroy")?;
    PlanFile::refuse_as_recipe(&args.recipe.path)?;
    let loaded = load_recipe(context, &args.recipe)?;
    let stop = stop_on_signal();
    let deadline = Deadline::after(args.timeout);
    let opening = async { unless_stopped(&stop, NOTHING, Account::open(context)).await? };
    let account = in_time(deadline, NOTHING, opening).await?;
    let result = destroy_locked(context, args, &account, &loaded, (deadline, &stop)).await;
    account.close().await;
    result
}

async fn destroy_locked(
    context: &Context,
    args: &DestroyArgs,
    account: &Account,
    loaded: &Loaded,
    (deadline, stop): (Deadline, &CancellationToken),
) -> Result<ExitCode, CommandError> {
    let held = record::lock(
        context,
        account,
        &loaded.desired.recipe,
        (Operation::Destroy, &args.lock, NOTHING),
        (deadline.left(), stop),
    )
    .await?;
    let stop = held.stopping(stop);
    let result = destroy(context, args, account, (loaded, &held), (deadline, &stop)).await;
    held.end(result).await
}

async fn destroy(
    context: &Context,
    args: &DestroyArgs,
    account: &Account,
    (loaded, held): (&Loaded, &Held),
    (mut deadline, stop): (Deadline, &CancellationToken),
) -> Result<ExitCode, CommandError> {
    let patience = Patience::with(&context.printer, "making the plan");
    let selection = selection(&args.selection);
    let planning = pipeline::plan_destroy(account.client(), &loaded.desired, &selection);
    let planning = async { Ok(unless_stopped(stop, NOTHING, planning).await??) };
    let plan = in_time(deadline, NOTHING, planning).await?;
    drop(patience);
    if plan.is_empty() {
        let mut out = context.printer.narration();
        let what = if selection.is_everything() { "nothing" } else { "nothing of what is selected" };
        writeln!(out, "Nothing to destroy: the account has {what} that the recipe `{}` made.", plan.recipe)?;
        if context.printer.is_json() {
            context.printer.line(&json::destroyed(&plan, None, ExitCode::Success.number()))?;
        }
        return Ok(ExitCode::Success);
    }
    show(context, &plan)?;
    refuse_what_ends_work(&plan, args.force, NOTHING)?;
    if !args.auto_approve {
        let question = format!("Destroy all this in {}? There is no undo.", account.name());
        deadline = deadline.later_by(ask(context, question, stop, NOTHING).await?);
        held.confirm().await?;
    }
    account.wind_down().await?;
    let options = options(context, PARALLELISM, loaded.folder.clone(), account, deadline);
    let report = execute(context, &plan, account, &options, (Deed::Destroy, stop)).await?;
    held.note(&plan, &report).await;
    let code = exit_code(&report);
    if context.printer.is_json() {
        context.printer.line(&json::destroyed(&plan, Some(&report), code.number()))?;
    }
    Ok(code)
}
