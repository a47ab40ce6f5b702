//! Digests: what is compared instead of whole objects.

use std::fmt;

use serde::Serialize;

/// A BLAKE3 digest of a normal form, shortened to 65 bits: 13 characters of base32.
///
/// A chance collision among a million tasks is about one in 70 million; a deliberate one changes only its author's own tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; LENGTH]);

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
        Self(std::array::from_fn(|position| {
            let index = (bits >> (123 - 5 * position)) & 31;
            ALPHABET.get(usize::try_from(index).unwrap_or_default()).copied().unwrap_or(b'a')
        }))
    }

    /// Takes a digest that was written before.
    pub fn parse(text: &str) -> Option<Self> {
        let characters: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        characters.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self(characters))
    }

    /// The 13 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a task is: what it says itself, and what the tasks are that it waits for. A task whose inputs are made anew has to run
/// again although nothing in it has changed.
///
/// Written as `<own>` where it waits for nothing, and as `<own>.<inputs>` where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskDigest {
    /// The digest of its normal form, which names the tasks that it waits for.
    pub own: Digest,
    /// The digest of the ids and digests of the tasks that it waits for, and so of all that these wait for. `None` where it waits
    /// for nothing, and where an earlier version of this program did not record it.
    pub inputs: Option<Digest>,
}

impl TaskDigest {
    /// Takes a digest that was written before.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            Some((own, inputs)) => {
                Some(Self { own: Digest::parse(own)?, inputs: Some(Digest::parse(inputs)?) })
            }
            None => Some(Self { own: Digest::parse(text)?, inputs: None }),
        }
    }
}

impl From<Digest> for TaskDigest {
    fn from(own: Digest) -> Self {
        Self { own, inputs: None }
    }
}

impl fmt::Display for TaskDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inputs {
            Some(inputs) => write!(f, "{}.{inputs}", self.own),
            None => self.own.fmt(f),
        }
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
    pub fn add(&mut self, id: &str, digest: TaskDigest) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.to_ascii_lowercase().as_bytes()).update(b"\0");
        hasher.update(digest.own.as_str().as_bytes());
        if let Some(inputs) = digest.inputs {
            hasher.update(b".").update(inputs.as_str().as_bytes());
        }
        let hash = hasher.finalize();
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            *limb = bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        }
        self.include(&Self { count: 1, sum: limbs });
    }

    /// Adds the tasks of another tally.
    pub fn include(&mut self, other: &Self) {
        let mut carry = 0_u64;
        for (limb, addend) in self.sum.iter_mut().zip(other.sum) {
            let (partial, first) = limb.overflowing_add(addend);
            let (total, second) = partial.overflowing_add(carry);
            *limb = total;
            carry = u64::from(first) + u64::from(second);
        }
        self.count += other.count;
    }

    /// The digest of all tasks together.
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        for limb in self.sum {
            hasher.update(&limb.to_be_bytes());
        }
        Digest::from_hash(&hasher.finalize())
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
        write!(f, "{}:{}", self.count, self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_thirteen_characters_and_differ() {
        let a = Digest::of(&"a");
        assert_eq!(a.as_str().len(), 13);
        assert_eq!(Digest::parse(a.as_str()), Some(a));
        assert_ne!(a, Digest::of(&"b"));
        assert_eq!(Digest::parse("UPPERCASE1234"), None);
    }

    #[test]
    fn a_tally_depends_on_the_tasks_and_not_on_their_order() {
        let tally = |tasks: &[(&str, &str)]| {
            let mut tally = TaskTally::default();
            for (id, content) in tasks {
                tally.add(id, Digest::of(content).into());
            }
            tally.to_string()
        };
        assert_eq!(tally(&[("a", "1"), ("b", "2")]), tally(&[("b", "2"), ("a", "1")]));
        assert_ne!(tally(&[("a", "1"), ("b", "2")]), tally(&[("a", "2"), ("b", "1")]));
        assert_ne!(tally(&[("a", "1")]), tally(&[("a", "1"), ("a", "1")]));
        assert_eq!(tally(&[("A", "1")]), tally(&[("a", "1")]), "ids compare without case");
        assert_eq!(tally(&[("a", "1")]), "1:sl7hkehnmhgh5", "what is recorded in accounts stays valid");
    }

    #[test]
    fn tallies_add_up() {
        let task = |content: &str| TaskDigest::from(Digest::of(&content));
        let (mut all, mut rest) = (TaskTally::default(), TaskTally::default());
        ["a", "b", "c"].iter().for_each(|id| all.add(id, task(id)));
        ["b", "c"].iter().for_each(|id| rest.add(id, task(id)));
        let mut sum = TaskTally::default();
        sum.add("a", task("a"));
        sum.include(&rest);
        assert_eq!(sum, all);
    }

    #[test]
    fn what_a_task_waits_for_is_part_of_what_it_is() {
        let own = Digest::of(&"merge");
        let after = |inputs: &str| TaskDigest { own, inputs: Some(Digest::of(&inputs)) };
        for digest in [TaskDigest::from(own), after("a"), after("b")] {
            assert_eq!(TaskDigest::parse(&digest.to_string()), Some(digest));
        }
        assert_eq!(TaskDigest::parse("abcdefghijklm."), None);
        let tally = |digest| {
            let mut tally = TaskTally::default();
            tally.add("merge", digest);
            tally.digest()
        };
        assert_ne!(tally(own.into()), tally(after("a")));
        assert_ne!(tally(after("a")), tally(after("b")));
    }
}
