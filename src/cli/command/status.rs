//! `status`: shows how a recipe's pools, jobs and tasks are doing.

use crate::apply::node_troubles;
use crate::cli::account::Account;
use crate::cli::args::StatusArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::load_recipe;
use crate::exit_code::ExitCode;
use crate::observe;
use crate::pipeline::scope;
use crate::recipe::Loaded;
use crate::view::human;

pub(super) async fn run(context: &Context, args: &StatusArgs) -> Result<ExitCode, CommandError> {
    let loaded = load_recipe(context, &args.recipe)?;
    let account = Account::open(context).await?;
    let result = status(context, args, &account, &loaded).await;
    account.close().await;
    result
}

async fn status(
    context: &Context,
    args: &StatusArgs,
    account: &Account,
    loaded: &Loaded,
) -> Result<ExitCode, CommandError> {
    let mut live = observe::read(account.client(), &scope(&loaded.desired)).await?;
    let ours = |owner: Option<&crate::resource::Ownership>| {
        owner.is_some_and(|own| own.recipe == loaded.desired.recipe)
    };
    live.pools.retain(|_, pool| ours(pool.value.ownership.as_ref()));
    live.jobs.retain(|_, job| ours(job.value.ownership.as_ref()));
    let status = observe::status(account.client(), &live).await?;
    let mut troubles = Vec::new();
    for pool in &status.pools {
        troubles.extend(node_troubles(account.client(), &pool.id).await?.1);
    }
    if context.printer.is_json() {
        let document = serde_json::json!({
            "format_version": "1.0",
            "recipe": loaded.desired.recipe,
            "account": account.name(),
            "at_rest": account.at_rest().is_some(),
            "pools": status.pools,
            "jobs": status.jobs,
            "node_troubles": troubles,
        });
        context.printer.json(&document)?;
    } else {
        let mut out = context.printer.narration();
        human::status(&mut *out, &status, &troubles)?;
        if let Some(unchecked) = account.at_rest() {
            human::at_rest(&mut *out, &args.recipe.path, &unchecked)?;
        }
    }
    let failed = status.jobs.iter().any(|job| job.tasks.failed > 0);
    Ok(if failed || !troubles.is_empty() { ExitCode::Unhealthy } else { ExitCode::Success })
}
