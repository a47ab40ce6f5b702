//! `history`: shows what was done to a recipe's objects, when, and by whom.

use crate::cli::account::Account;
use crate::cli::args::HistoryArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::patience::Patience;
use crate::cli::recipe::load_recipe;
use crate::cli::record;
use crate::exit_code::ExitCode;
use crate::view::{human, json};

pub(super) async fn run(context: &Context, args: &HistoryArgs) -> Result<ExitCode, CommandError> {
    let recipe = load_recipe(context, &args.recipe)?.desired.recipe;
    let account = Account::open(context).await?;
    let record = record::open(context, &account);
    let (name, is_local) = (account.name().to_owned(), account.is_local());
    account.close().await;
    let Some(record) = record? else {
        let hint = match is_local {
            true => "only accounts elsewhere have one; `status` says when it was applied last, and by whom",
            false => {
                "`record` in the project file says where one is kept; `status` says when it was applied last, and by whom"
            }
        };
        let message = format!("there is no history: {name} has no record");
        return Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint.to_owned())));
    };
    let patience = Patience::with(&context.printer, "reading the history");
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let history = record.last(&recipe, limit).await.map_err(|error| {
        let hint = error.hint();
        CommandError::new(ExitCode::Error, "the history can't be read").caused_by(error).hint(hint)
    })?;
    drop(patience);
    if context.printer.is_json() {
        context.printer.json(&json::history(&recipe, &history))?;
    } else {
        human::history(&mut *context.printer.news(true), &recipe, &history)?;
    }
    Ok(ExitCode::Success)
}
