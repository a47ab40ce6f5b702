//! `plan`: shows what apply would do.

use std::io::Write as _;

use crate::cli::account::Account;
use crate::cli::args::{Format, PlanArgs, PolicyArgs, SelectionArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::plan_file::{PlanFile, rerun_of};
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::plan::{Plan, Policy, Selection};
use crate::view::{human, json, markdown};

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<ExitCode, CommandError> {
    let patience = Patience::with(&context.printer, "making the plan");
    PlanFile::refuse_as_recipe(&args.recipe.path)?;
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let policy = Policy { refresh_only: args.refresh_only, ..policy(&args.policy) };
    let plan = if args.destroy {
        pipeline::plan_destroy(account.client(), &loaded.desired, &policy.selection).await
    } else {
        pipeline::plan(account.client(), &loaded.desired, &policy).await
    };
    let name = account.name().to_owned();
    let api_version = account.client().api_version();
    account.close().await;
    drop(patience);
    let plan = plan?;
    print(context, &plan)?;
    if let Some(path) = &args.out {
        let environment = context.variables.parameters();
        let asked = (&args.policy, args.destroy);
        PlanFile::of(&plan, (&name, api_version), &args.recipe, environment, asked).write(path)?;
        let mut out = context.printer.narration();
        writeln!(out, "\nKept in {path}; `batchyard apply {path}` does it.", path = path.display())?;
    }
    if plan.conflicts().next().is_some() {
        return Ok(ExitCode::StaleOrConflict);
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { ExitCode::ChangesPresent } else { ExitCode::Success })
}

/// Prints a plan that is not carried out, in the form that is asked for.
pub(super) fn print(context: &Context, plan: &Plan) -> Result<(), CommandError> {
    match context.global.format {
        Format::Json => context.printer.json(&json::plan(plan))?,
        Format::Markdown => context.printer.text(&markdown::plan(plan))?,
        _ => show(context, plan)?,
    }
    Ok(())
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
        selection: selection(&args.selection),
        replace: args.replace.clone(),
        rerun: rerun_of(&args.rerun),
        refresh_only: false,
    }
}

pub(super) fn selection(args: &SelectionArgs) -> Selection {
    Selection { targets: args.target.clone(), excluded: args.exclude.clone() }
}
