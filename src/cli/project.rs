//! The project files that a command goes by: the one that it is given or finds, and the user's own.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::project::{self, Account, ProjectFile};
use crate::settings::{AccountChoice, NamedAccount, Origin, Sourced};
use crate::view::diagnostics;

/// The project files for a recipe, or for the working folder, the nearest first.
pub(super) fn files(context: &Context, start: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let project = match &context.global.config {
        Some(file) => Some(file.clone()),
        None => project::discover(start).map_err(|error| {
            let hint = "if it is meant, name it: --config FILE".to_owned();
            CommandError::from_error(error).code(ExitCode::Usage).hint(Some(hint))
        })?,
    };
    let user = context.variables.user_file().filter(|file| file.is_file());
    Ok(project.into_iter().chain(user).collect())
}

/// What flags and project files say about the account to work on.
pub(super) fn account_choice(context: &Context) -> Result<AccountChoice<'_>, CommandError> {
    let mut choice = AccountChoice {
        flag: context.global.account.as_deref(),
        data: context.global.data.clone(),
        ..AccountChoice::default()
    };
    for path in files(context, &context.start)? {
        let file = read(context, &path)?;
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        choice
            .defaults
            .extend(file.default_account.map(|value| Sourced { value, origin: Origin::File(path.clone()) }));
        for (name, account) in file.accounts {
            // The nearest file wins.
            choice.named.entry(name).or_insert_with(|| named(account, &folder));
        }
    }
    Ok(choice)
}

fn read(context: &Context, path: &Path) -> Result<ProjectFile, CommandError> {
    project::read(path).map_err(|report| {
        context.printer.err(&diagnostics::human(&report, true));
        let message = format!("the project file {} cannot be used", path.display());
        CommandError::new(ExitCode::InvalidRecipe, message).findings(diagnostics::json(&report))
    })
}

fn named(account: Account, folder: &Path) -> NamedAccount {
    match account {
        Account::Remote { endpoint, name, key } => {
            NamedAccount::Remote { endpoint, account: name, key, folder: folder.to_owned() }
        }
        Account::Local { data } => NamedAccount::Local(data),
    }
}
