//! Who a task runs as.

use std::path::Path;

use crate::batch::model::{AutoUserScope, ElevationLevel, UserAccount, UserIdentity};

/// The id of the automatic user, and of its group, when this program runs as root: the last of those that Linux leaves to
/// ordinary users, so hardly ever given to anybody.
const AUTO_USER: u32 = 59_999;

/// The ids of users that tasks have for themselves: the first, and how many there are. They lie above those that Linux gives to
/// people and systemd to containers, and below those that programs take for negative.
const OWN_USERS: (u32, u32) = (0x7000_0000, 0x0800_0000);

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

    /// The user that a task of these names has for itself, if it asks for one: the same in all of its runs, and hardly ever that of
    /// another task.
    pub(super) fn own(names: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for name in names {
            hasher.update(name.as_bytes()).update(&[0]);
        }
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        let (first, count) = OWN_USERS;
        let id = first + u32::from_le_bytes([a, b, c, d]) % count;
        Self { uid: id, gid: id }
    }

    /// The user that a task asks for: one of the pool's `accounts`, its `own`, or the automatic one of all.
    pub(super) fn of_task(
        identity: Option<&UserIdentity>,
        accounts: &[UserAccount],
        current: Self,
        own: Self,
    ) -> Result<Self, NoAccount> {
        let Some(identity) = identity else { return Ok(Self::automatic(current)) };
        if let Some(name) = &identity.username {
            return Self::named(name, accounts, current);
        }
        let user = identity.auto_user.clone().unwrap_or_default();
        Ok(match (user.elevation_level, user.scope) {
            (Some(ElevationLevel::Admin), _) => Self::ROOT,
            // Where this program may choose no user, no other one could use the node's directories.
            (_, Some(AutoUserScope::Task)) if current.is_root() => own,
            _ => Self::automatic(current),
        })
    }

    /// The user account of that name. Like an automatic user it is this program's own user where that may choose no other.
    fn named(name: &str, accounts: &[UserAccount], current: Self) -> Result<Self, NoAccount> {
        let Some(position) = accounts.iter().position(|account| account.is_called(name)) else {
            let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
            return Err(NoAccount::Unknown { name: name.to_owned(), others: names.join(", ") });
        };
        let Some(account) = accounts.get(position) else { return Ok(Self::automatic(current)) };
        if account.elevation_level == Some(ElevationLevel::Admin) {
            return Ok(Self::ROOT);
        }
        match (chosen(account), current.is_root()) {
            (Some(chosen), _) if chosen.uid == 0 || chosen.gid == 0 => {
                Err(NoAccount::Root { name: name.to_owned() })
            }
            (Some(chosen), true) => Ok(chosen),
            (Some(chosen), false) if chosen == current => Ok(current),
            (Some(chosen), false) => Err(NoAccount::NotRoot { name: name.to_owned(), chosen }),
            (None, false) => Ok(current),
            (None, true) => Ok(Self::at(position, accounts)),
        }
    }

    /// The user that the account at that position gets whose pool leaves the choice to the node: the same on every node and after
    /// every start, and nobody else's of the pool.
    fn at(position: usize, accounts: &[UserAccount]) -> Self {
        let taken: Vec<u32> = accounts.iter().filter_map(chosen).map(|account| account.uid).collect();
        let mut free = (1..AUTO_USER).rev().filter(|id| !taken.contains(id));
        let id = free.nth(position).unwrap_or(AUTO_USER);
        Self { uid: id, gid: id }
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

/// The user and the group that a pool chooses for an account; both or none (REST reference, `LinuxUserConfiguration`).
fn chosen(account: &UserAccount) -> Option<Account> {
    let linux = account.linux_user_configuration.as_ref()?;
    let (uid, gid) = (linux.uid?, linux.gid?);
    Some(Account { uid: uid.try_into().unwrap_or(0), gid: gid.try_into().unwrap_or(0) })
}

/// Why a task can't run as the user that it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAccount {
    #[error(
        "the pool has no user account `{name}`{}; name one of its userAccounts, or use an automatic user",
        match others.as_str() { "" => String::new(), others => format!(", it has {others}") }
    )]
    Unknown { name: String, others: String },
    #[error(
        "the user account `{name}` has the uid or gid of root, and its elevation level is not `admin`; \
         choose others, or leave both out"
    )]
    Root { name: String },
    #[error(
        "the user account `{name}` is to be {chosen}, and this program does not run as root, so it can't run anything as \
         another user; run it as root, or leave uid and gid out of the account"
    )]
    NotRoot { name: String, chosen: Account },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::{AutoUserSpecification, LinuxUserConfiguration};

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
        let user = |identity, current| Account::of_task(identity, &[], current, Account::own(&[])).unwrap();
        assert_eq!(user(None, Account::ROOT), automatic);
        assert_eq!(user(None, ME), ME);
        assert_eq!(user(Some(&nonadmin), Account::ROOT), automatic);
        assert_eq!(user(Some(&admin), Account::ROOT), Account::ROOT);
        assert_eq!(user(Some(&admin), ME), Account::ROOT);
    }

    #[test]
    fn a_task_is_a_user_of_its_own_if_it_asks_for_one() {
        let scoped = |scope, elevation_level| UserIdentity {
            username: None,
            auto_user: Some(AutoUserSpecification { scope: Some(scope), elevation_level }),
        };
        let user = |identity: &UserIdentity, current, names: &[&str]| {
            Account::of_task(Some(identity), &[], current, Account::own(names)).unwrap()
        };
        let (task, pool) = (scoped(AutoUserScope::Task, None), scoped(AutoUserScope::Pool, None));
        let first = user(&task, Account::ROOT, &["j", "first"]);
        assert_eq!(first, user(&task, Account::ROOT, &["j", "first"]), "in every run");
        assert_ne!(first, user(&task, Account::ROOT, &["j", "second"]));
        assert_ne!(first, user(&task, Account::ROOT, &["jf", "irst"]));
        assert!((0x7000_0000..0x7800_0000).contains(&first.uid) && first.gid == first.uid, "{first}");
        assert_eq!(user(&pool, Account::ROOT, &["j", "first"]), Account::automatic(Account::ROOT));
        assert_eq!(user(&task, ME, &["j", "first"]), ME);
        let admin = scoped(AutoUserScope::Task, Some(ElevationLevel::Admin));
        assert_eq!(user(&admin, Account::ROOT, &["j", "first"]), Account::ROOT);
    }

    fn account(name: &str, level: Option<ElevationLevel>, ids: Option<(i32, i32)>) -> UserAccount {
        let linux = ids.map(|(uid, gid)| LinuxUserConfiguration {
            uid: Some(uid),
            gid: Some(gid),
            ..LinuxUserConfiguration::default()
        });
        UserAccount {
            name: name.to_owned(),
            password: None,
            elevation_level: level,
            linux_user_configuration: linux,
            windows_user_configuration: None,
        }
    }

    fn named(name: &str, accounts: &[UserAccount], current: Account) -> Result<Account, NoAccount> {
        let identity = UserIdentity { username: Some(name.to_owned()), auto_user: None };
        Account::of_task(Some(&identity), accounts, current, Account::own(&[]))
    }

    #[test]
    fn a_user_account_is_a_user_of_its_own_where_this_program_may_choose() {
        let accounts = [
            account("alice", None, None),
            account("bob", Some(ElevationLevel::NonAdmin), None),
            account("carol", None, Some((2000, 3000))),
            account("dave", Some(ElevationLevel::Admin), Some((2001, 3001))),
        ];
        let user = |name, current| named(name, &accounts, current).unwrap();
        let (alice, bob) = (user("alice", Account::ROOT), user("Bob", Account::ROOT));
        let automatic = Account::automatic(Account::ROOT);
        assert!(alice != bob && alice != automatic && bob != automatic, "{alice} {bob}");
        assert!(![alice, bob].iter().any(|user| user.is_root() || user.gid == 0));
        assert_eq!(user("carol", Account::ROOT), Account { uid: 2000, gid: 3000 });
        assert_eq!(user("dave", Account::ROOT), Account::ROOT);

        assert_eq!((user("alice", ME), user("dave", ME)), (ME, Account::ROOT));
        let error = named("carol", &accounts, ME).unwrap_err().to_string();
        assert!(error.contains("`carol` is to be 2000:3000") && error.contains("as root"), "{error}");
        let mine = [account("me", None, Some((1000, 100)))];
        assert_eq!(named("me", &mine, ME), Ok(ME));
    }

    #[test]
    fn no_account_gets_a_number_that_the_pool_chose_for_another() {
        let first = named("a", &[account("a", None, None)], Account::ROOT).unwrap();
        let ids = Some((first.uid.try_into().unwrap(), 1));
        let accounts = [account("a", None, None), account("b", None, ids)];
        assert_ne!(named("a", &accounts, Account::ROOT).unwrap().uid, first.uid);
    }

    #[test]
    fn nobody_becomes_root_by_a_number() {
        for ids in [(0, 0), (0, 5), (5, 0), (-1, 5), (5, -1)] {
            let accounts = [account("sly", None, Some(ids))];
            for current in [Account::ROOT, ME] {
                let error = named("sly", &accounts, current).unwrap_err();
                assert_eq!(error, NoAccount::Root { name: "sly".to_owned() }, "{ids:?}");
            }
        }
    }

    #[test]
    fn an_account_that_the_pool_lacks_is_named_with_those_that_it_has() {
        let text = |accounts: &[UserAccount]| named("bob", accounts, ME).unwrap_err().to_string();
        assert!(text(&[]).contains("no user account `bob`; name one"), "{}", text(&[]));
        let two = [account("alice", None, None), account("carol", None, None)];
        assert!(text(&two).contains("`bob`, it has alice, carol;"), "{}", text(&two));
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
