//! `apply`: brings an account to what a recipe asks for, and waits for the tasks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::execute::{execute, exit_code, options, stop_on_signal};
use super::plan::{policy, show};
use super::refuse::{refuse_what_ends_work, refuse_what_is_not_permitted};
use crate::apply::{WaitOptions, wait_for_jobs};
use crate::cli::account::Account;
use crate::cli::args::ApplyArgs;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::progress::Progress;
use crate::cli::recipe::load_recipe;
use crate::clock::SystemClock;
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::resource::DesiredState;
use crate::view::human;

/// Jobs of up to this many tasks are shown task by task.
const TOLD_TASKS: u64 = 64;
/// The most bytes of a task's output that are shown.
const OUTPUT_LIMIT: u64 = 16 * 1024;

pub(super) async fn run(context: &Context, args: &ApplyArgs) -> Result<ExitCode, CommandError> {
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let stop = stop_on_signal();
    let result = apply_and_wait(context, args, &account, &loaded.desired, loaded.folder, &stop).await;
    account.close().await;
    result
}

async fn apply_and_wait(
    context: &Context,
    args: &ApplyArgs,
    account: &Account,
    desired: &DesiredState,
    folder: PathBuf,
    stop: &CancellationToken,
) -> Result<ExitCode, CommandError> {
    let plan = pipeline::plan(account.client(), desired, &policy(&args.policy)).await?;
    show(context, &plan)?;
    refuse_what_is_not_permitted(&plan)?;
    refuse_what_ends_work(&plan, args.force, "nothing was changed")?;
    if !plan.is_empty() {
        let question = format!("Apply these changes to {}?", account.name());
        if !args.auto_approve && !confirm(&context.printer, &question, context.global.no_input)? {
            return Err(CommandError::new(
                ExitCode::BlockedByPolicy,
                "nothing was changed: the plan was not confirmed",
            ));
        }
        account.run().await?;
        let options = options(context, usize::from(args.parallelism), folder, account);
        let report = execute(context, &plan, account, &options, stop).await?;
        if !report.is_complete() {
            return Ok(exit_code(&report));
        }
    }
    let waits = args.wait || (account.is_local() && !args.no_wait);
    if waits {
        account.run().await?;
        return wait(context, account, desired, plan.is_empty(), stop).await;
    }
    if account.serves_itself() {
        let mut out = context.printer.narration();
        writeln!(
            out,
            "Not waiting: the local account rests until a command uses it. `batchyard emulator` keeps it going."
        )?;
    }
    Ok(ExitCode::Success)
}

async fn wait(
    context: &Context,
    account: &Account,
    desired: &DesiredState,
    only_news: bool,
    stop: &CancellationToken,
) -> Result<ExitCode, CommandError> {
    let jobs: Vec<_> =
        desired.jobs.values().map(|job| (job.spec.id.clone(), job.spec.pool.clone())).collect();
    let pools: BTreeSet<_> = desired.pools.values().map(|pool| pool.spec.id.clone()).collect();
    let options = WaitOptions {
        poll_interval: account.poll_interval(),
        told_tasks: TOLD_TASKS,
        only_news,
        output_limit: OUTPUT_LIMIT,
        clock: Arc::new(SystemClock),
    };
    let progress = Progress::new(&context.printer);
    let report = wait_for_jobs(account.client(), &jobs, &pools, &options, &progress, stop).await;
    progress.finish();
    let report = report?;
    if report.interrupted {
        let next = if account.serves_itself() {
            "the local account rests until a command uses it: applying again, or `batchyard emulator`, goes on with the tasks"
        } else {
            "`status` shows how it goes on"
        };
        context.printer.err(&format!("Stopped waiting. What was applied stays; {next}.\n"));
        return Ok(ExitCode::Interrupted);
    }
    human::wait_summary(&mut *context.printer.narration(), &report)?;
    Ok(if report.is_healthy() { ExitCode::Success } else { ExitCode::Unhealthy })
}
