//! User accounts of pools.

use super::properties::user_name;
use super::refusals::{invalid, missing};
use crate::batch::model::{ElevationLevel, LinuxUserConfiguration, UserAccount};
use crate::emulator::refusal::Refusal;

/// Checks the user accounts of a pool, whose nodes run Linux.
pub(super) fn user_accounts(accounts: Option<&[UserAccount]>) -> Result<(), Refusal> {
    let accounts = accounts.unwrap_or_default();
    for (position, account) in accounts.iter().enumerate() {
        user_name("userAccounts.name", &account.name)?;
        if accounts.iter().take(position).any(|earlier| earlier.is_called(&account.name)) {
            return Err(invalid(
                "userAccounts",
                &account.name,
                "two accounts of a pool have different names",
            ));
        }
        user_account(account)?;
    }
    Ok(())
}

fn user_account(account: &UserAccount) -> Result<(), Refusal> {
    if account.password.is_none() {
        return Err(missing("userAccounts.password"));
    }
    if account.windows_user_configuration.is_some() {
        let reason = "only users of Windows have one, and the pool's nodes run Linux";
        return Err(invalid("userAccounts.windowsUserConfiguration", &account.name, reason));
    }
    let is_admin = match &account.elevation_level {
        None | Some(ElevationLevel::NonAdmin) => false,
        Some(ElevationLevel::Admin) => true,
        Some(ElevationLevel::Other(other)) => {
            return Err(invalid("userAccounts.elevationLevel", other, "expected nonadmin or admin"));
        }
    };
    account.linux_user_configuration.as_ref().map_or(Ok(()), |linux| linux_user(linux, is_admin))
}

fn linux_user(linux: &LinuxUserConfiguration, is_admin: bool) -> Result<(), Refusal> {
    let numbers = [("uid", linux.uid), ("gid", linux.gid)];
    let property = |name: &str| format!("userAccounts.linuxUserConfiguration.{name}");
    if let [(name, None), (_, Some(other))] | [(_, Some(other)), (name, None)] = numbers {
        return Err(invalid(&property(name), other, "uid and gid come together or not at all"));
    }
    for (name, number) in numbers {
        match number {
            Some(number) if number < 0 => {
                return Err(invalid(&property(name), number, "it is not negative"));
            }
            Some(0) if !is_admin => {
                let reason = "0 is root; an account with elevationLevel admin is that without a number";
                return Err(invalid(&property(name), 0, reason));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(accounts: Value) -> Result<(), Refusal> {
        let accounts: Vec<UserAccount> = serde_json::from_value(accounts).unwrap();
        user_accounts(Some(&accounts))
    }

    #[test]
    fn accounts_that_linux_can_have_are_let_in() {
        let accounts = json!([
            {"name": "solver", "password": "p"},
            {"name": "Müller-Lüdenscheidt1", "password": "p", "elevationLevel": "admin"},
            {"name": "c", "password": "p", "linuxUserConfiguration": {"uid": "2000", "gid": 2000, "sshPrivateKey": "k"}},
            {"name": "root", "password": "p", "elevationLevel": "admin", "linuxUserConfiguration": {"uid": 0, "gid": 0}},
        ]);
        assert_eq!(check(accounts), Ok(()));
        assert_eq!(user_accounts(None), Ok(()));
    }

    #[test]
    fn what_is_wrong_with_an_account_is_said_by_property() {
        let linux =
            |numbers: Value| json!([{"name": "a", "password": "p", "linuxUserConfiguration": numbers}]);
        for (accounts, property) in [
            (json!([{"name": "", "password": "p"}]), "userAccounts.name"),
            (json!([{"name": "a".repeat(21), "password": "p"}]), "userAccounts.name"),
            (json!([{"name": "a"}]), "userAccounts.password"),
            (json!([{"name": "a", "password": "p"}, {"name": "A", "password": "q"}]), "userAccounts"),
            (
                json!([{"name": "a", "password": "p", "elevationLevel": "root"}]),
                "userAccounts.elevationLevel",
            ),
            (
                json!([{"name": "a", "password": "p", "windowsUserConfiguration": {"loginMode": "batch"}}]),
                "userAccounts.windowsUserConfiguration",
            ),
            (linux(json!({"uid": 5})), "userAccounts.linuxUserConfiguration.gid"),
            (linux(json!({"gid": 5})), "userAccounts.linuxUserConfiguration.uid"),
            (linux(json!({"uid": -1, "gid": 5})), "userAccounts.linuxUserConfiguration.uid"),
            (linux(json!({"uid": 0, "gid": 5})), "userAccounts.linuxUserConfiguration.uid"),
            (linux(json!({"uid": 5, "gid": 0})), "userAccounts.linuxUserConfiguration.gid"),
        ] {
            let error = check(accounts.clone()).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (400, Some(property)), "{accounts}");
        }
    }
}
