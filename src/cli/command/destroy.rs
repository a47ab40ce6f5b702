//! `destroy`: removes everything that a recipe made.

use super::execute::{execute, exit_code, options, stop_on_signal};
use super::plan::show;
use super::refuse::refuse_what_ends_work;
use crate::cli::account::Account;
use crate::cli::args::DestroyArgs;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::pipeline;

pub(super) async fn run(context: &Context, args: &DestroyArgs) -> Result<ExitCode, CommandError> {
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let result = destroy(context, args, &account, &loaded).await;
    account.close().await;
    result
}

async fn destroy(
    context: &Context,
    args: &DestroyArgs,
    account: &Account,
    loaded: &crate::recipe::Loaded,
) -> Result<ExitCode, CommandError> {
    use std::io::Write as _;
    let plan = pipeline::plan_destroy(account.client(), &loaded.desired.recipe).await?;
    if plan.is_empty() {
        let mut out = context.printer.narration();
        writeln!(out, "Nothing to destroy: the account has nothing that the recipe `{}` made.", plan.recipe)?;
        return Ok(ExitCode::Success);
    }
    show(context, &plan)?;
    refuse_what_ends_work(&plan, args.force, "nothing was destroyed")?;
    let question = format!("Destroy all this in {}? There is no undo.", account.name());
    if !args.auto_approve && !confirm(&context.printer, &question, context.global.no_input)? {
        return Err(CommandError::new(
            ExitCode::BlockedByPolicy,
            "nothing was destroyed: the plan was not confirmed",
        ));
    }
    account.wind_down().await?;
    let options = options(context, 8, loaded.folder.clone(), account);
    let report = execute(context, &plan, account, &options, &stop_on_signal()).await?;
    Ok(exit_code(&report))
}
