//! Whose process a container's is: `uid[:gid]` or names, looked up in the image as Docker does.

use std::path::Path;

use crate::node::root_folder::RootFolder;

const MAX_FILE: u64 = 4 << 20;

/// A user with their groups and home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) other_groups: Vec<u32>,
    pub(super) home: String,
}

/// Finds the user `wanted` (empty means root) in the image whose root is `root`.
pub(super) fn find(root: &Path, wanted: &str) -> Result<User, String> {
    let root = RootFolder::open(root).map_err(|error| format!("the image's root: {error}"))?;
    let read = |path: &str| {
        // An image without the file knows no names, which is no error.
        let content = root.read(Path::new(path), MAX_FILE).unwrap_or_default();
        String::from_utf8_lossy(&content).into_owned()
    };
    resolve(wanted, &read("etc/passwd"), &read("etc/group"))
}

fn resolve(wanted: &str, passwd: &str, group: &str) -> Result<User, String> {
    let (user, wanted_group) = match wanted.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (wanted, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse::<u32>().ok();
    let account = passwd.lines().filter_map(Account::parse).find(|account| {
        // A name of digits only is a number first, as Docker has it.
        number.map_or(account.name == user, |uid| account.uid == uid)
    });
    let (uid, mut gid, home) = match (&account, number) {
        (Some(account), _) => (account.uid, account.gid, account.home),
        (None, Some(uid)) => (uid, 0, "/"),
        (None, None) => return Err(format!("the image's /etc/passwd knows no user `{user}`")),
    };
    let mut other_groups = Vec::new();
    match wanted_group.filter(|group| !group.is_empty()) {
        Some(name) => gid = find_group(name, group)?,
        None => {
            if let Some(account) = &account {
                other_groups.extend(
                    group
                        .lines()
                        .filter_map(Group::parse)
                        .filter(|g| g.has_member(account.name))
                        .map(|g| g.gid),
                );
            }
        }
    }
    let home = if home.is_empty() { "/" } else { home };
    Ok(User { uid, gid, other_groups, home: home.to_owned() })
}

fn find_group(wanted: &str, group: &str) -> Result<u32, String> {
    if let Ok(gid) = wanted.parse() {
        return Ok(gid);
    }
    group
        .lines()
        .filter_map(Group::parse)
        .find(|group| group.name == wanted)
        .map(|group| group.gid)
        .ok_or_else(|| format!("the image's /etc/group knows no group `{wanted}`"))
}

/// A line of `/etc/passwd`.
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> Account<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let _password = fields.next()?;
        let uid = fields.next()?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let _full_name = fields.next();
        let home = fields.next().unwrap_or_default();
        Some(Self { name, uid, gid, home })
    }
}

/// A line of `/etc/group`.
struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

impl<'a> Group<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let _password = fields.next()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, gid, members: fields.next().unwrap_or_default() })
    }

    fn has_member(&self, user: &str) -> bool {
        self.members.split(',').any(|member| member == user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/srv/app:/bin/sh\nbroken\n7:x:77:7::/:\n";
    const GROUP: &str = "root:x:0:\napp:x:1001:\nvideo:x:44:app,other\nrender:x:105:other,app\n";

    fn user(wanted: &str) -> Result<(u32, u32, Vec<u32>, String), String> {
        resolve(wanted, PASSWD, GROUP).map(|u| (u.uid, u.gid, u.other_groups, u.home))
    }

    #[test]
    fn numbers_and_names_are_resolved_as_docker_does() {
        assert_eq!(user("").unwrap(), (0, 0, vec![], "/root".into()));
        assert_eq!(user("app").unwrap(), (1000, 1001, vec![44, 105], "/srv/app".into()));
        assert_eq!(user("1000").unwrap(), (1000, 1001, vec![44, 105], "/srv/app".into()));
        assert_eq!(user("app:video").unwrap(), (1000, 44, vec![], "/srv/app".into()));
        assert_eq!(user("1000:5").unwrap(), (1000, 5, vec![], "/srv/app".into()));
        assert_eq!(user("4711").unwrap(), (4711, 0, vec![], "/".into()));
        assert_eq!(user("4711:4712").unwrap(), (4711, 4712, vec![], "/".into()));
    }

    #[test]
    fn unknown_names_are_errors() {
        assert!(user("nobody").unwrap_err().contains("no user `nobody`"));
        assert!(user("app:nobody").unwrap_err().contains("no group `nobody`"));
    }

    #[test]
    fn an_image_without_passwd_knows_numbers_only() {
        assert_eq!(resolve("1:2", "", "").unwrap().uid, 1);
        assert!(resolve("app", "", "").is_err());
    }
}
