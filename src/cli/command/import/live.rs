//! `import live`: what an account has becomes a recipe, and a report of what the recipe can't say.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use futures::{TryStreamExt as _, pin_mut};
use serde_json::json;

use super::new_files::{REPORT, write};
use crate::batch::PoolId;
use crate::cli::account::Account;
use crate::cli::args::LiveArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::exit_code::ExitCode;
use crate::import::live::{self, Imported, NothingSelected, PoolPlace, Selected, TooManyTasks, Wanted};
use crate::observe;
use crate::resource::{LiveJob, LiveState, RecipeName};
use crate::view::imported_account as view;
use crate::view::json::document;

pub(super) async fn run(context: &Context, args: &LiveArgs) -> Result<ExitCode, CommandError> {
    let account = Account::open(context).await?;
    let patience = Patience::with(&context.printer, "reading the account");
    let result = read(&account, args).await;
    drop(patience);
    account.close().await;
    let (imported, selected) = result?;
    let Some(recipe) = imported.recipe.as_deref() else {
        show(context, &imported, &selected, &[])?;
        return Err(CommandError::new(ExitCode::Error, "nothing of that can be in a recipe"));
    };
    if args.out.as_deref() == Some(Path::new("-")) && !context.printer.is_json() {
        context.printer.text(recipe)?;
        context.printer.err(&view::human(&imported));
        context.printer.err(&view::rest(&imported));
        return Ok(ExitCode::Success);
    }
    let written = match args.out.as_deref() {
        Some(out) if out == Path::new("-") => Vec::new(),
        out => {
            let folder = out.map_or_else(|| PathBuf::from(&imported.name), Path::to_owned);
            write(&folder, &[("recipe.yaml", recipe), (REPORT, &view::markdown(&imported))])?
        }
    };
    show(context, &imported, &selected, &written)?;
    Ok(ExitCode::Success)
}

/// Reads what is selected and makes a recipe of it.
async fn read(account: &Account, args: &LiveArgs) -> Result<(Imported, Selected), CommandError> {
    let state = observe::inventory(account.client()).await?;
    let wanted = Wanted { addresses: args.addresses.clone(), recipe: args.recipe.clone() };
    let selected = live::select(&state, &wanted).map_err(nothing_selected)?;
    let mut import = live::Account::new(name(args, &selected)?);
    for pool in selected.pools.iter().filter_map(|id| state.pools.get(id)) {
        import.pool(&pool.value);
    }
    let place = |pool: Option<&PoolId>| match pool.is_some_and(|pool| selected.pools.contains(pool)) {
        true => PoolPlace::OfRecipe,
        false => PoolPlace::Elsewhere,
    };
    for job in selected.jobs.iter().filter_map(|id| state.jobs.get(id)) {
        let place = place(job.value.spec.pool.id());
        add_job(account, &mut import, &job.value, place).await?;
    }
    for schedule in selected.schedules.iter().filter_map(|id| state.schedules.get(id)) {
        import.schedule(&schedule.value, place(schedule.value.spec.pool()));
    }
    for (address, why) in &selected.left_out {
        import.leave_out(address, why);
    }
    note_missing_pools(&state, &selected, &import);
    Ok((import.finish(), selected))
}

async fn add_job(
    account: &Account,
    import: &mut live::Account,
    job: &LiveJob,
    place: PoolPlace,
) -> Result<(), CommandError> {
    let Some(mut tasks) = import.job(job, place) else { return Ok(()) };
    let listed = observe::whole_tasks(account.client(), &job.spec.id);
    pin_mut!(listed);
    while let Some(task) = listed.try_next().await? {
        tasks.task(&task).map_err(too_many)?;
    }
    tasks.finish();
    Ok(())
}

/// Says of which jobs the pool is not there.
fn note_missing_pools(state: &LiveState, selected: &Selected, import: &live::Account) {
    let jobs = selected.jobs.iter().filter_map(|id| state.jobs.get(id));
    for job in jobs {
        let pool = job.value.spec.pool.id().filter(|pool| !state.pools.contains_key(pool));
        if let Some(pool) = pool {
            import.leave_out(
                &format!("pools.{pool}"),
                &format!("jobs.{} names it, and it is not there", job.value.spec.id),
            );
        }
    }
}

/// What the recipe is called.
fn name(args: &LiveArgs, selected: &Selected) -> Result<RecipeName, CommandError> {
    let given = args.name.clone().or_else(|| args.recipe.clone());
    given.or_else(|| selected.name()).ok_or_else(|| {
        let owners: Vec<String> = selected.owners.iter().map(|owner| format!("`{owner}`")).collect();
        let message = format!("several recipes own what is there: {}", owners.join(", "));
        let hint = "import what one of them owns with --recipe NAME, or name a new recipe with --name NAME; it can \
                    take over only what no recipe owns";
        CommandError::new(ExitCode::Usage, message).hint(Some(hint.to_owned()))
    })
}

fn nothing_selected(error: NothingSelected) -> CommandError {
    let hint = match &error {
        NothingSelected::Pattern { there, .. } if !there.is_empty() => {
            Some(format!("there are, among others: {}", there.join(", ")))
        }
        NothingSelected::Recipe { others, .. } if !others.is_empty() => {
            Some(format!("these own something: {}", others.join(", ")))
        }
        _ => None,
    };
    let code = match error {
        NothingSelected::Pattern { .. } => ExitCode::Usage,
        NothingSelected::Recipe { .. } | NothingSelected::Account => ExitCode::Error,
    };
    CommandError::new(code, error.to_string()).hint(hint)
}

fn too_many(error: TooManyTasks) -> CommandError {
    let hint = format!(
        "name the objects to import, without jobs.{}, and write a `for_each` for its tasks by hand",
        error.job
    );
    CommandError::from_error(error).hint(Some(hint))
}

/// Shows the report, and what was written.
fn show(
    context: &Context,
    imported: &Imported,
    selected: &Selected,
    written: &[PathBuf],
) -> Result<(), CommandError> {
    if context.printer.is_json() {
        let mut members = view::members(imported);
        if let Some(members) = members.as_object_mut() {
            let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
            members.insert("files".to_owned(), json!(written));
        }
        context.printer.json(&document("import", members))?;
        return Ok(());
    }
    let mut out = context.printer.narration();
    write!(out, "{}{}", view::human(imported), view::rest(imported))?;
    writeln!(out, "\n{}.", view::summary(imported))?;
    if let Some(folder) = written.first().and_then(|recipe| recipe.parent()) {
        let folder = folder.display();
        let adopt = if selected.has_unowned { " --adopt" } else { "" };
        writeln!(
            out,
            "Made {folder} with the recipe and this report ({REPORT}). Next:\n\n  batchyard validate {folder}\n  batchyard plan {folder}{adopt}"
        )?;
    }
    Ok(())
}
