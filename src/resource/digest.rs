//! Digests: what is compared instead of whole objects.

use std::fmt;

use serde::Serialize;

/// A BLAKE3 digest of a normal form, shortened to 65 bits: 13 characters of base32.
///
/// A chance collision among a million tasks is about one in 70 million; a deliberate one changes only its author's own tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const LENGTH: usize = 13;

impl Digest {
    /// The digest of a value's JSON. Maps of the value must be sorted and have texts as keys.
    pub fn of<T: Serialize>(value: &T) -> Self {
        let mut hasher = blake3::Hasher::new();
        if serde_json::to_writer(&mut hasher, value).is_err() {
            // Specs hold texts, numbers, lists and maps with texts as keys: JSON can write them all.
            debug_assert!(false, "a spec can't be written as JSON");
        }
        Self::from_hash(&hasher.finalize())
    }

    fn from_hash(hash: &blake3::Hash) -> Self {
        let mut bits = 0_u128;
        for byte in hash.as_bytes().iter().take(16) {
            bits = (bits << 8) | u128::from(*byte);
        }
        let character = |position: usize| {
            let index = (bits >> (123 - 5 * position)) & 31;
            ALPHABET.get(usize::try_from(index).unwrap_or_default()).copied().map_or('a', char::from)
        };
        Self((0..LENGTH).map(character).collect())
    }

    /// Takes a digest that was written before.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }

    /// The 13 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Counts the tasks of a job and digests them all, one by one, whatever their order: two jobs with the same tally have the same
/// tasks. Written into the job's metadata once all tasks are there, as `<count>:<digest>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskTally {
    count: u64,
    /// The sum of the tasks' hashes modulo 2^256, which does not depend on their order.
    sum: [u64; 4],
}

impl TaskTally {
    /// Adds a task.
    pub fn add(&mut self, id: &str, digest: &Digest) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.to_ascii_lowercase().as_bytes()).update(b"\0").update(digest.as_str().as_bytes());
        let hash = hasher.finalize();
        let mut carry = 0_u64;
        for (limb, bytes) in self.sum.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            let addend = bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
            let (partial, first) = limb.overflowing_add(addend);
            let (total, second) = partial.overflowing_add(carry);
            *limb = total;
            carry = u64::from(first) + u64::from(second);
        }
        self.count += 1;
    }

    /// How many tasks were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many tasks a tally that was written speaks of.
    pub fn count_in(written: &str) -> Option<u64> {
        written.split_once(':')?.0.parse().ok()
    }
}

impl fmt::Display for TaskTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hasher = blake3::Hasher::new();
        for limb in self.sum {
            hasher.update(&limb.to_be_bytes());
        }
        write!(f, "{}:{}", self.count, Digest::from_hash(&hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_thirteen_characters_and_differ() {
        let a = Digest::of(&"a");
        assert_eq!(a.as_str().len(), 13);
        assert_eq!(Digest::parse(a.as_str()), Some(a.clone()));
        assert_ne!(a, Digest::of(&"b"));
        assert_eq!(Digest::parse("UPPERCASE1234"), None);
    }

    #[test]
    fn a_tally_depends_on_the_tasks_and_not_on_their_order() {
        let tally = |tasks: &[(&str, &str)]| {
            let mut tally = TaskTally::default();
            for (id, content) in tasks {
                tally.add(id, &Digest::of(content));
            }
            tally.to_string()
        };
        assert_eq!(tally(&[("a", "1"), ("b", "2")]), tally(&[("b", "2"), ("a", "1")]));
        assert_ne!(tally(&[("a", "1"), ("b", "2")]), tally(&[("a", "2"), ("b", "1")]));
        assert_ne!(tally(&[("a", "1")]), tally(&[("a", "1"), ("a", "1")]));
        assert_eq!(tally(&[("A", "1")]), tally(&[("a", "1")]), "ids compare without case");
    }
}
