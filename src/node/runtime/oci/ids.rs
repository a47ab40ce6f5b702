//! The users and groups that there are in a user namespace, and who they are on the machine.

use std::fs;
use std::io;

/// How many numbers of users there are: the last one of 32 bits means nobody.
const NUMBERS: u32 = u32::MAX;

/// Numbers in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The first one in the namespace.
    pub(super) inside: u32,
    /// Who that is outside.
    pub(super) outside: u32,
    /// How many there are.
    pub(super) count: u32,
}

/// Which numbers there are, of users or of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdMap(pub(super) Vec<Range>);

/// Users and groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) users: IdMap,
    pub(super) groups: IdMap,
}

impl IdMap {
    /// Number 0, who is `outside` on the machine, and nobody else.
    pub(super) fn alone(outside: u32) -> Self {
        Self(vec![Range { inside: 0, outside, count: 1 }])
    }

    /// Number 0, who is `outside`, and after it those of the ranges that `/etc/subuid` or `/etc/subgid` lend to a user of that name
    /// or number.
    pub(super) fn with_lent(outside: u32, file: &str, name: Option<&str>, number: u32) -> Self {
        let Self(mut ranges) = Self::alone(outside);
        let mut next: u32 = 1;
        for (first, count) in lent(file, name, number) {
            let count = count.min(NUMBERS - next).min(NUMBERS.saturating_sub(first));
            if count > 0 {
                ranges.push(Range { inside: next, outside: first, count });
                next += count;
            }
        }
        Self(ranges)
    }

    /// What a process is told of its own namespace in `/proc/self/uid_map` or `gid_map`.
    fn parse(text: &str) -> Self {
        let range = |line: &str| {
            let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
            Some(Range { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? })
        };
        Self(text.lines().filter_map(range).collect())
    }

    /// Whether there is somebody of that number.
    pub(super) fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|range| number.checked_sub(range.inside).is_some_and(|far| far < range.count))
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.0.iter().fold(0, |count, range| count.saturating_add(range.count))
    }
}

impl Ids {
    /// Those of the namespace that this process is in.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let map = |file| fs::read_to_string(file).map(|text| IdMap::parse(&text));
        Ok(Self { users: map("/proc/self/uid_map")?, groups: map("/proc/self/gid_map")? })
    }
}

/// The ranges that a file such as `/etc/subuid` lends to a user, as first number and count: `ada:100000:65536`.
fn lent(file: &str, name: Option<&str>, number: u32) -> Vec<(u32, u32)> {
    let number = number.to_string();
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let is_theirs = Some(owner) == name || owner == number;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        is_theirs.then_some((first, count))
    };
    file.lines().filter_map(range).collect()
}

/// The name of a user, from the lines of `/etc/passwd`.
pub(super) fn name_of(passwd: &str, user: u32) -> Option<&str> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut users = fields.filter(|fields| fields.get(2) == Some(&user.to_string().as_str()));
    users.next()?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENT: &str = "# who\nbob:500000:10\nada:100000:65536\n\nada:broken:1\n1000:300000:5\n";

    #[test]
    fn root_is_the_user_and_what_is_lent_comes_after() {
        let map = IdMap::with_lent(1000, LENT, Some("ada"), 1000);
        assert_eq!(
            map.0,
            [
                Range { inside: 0, outside: 1000, count: 1 },
                Range { inside: 1, outside: 100_000, count: 65_536 },
                Range { inside: 65_537, outside: 300_000, count: 5 },
            ]
        );
        assert!(map.contains(0) && map.contains(65_541) && !map.contains(65_542));
        assert_eq!(map.count(), 65_542);
        assert_eq!(IdMap::with_lent(7, LENT, None, 7), IdMap::alone(7));
    }

    #[test]
    fn no_more_is_taken_than_there_are_numbers() {
        let map = IdMap::with_lent(1000, "ada:1:4294967295\nada:5:10\n", Some("ada"), 1000);
        assert_eq!(map.0.get(1), Some(&Range { inside: 1, outside: 1, count: NUMBERS - 1 }));
        assert_eq!((map.0.len(), map.count()), (2, NUMBERS));
    }

    #[test]
    fn the_kernels_own_words_are_read() {
        let all = IdMap::parse("         0          0 4294967295\n");
        assert!(all.contains(0) && all.contains(u32::MAX - 1) && !all.contains(u32::MAX));
        let some = IdMap::parse("         0       1000          1\n         1     100000      65536\n");
        assert!(some.contains(65_536) && !some.contains(65_537));
        assert!(!IdMap::parse("").contains(0));
    }

    #[test]
    fn names_are_found_by_number() {
        let passwd = "root:x:0:0::/:\nada:x:1000:1000::/:\n";
        assert_eq!((name_of(passwd, 1000), name_of(passwd, 1)), (Some("ada"), None));
    }
}
