//! `apply`: brings an account to what a recipe asks for, and waits for the tasks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::execute::{Deadline, ask, execute, exit_code, in_time, options, stop_on_signal, unless_stopped};
use super::plan::{policy, show};
use super::refuse::{refuse_what_ends_work, refuse_what_is_not_permitted};
use crate::apply::{ApplyReport, EndedTasks, WaitEnd, WaitOptions, WaitReport, ended_tasks, wait_for_jobs};
use crate::cli::account::Account;
use crate::cli::args::ApplyArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::plan_file::PlanFile;
use crate::cli::progress::Progress;
use crate::cli::recipe::load_recipe;
use crate::cli::record::{self, Held};
use crate::clock::SystemClock;
use crate::exit_code::ExitCode;
use crate::pipeline;
use crate::plan::{Plan, Policy};
use crate::record::Operation;
use crate::resource::DesiredState;
use crate::view::{human, json};

/// Jobs of up to this many tasks are shown task by task.
const TOLD_TASKS: u64 = 64;
/// The most bytes of a task's output that are shown.
const OUTPUT_LIMIT: u64 = 16 * 1024;

const NOTHING: &str = "nothing was changed";

pub(super) async fn run(context: &Context, args: &ApplyArgs) -> Result<ExitCode, CommandError> {
    context.printer.begin("apply")?;
    let patience = Patience::with(&context.printer, "getting ready");
    let kept = PlanFile::recognise(&args.recipe.path)?;
    let (loaded, policy) = match &kept {
        None => (load_recipe(context, &args.recipe)?, policy(&args.policy)),
        Some(kept) => (kept.load(context, &args.recipe, &args.policy)?, kept.policy()?),
    };
    let stop = stop_on_signal();
    let deadline = Deadline::after(args.timeout);
    let opening = async { unless_stopped(&stop, NOTHING, Account::open(context)).await? };
    let account = in_time(deadline, NOTHING, opening).await?;
    let apply = Apply {
        context,
        args,
        account: &account,
        desired: &loaded.desired,
        policy,
        kept: kept.as_ref(),
        stop: &stop,
    };
    drop(patience);
    let result = apply.run(loaded.folder, deadline).await;
    account.close().await;
    result
}

/// What came of the part of `apply` that changes something.
struct Changed {
    plan: Plan,
    /// How the steps ended; nothing if there was none.
    steps: Option<ApplyReport>,
    /// The tasks that had ended before, if they are to be waited for.
    ended_before: EndedTasks,
    deadline: Deadline,
}

/// One run of `apply`.
struct Apply<'a> {
    context: &'a Context,
    args: &'a ApplyArgs,
    account: &'a Account,
    desired: &'a DesiredState,
    policy: Policy,
    /// The plan that was looked at before, if there is one.
    kept: Option<&'a PlanFile>,
    stop: &'a CancellationToken,
}

