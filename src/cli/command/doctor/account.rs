//! The account that commands work on: who chose it, what proves who asks, whether it answers. Nothing of a key is shown.

use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::batch::odata::ListQuery;
use crate::batch::operations::ListPools;
use crate::cli::account::Account;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::project::{account_choice, files};
use crate::doctor::Check;
use crate::emulator::{Endpoint, FolderState};
use crate::settings::{AccountSettings, EntraChoice, Identity};

/// What was found of the account.
pub(super) struct Found {
    /// The folder of its data, if it is the local one.
    pub(super) data: Option<PathBuf>,
    pub(super) checks: Vec<Check>,
}

/// Looks at the account that commands work on.
pub(super) async fn look(context: &Context) -> Found {
    let mut checks = vec![project_files(context)];
    let choice = match account_choice(context) {
        Ok(choice) => choice,
        Err(error) => {
            checks.push(failed("account", &error));
            return Found { data: None, checks };
        }
    };
    let origin = choice.name(&context.variables).origin;
    match AccountSettings::resolve(&choice, &context.variables) {
        Err(error) => {
            checks.push(failed("account", &CommandError::from(error)));
            Found { data: None, checks }
        }
        Ok(AccountSettings::Local { data }) => {
            checks.push(Check::good("account", format!("the local account ({origin})")));
            checks.push(data_folder(&data));
            Found { data: Some(data), checks }
        }
        Ok(AccountSettings::Remote { endpoint, identity, .. }) => {
            checks.push(Check::good("account", format!("{endpoint} ({origin})")));
            checks.push(Check::good("credential", credential(&identity)));
            checks.push(answer(context).await);
            Found { data: None, checks }
        }
    }
}

fn project_files(context: &Context) -> Check {
    match files(context, &context.start) {
        Ok(files) if files.is_empty() => Check::good("project file", "none"),
        Ok(files) => {
            let shown: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            Check::good("project file", shown.join(", then "))
        }
        Err(error) => failed("project file", &error),
    }
}

fn data_folder(data: &Path) -> Check {
    let shown = data.display();
    let unusable = |reason: String| {
        let hint = "--data or BATCHYARD_DATA names another one".to_owned();
        Check::bad("data folder", format!("{shown}: {reason}")).hint(Some(hint))
    };
    let found = match FolderState::look(data) {
        Err(error) => return unusable(error.to_string()),
        Ok(FolderState::Absent) => format!("{shown}, which is made when it is needed"),
        Ok(FolderState::Free) => format!("{shown}, at rest"),
        Ok(FolderState::Held(Some(Endpoint { endpoint, pid, .. }))) => {
            return Check::good("data folder", format!("{shown}, served at {endpoint} by process {pid}"));
        }
        Ok(FolderState::Held(None)) => {
            return Check::good("data folder", format!("{shown}, which another process holds"));
        }
    };
    let there = data.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or(Path::new("."));
    match rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) if there.is_dir() => Check::good("data folder", found),
        Ok(()) => unusable(format!("{} is not a folder", there.display())),
        Err(error) => unusable(format!("nothing can be written to {}: {error}", there.display())),
    }
}

fn credential(identity: &Identity) -> String {
    match identity {
        Identity::SharedKey { account, .. } => format!("the key of the account {account} (not shown)"),
        Identity::Entra(choice) => {
            let who = match choice {
                EntraChoice::Any => "whichever credential it takes first",
                EntraChoice::Production => "a credential of programs",
                EntraChoice::Developer => "a credential of people",
                EntraChoice::Environment => "a service principal, by the environment",
                EntraChoice::WorkloadIdentity => "a workload identity",
                EntraChoice::ManagedIdentity => "the machine's managed identity",
                EntraChoice::AzureCli => "whoever is signed in to the Azure CLI",
            };
            format!("a token of Microsoft Entra for {who}")
        }
    }
}

/// Asks the account for something that costs nothing.
async fn answer(context: &Context) -> Check {
    let asked = async {
        let account = Account::open(context).await?;
        let query = ListQuery { max_results: Some(1), ..ListQuery::select(&["id"]) };
        let answer = account.client().send(&ListPools { query }).await;
        account.close().await;
        answer.map(drop).map_err(CommandError::from)
    };
    match asked.await {
        Ok(()) => Check::good("answer", "the account answers, and takes the credential"),
        Err(error) => failed("answer", &error),
    }
}

fn failed(subject: &str, error: &CommandError) -> Check {
    Check::bad(subject, error.in_one_line()).hint(error.what_to_try())
}
