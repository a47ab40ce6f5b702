//! `plan`: shows what apply would do.

use crate::cli::account::Account;
use crate::cli::args::{PlanArgs, PolicyArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::plan::{Plan, Policy};
use crate::view::{human, json};

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let patience = Patience::with(&context.printer, "making the plan");
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let plan = if args.destroy {
        pipeline::plan_destroy(account.client(), &loaded.desired.recipe).await
    } else {
        pipeline::plan(account.client(), &loaded.desired, &policy(&args.policy)).await
    };
    account.close().await;
    drop(patience);
    let plan = plan?;
    if context.printer.is_json() {
        context.printer.json(&json::plan(&plan))?;
    } else {
        show(context, &plan)?;
    }
    if plan.conflicts().next().is_some() {
        return Ok(ExitCode::StaleOrConflict);
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { ExitCode::ChangesPresent } else { ExitCode::Success })
}

/// Shows a plan before it is carried out; to programs it is a line of the stream.
pub(super) fn show(context: &Context, plan: &Plan) -> Result<(), CommandError> {
    human::plan(&mut *context.printer.narration(), plan)?;
    if context.printer.is_json() {
        context.printer.line(&json::plan(plan))?;
    }
    Ok(())
}

pub(super) fn policy(args: &PolicyArgs) -> Policy {
    Policy {
        allow: args.allow.iter().map(|&choice| choice.into()).collect(),
        adopt: args.adopt,
        prune: args.prune,
    }
}