impl Apply<'_> {
    /// Makes the plan. One that was looked at before must say the same.
    async fn plan(&self) -> Result<Plan, CommandError> {
        let client = self.account.client();
        let Some(kept) = self.kept else {
            return Ok(pipeline::plan(client, self.desired, &self.policy).await?);
        };
        kept.check_account(self.account.name(), client.api_version())?;
        let plan = if kept.destroys() {
            pipeline::plan_destroy(client, self.desired, &self.policy.selection).await?
        } else {
            pipeline::plan(client, self.desired, &self.policy).await?
        };
        kept.check_still_holds(&plan)?;
        Ok(plan)
    }

    /// Whether the plan is to remove everything: then there is nothing to wait for.
    fn destroys(&self) -> bool {
        self.kept.is_some_and(PlanFile::destroys)
    }

    async fn run(&self, folder: PathBuf, deadline: Deadline) -> Result<ExitCode, CommandError> {
        let operation = if self.destroys() { Operation::Destroy } else { Operation::Apply };
        let held = record::lock(
            self.context,
            self.account,
            &self.desired.recipe,
            (operation, &self.args.lock, NOTHING),
            (deadline.left(), self.stop),
        )
        .await?;
        let stop = held.stopping(self.stop);
        let changed = self.change((folder, &held), (deadline, &stop)).await;
        // Who waits for tasks is in nobody's way.
        self.conclude(held.end(changed).await?).await
    }

    fn waits(&self) -> bool {
        (self.args.wait || (self.account.is_local() && !self.args.no_wait)) && !self.destroys()
    }

    async fn change(
        &self,
        (folder, held): (PathBuf, &Held),
        (mut deadline, stop): (Deadline, &CancellationToken),
    ) -> Result<Changed, CommandError> {
        let patience = Patience::with(&self.context.printer, "making the plan");
        let planning = async { unless_stopped(stop, NOTHING, self.plan()).await? };
        let plan = in_time(deadline, NOTHING, planning).await?;
        drop(patience);
        show(self.context, &plan)?;
        refuse_what_is_not_permitted(&plan)?;
        refuse_what_ends_work(&plan, self.args.force, NOTHING)?;
        // A plan that was kept was made to be looked at; nobody is asked twice.
        if !plan.is_empty() && !self.args.auto_approve && self.kept.is_none() {
            let question = format!("Apply these changes to {}?", self.account.name());
            deadline = deadline.later_by(ask(self.context, question, stop, NOTHING).await?);
            held.confirm().await?;
        }
        let mut ended_before = EndedTasks::new();
        if self.waits() {
            let reading = async {
                let client = self.account.client();
                let desired = pipeline::at_generations(client, self.desired).await?;
                let jobs = desired.jobs.values().map(|job| &job.spec.id);
                Ok(ended_tasks(client, jobs, TOLD_TASKS).await?)
            };
            ended_before = in_time(deadline, NOTHING, reading).await?;
        }
        let mut steps = None;
        if !plan.is_empty() {
            if self.destroys() {
                self.account.wind_down().await?;
            } else {
                self.account.run().await?;
            }
            let parallelism = usize::from(self.args.parallelism);
            let options = options(self.context, parallelism, folder, self.account, deadline);
            let report = execute(self.context, &plan, self.account, &options, (self.deed(), stop)).await?;
            held.note(&plan, &report).await;
            steps = Some(report);
        }
        Ok(Changed { plan, steps, ended_before, deadline })
    }

    /// Waits for the tasks, if that is wanted, and says how it all ended.
    async fn conclude(&self, changed: Changed) -> Result<ExitCode, CommandError> {
        let Changed { plan, steps, ended_before, deadline } = changed;
        if let Some(report) = steps.as_ref().filter(|report| !report.is_complete()) {
            return self.end(&plan, Some(report), None, exit_code(report));
        }
        if self.waits() {
            self.account.run().await?;
            let report = self.wait(ended_before, deadline).await?;
            let code = self.tell_wait(&report, &plan)?;
            return self.end(&plan, steps.as_ref(), Some(&report), code);
        }
        if self.account.serves_itself() {
            let mut out = self.context.printer.narration();
            writeln!(
                out,
                "Not waiting: the local account rests until a command uses it. `batchyard emulator` keeps it going."
            )?;
        }
        let code = if plan.failed_tasks() > 0 { ExitCode::Unhealthy } else { ExitCode::Success };
        self.end(&plan, steps.as_ref(), None, code)
    }

    fn deed(&self) -> human::Deed {
        if self.destroys() { human::Deed::Destroy } else { human::Deed::Apply }
    }

    async fn wait(&self, ended_before: EndedTasks, deadline: Deadline) -> Result<WaitReport, CommandError> {
        let desired = pipeline::at_generations(self.account.client(), self.desired).await?;
        let jobs: Vec<_> =
            desired.jobs.values().map(|job| (job.spec.id.clone(), job.spec.pool.id().cloned())).collect();
        let pools: BTreeSet<_> = desired.pools.values().map(|pool| pool.spec.id.clone()).collect();
        let options = WaitOptions {
            poll_interval: self.account.poll_interval(),
            timeout: deadline.left(),
            told_tasks: TOLD_TASKS,
            ended_before,
            output_limit: OUTPUT_LIMIT,
            clock: Arc::new(SystemClock),
        };
        let progress = Progress::new(&self.context.printer);
        let report =
            wait_for_jobs(self.account.client(), &jobs, &pools, &options, &progress, self.stop).await;
        progress.finish();
        Ok(report?)
    }

    /// Says how waiting ended.
    fn tell_wait(&self, report: &WaitReport, plan: &Plan) -> Result<ExitCode, CommandError> {
        let printer = &self.context.printer;
        let healthy = report.is_healthy();
        human::wait_summary(&mut *printer.news(healthy), report, plan)?;
        let next = if self.account.serves_itself() {
            "the local account rests until a command uses it: applying again, or `batchyard emulator`, goes on with the tasks"
        } else {
            "`status` shows how it goes on"
        };
        match report.end {
            WaitEnd::Interrupted => {
                printer.err(&format!("Stopped waiting. What was applied stays; {next}.\n"));
                Ok(ExitCode::Interrupted)
            }
            WaitEnd::TimedOut => {
                printer.err(&format!("Time is up. What was applied stays; {next}.\n"));
                Ok(ExitCode::Unhealthy)
            }
            WaitEnd::NothingMore if healthy => Ok(ExitCode::Success),
            WaitEnd::NothingMore => Ok(ExitCode::Unhealthy),
        }
    }

    /// Says what is left to say, to people and to programs.
    fn end(
        &self,
        plan: &Plan,
        steps: Option<&ApplyReport>,
        waited: Option<&WaitReport>,
        code: ExitCode,
    ) -> Result<ExitCode, CommandError> {
        if plan.failed_tasks() > 0 && code == ExitCode::Unhealthy {
            human::failed_earlier(&mut *self.context.printer.complaints(), plan)?;
        }
        if self.context.printer.is_json() {
            self.context.printer.line(&json::applied(plan, steps, waited, code.number()))?;
        }
        Ok(code)
    }
}
