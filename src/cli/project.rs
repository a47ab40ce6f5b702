//! The project files that a command goes by: the one that it is given or finds, and the user's own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::context::Context;
use super::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe::project::{self, Account, CredentialKind, ProjectFile, Projects};
use crate::secret::SecretRef;
use crate::settings::{AccountChoice, CredentialChoice, EntraChoice, NamedAccount, Origin, Sourced};
use crate::view::diagnostics;

/// The project files for a recipe, read once for all recipes that share them.
pub(super) fn shared(context: &Context, start: &Path) -> Result<Arc<Projects>, CommandError> {
    let files = files(context, start)?;
    let mut read = context.projects.read.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(projects) = read.get(&files) {
        return Ok(projects.clone());
    }
    let projects = Arc::new(Projects::read(&files));
    read.insert(files, projects.clone());
    Ok(projects)
}

/// The project files for a recipe, or for the working folder, the nearest first.
pub(super) fn files(context: &Context, start: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let project = match &context.global.config {
        Some(file) => Some(file.clone()),
        None => {
            let mut discovery = context.projects.discovery.lock().unwrap_or_else(PoisonError::into_inner);
            discovery.find(start).map_err(|error| {
                let hint = "if it is meant, name it: --config FILE".to_owned();
                CommandError::from_error(error).code(ExitCode::Usage).hint(Some(hint))
            })?
        }
    };
    let user = || context.variables.user_file().filter(|file| file.is_file());
    let user = context.projects.user_file.get_or_init(user).clone();
    // One file is read once, and by the user's own path: a link to it in somebody else's folder would have its relative paths begin there.
    let project = project.filter(|file| user.is_none() || !context.variables.is_user_file(file));
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
        let is_users = context.variables.is_user_file(&path);
        let file = read(context, &path)?;
        choice
            .defaults
            .extend(file.default_account.map(|value| Sourced { value, origin: Origin::File(path.clone()) }));
        for (name, account) in file.accounts {
            // The nearest file wins.
            choice.named.entry(name).or_insert_with(|| named(account, &path, is_users));
        }
    }
    Ok(choice)
}

/// Where the URL of the record's container is found, and where the paths of files that hold secrets begin. The nearest file wins.
pub(super) fn record(context: &Context) -> Result<Option<(SecretRef, PathBuf)>, CommandError> {
    for path in files(context, &context.start)? {
        if let Some(container) = read(context, &path)?.record {
            return Ok(Some((container, folder(&path))));
        }
    }
    Ok(None)
}

/// The project file of a recipe that names a record and lies below a folder. One that can't be read is told with its recipes.
pub(super) fn record_below(context: &Context, recipe: &Path, folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut files = files(context, recipe).ok()?.into_iter().filter_map(|file| file.canonicalize().ok());
    let file = files.find(|file| file.starts_with(&folder))?;
    project::read(&file).ok()?.record.map(|_| file)
}

fn folder(file: &Path) -> PathBuf {
    file.parent().unwrap_or_else(|| Path::new("")).to_owned()
}

fn read(context: &Context, path: &Path) -> Result<ProjectFile, CommandError> {
    project::read(path).map_err(|report| {
        context.printer.err(&diagnostics::human(&report, true));
        let message = format!("the project file {} cannot be used", path.display());
        CommandError::new(ExitCode::InvalidRecipe, message).findings(diagnostics::json(&report))
    })
}

fn named(account: Account, file: &Path, is_users: bool) -> NamedAccount {
    match account {
        Account::Remote { endpoint, name, key, credential, ca_file } => NamedAccount::Remote {
            endpoint,
            account: name,
            key,
            credential: credential.map(|kind| Sourced {
                value: credential_choice(kind),
                origin: Origin::File(file.to_owned()),
            }),
            ca_file,
            folder: folder(file),
            is_users,
        },
        Account::Local { data } => NamedAccount::Local(data),
    }
}

fn credential_choice(kind: CredentialKind) -> CredentialChoice {
    CredentialChoice::Entra(match kind {
        CredentialKind::SharedKey => return CredentialChoice::SharedKey,
        CredentialKind::Default => EntraChoice::Any,
        CredentialKind::Environment => EntraChoice::Environment,
        CredentialKind::WorkloadIdentity => EntraChoice::WorkloadIdentity,
        CredentialKind::ManagedIdentity => EntraChoice::ManagedIdentity,
        CredentialKind::AzureCli => EntraChoice::AzureCli,
    })
}
