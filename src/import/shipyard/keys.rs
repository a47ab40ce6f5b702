//! Every key of Batch Shipyard, and what becomes of it: the one table, `keys.tsv`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::import::report::Fate;
use crate::recipe::similar_names;

/// A kind of key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The keys that lead to it: `pool_specification.vm_count.dedicated`. `[]` is every value of a list, `*` a name of the user's own,
    /// and `**` all that is below.
    pub path: String,
    /// What becomes of it, unless a report says otherwise.
    pub fate: Fate,
    /// What it becomes, how it changes, or why it is dropped.
    pub note: &'static str,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| table(include_str!("keys.tsv")));
static TREE: LazyLock<Branch> = LazyLock::new(|| Branch::of(&KEYS));

/// All kinds of keys that have a value of their own, in the order of the documentation.
pub fn keys() -> &'static [Key] {
    &KEYS
}

/// Reads the table. `{a|b}` in a path stands for two rows.
fn table(text: &'static str) -> Vec<Key> {
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (path, fate, note) = (columns.next(), columns.next(), columns.next().unwrap_or_default());
        let fate = Fate::ALL.into_iter().find(|known| Some(known.as_str()) == fate);
        let (Some(path), Some(fate)) = (path, fate) else { continue };
        keys.extend(alternatives(path).into_iter().map(|path| Key { path, fate, note }));
    }
    keys
}

fn alternatives(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else { return vec![path.to_owned()] };
    choices.split('|').flat_map(|choice| alternatives(&format!("{before}{choice}{after}"))).collect()
}

/// What the table says of a place in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is a key with a value of its own.
    Key(&'static Key),
    /// It is a map or a list, and what is in it has fates of its own.
    Above,
    /// There is no such key.
    Nothing,
}

/// The table as a tree of keys.
#[derive(Debug, Default)]
struct Branch {
    key: Option<&'static Key>,
    below: BTreeMap<&'static str, Self>,
}

impl Branch {
    fn of(keys: &'static [Key]) -> Self {
        let mut root = Self::default();
        for key in keys {
            let mut branch = &mut root;
            for segment in segments(&key.path) {
                branch = branch.below.entry(segment).or_default();
            }
            branch.key.get_or_insert(key);
        }
        root
    }
}

/// `a.b[].c` in its parts: `a`, `b`, `[]`, `c`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').flat_map(|part| {
        let (name, lists) = part.split_at(part.find('[').unwrap_or(part.len()));
        std::iter::once(name).chain(lists.split_inclusive(']')).filter(|segment| !segment.is_empty())
    })
}

/// Finds a place by its keys, where values of lists are `[]`.
pub(super) fn find<S: AsRef<str>>(place: &[S]) -> Known {
    let mut branch = &*TREE;
    for segment in place {
        let segment = segment.as_ref();
        if branch.below.contains_key("**") {
            break;
        }
        let below = branch.below.get(segment);
        match below.or_else(|| branch.below.get("*").filter(|_| segment != "[]")) {
            Some(below) => branch = below,
            None => return Known::Nothing,
        }
    }
    let whole = branch.below.get("**").and_then(|below| below.key);
    match branch.key.or(whole) {
        Some(key) => Known::Key(key),
        None => Known::Above,
    }
}

/// The keys that there are at a place and that are called much like one that there is not.
pub(super) fn nearest<S: AsRef<str>>(place: &[S], wrong: &str) -> Option<String> {
    let mut branch = &*TREE;
    for segment in place {
        branch = branch.below.get(segment.as_ref()).or_else(|| branch.below.get("*"))?;
    }
    let names = branch.below.keys().copied().filter(|name| !matches!(*name, "*" | "**" | "[]"));
    similar_names(wrong, names).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_whatever_the_user_calls_them() {
        let found = |place: &[&str]| match find(place) {
            Known::Key(key) => key.path.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(found(&["pool_specification", "vm_size"]), "pool_specification.vm_size");
        assert_eq!(found(&["credentials", "storage", "mine", "account"]), "credentials.storage.*.account");
        assert_eq!(found(&["remote_fs", "a", "[]"]), "remote_fs.**");
        assert_eq!(found(&["pool_specification", "vm_count"]), "Above");
        assert_eq!(found(&["pool_specification", "vm_sise"]), "Nothing");
        assert_eq!(nearest(&["pool_specification"], "vm_sise").as_deref(), Some("vm_size"));
    }

    #[test]
    fn every_row_of_the_table_is_read_once_and_says_something() {
        let rows = include_str!("keys.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let expected: usize = rows.map(|row| alternatives(row.split('\t').next().unwrap()).len()).sum();
        assert_eq!(keys().len(), expected);
        for (position, key) in keys().iter().enumerate() {
            assert!(key.note.len() > 3, "{}", key.path);
            assert!(keys()[..position].iter().all(|other| other.path != key.path), "{} twice", key.path);
        }
    }
}
