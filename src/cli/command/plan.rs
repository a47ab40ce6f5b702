//! `plan`: shows what apply would do.

use crate::cli::account::Account;
use crate::cli::args::{PlanArgs, PolicyArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::plan::{Plan, Policy};
use crate::view::{human, json};

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let plan = if args.destroy {
        pipeline::plan_destroy(account.client(), &loaded.desired.recipe).await
    } else {
        pipeline::plan(account.client(), &loaded.desired, &policy(&args.policy)).await
    };
    account.close().await;
    let plan = plan?;
    show(context, &plan)?;
    if plan.conflicts().next().is_some() {
        return Ok(ExitCode::StaleOrConflict);
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { ExitCode::ChangesPresent } else { ExitCode::Success })
}

/// Writes a plan to standard output.
pub(super) fn show(context: &Context, plan: &Plan) -> Result<(), CommandError> {
    if context.printer.is_json() {
        return Ok(context.printer.json(&json::plan(plan))?);
    }
    Ok(human::plan(&mut *context.printer.narration(), plan)?)
}

pub(super) fn policy(args: &PolicyArgs) -> Policy {
    Policy {
        allow: args.allow.iter().map(|&choice| choice.into()).collect(),
        adopt: args.adopt,
        prune: args.prune,
    }
}
