//! Who a task runs as.

use std::path::Path;

use crate::batch::model::{ElevationLevel, UserIdentity};

/// The id of the automatic user, and of its group, when this program runs as root: the last of those that Linux leaves to
/// ordinary users, so hardly ever given to anybody.
const AUTO_USER: u32 = 59_999;

/// The user of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    const ROOT: Self = Self { uid: 0, gid: 0 };

    /// The user of this very process.
    pub(super) fn current() -> Self {
        Self { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() }
    }

    pub(super) fn is_root(self) -> bool {
        self.uid == 0
    }

    /// The automatic user without privileges: a user of its own where this program may choose one, else its own user, as
    /// no other one could use the node's directories.
    pub(super) fn automatic(current: Self) -> Self {
        if current.is_root() { Self { uid: AUTO_USER, gid: AUTO_USER } } else { current }
    }

    /// The user that a task asks for.
    pub(super) fn of_task(identity: Option<&UserIdentity>, current: Self) -> Result<Self, UnknownAccount> {
        let Some(identity) = identity else { return Ok(Self::automatic(current)) };
        if let Some(name) = &identity.username {
            return Err(UnknownAccount { name: name.clone() });
        }
        let level = identity.auto_user.as_ref().and_then(|user| user.elevation_level.as_ref());
        Ok(if level == Some(&ElevationLevel::Admin) { Self::ROOT } else { Self::automatic(current) })
    }

    /// Whether this user may go into a directory and all above it; gives the first one that is closed to it.
    pub(super) fn closed_directory(self, path: &Path) -> Option<&Path> {
        use std::os::unix::fs::MetadataExt;
        let is_closed = |directory: &&Path| {
            let Ok(metadata) = std::fs::metadata(directory) else { return false };
            let search = match () {
                () if self.uid == metadata.uid() => 0o100,
                () if self.gid == metadata.gid() => 0o010,
                () => 0o001,
            };
            metadata.mode() & search == 0
        };
        if self.is_root() { None } else { path.ancestors().filter(is_closed).last() }
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// The task asks for a user account by name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node has no user account `{name}`; use an automatic user")]
pub(super) struct UnknownAccount {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::AutoUserSpecification;

    const ME: Account = Account { uid: 1000, gid: 100 };

    fn elevated(level: ElevationLevel) -> UserIdentity {
        UserIdentity {
            username: None,
            auto_user: Some(AutoUserSpecification { scope: None, elevation_level: Some(level) }),
        }
    }

    #[test]
    fn a_task_runs_without_privileges_unless_it_asks_for_them() {
        let nonadmin = elevated(ElevationLevel::NonAdmin);
        let admin = elevated(ElevationLevel::Admin);
        let automatic = Account { uid: AUTO_USER, gid: AUTO_USER };
        assert_eq!(Account::of_task(None, Account::ROOT), Ok(automatic));
        assert_eq!(Account::of_task(None, ME), Ok(ME));
        assert_eq!(Account::of_task(Some(&nonadmin), Account::ROOT), Ok(automatic));
        assert_eq!(Account::of_task(Some(&admin), Account::ROOT), Ok(Account::ROOT));
        assert_eq!(Account::of_task(Some(&admin), ME), Ok(Account::ROOT));
    }

    #[test]
    fn named_users_are_refused() {
        let named = UserIdentity { username: Some("bob".to_owned()), auto_user: None };
        assert!(Account::of_task(Some(&named), ME).unwrap_err().to_string().contains("`bob`"));
    }

    #[test]
    fn closed_directories_are_found() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let set =
            |mode| std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let stranger = Account { uid: 4_000_000_000, gid: 4_000_000_000 };
        set(0o700);
        assert_eq!(stranger.closed_directory(&below), Some(root.path()));
        assert_eq!(Account::ROOT.closed_directory(&below), None);
        set(0o711);
        assert_eq!(stranger.closed_directory(&below), None);
    }
}
