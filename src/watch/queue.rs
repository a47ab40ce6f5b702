//! A queue of keys: each at most once, none twice at once, the earliest wish wins. It knows nothing of what a key stands for.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tokio::time::Instant;

/// Which keys are to be looked at, and when.
#[derive(Debug)]
pub(super) struct Queue<K> {
    keys: BTreeMap<K, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    due: Option<Instant>,
    running: bool,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self { keys: BTreeMap::new() }
    }
}

impl<K: Ord + Clone + Debug> Queue<K> {
    /// Wishes that a key be looked at. A wish for one that is being looked at waits until that has ended.
    pub(super) fn wish(&mut self, key: K, due: Instant) {
        let entry = self.keys.entry(key).or_default();
        entry.due = Some(entry.due.map_or(due, |known| known.min(due)));
    }

    /// Takes the key that has been due for the longest, and counts it as being looked at.
    pub(super) fn take(&mut self, now: Instant) -> Option<K> {
        let waiting = self.waiting().filter(|(due, _)| *due <= now);
        let key = waiting.min_by_key(|(due, _)| *due)?.1.clone();
        let entry = self.keys.entry(key.clone()).or_default();
        *entry = Entry { due: None, running: true };
        Some(key)
    }

    /// Says that a key is no longer being looked at, and when it should be again.
    pub(super) fn done(&mut self, key: &K, again: Option<Instant>) {
        let Some(entry) = self.keys.get_mut(key) else { return };
        entry.running = false;
        match again {
            Some(again) => self.wish(key.clone(), again),
            None if entry.due.is_none() => drop(self.keys.remove(key)),
            None => {}
        }
    }

    /// Forgets the keys that are not wanted any more. What is being looked at goes on.
    pub(super) fn retain(&mut self, wanted: impl Fn(&K) -> bool) {
        self.keys.retain(|key, entry| {
            if !wanted(key) {
                entry.due = None;
            }
            entry.due.is_some() || entry.running
        });
    }

    /// When the next key is due that is not being looked at.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting().map(|(due, _)| due).min()
    }

    /// How many keys are due and wait for their turn.
    pub(super) fn length(&self, now: Instant) -> usize {
        self.waiting().filter(|(due, _)| *due <= now).count()
    }

    fn waiting(&self) -> impl Iterator<Item = (Instant, &K)> {
        self.keys
            .iter()
            .filter(|(_, entry)| !entry.running)
            .filter_map(|(key, entry)| Some((entry.due?, key)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_looked_at_once_at_a_time_and_the_earliest_wish_wins() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut queue = Queue::default();
        queue.wish("a", at(9));
        queue.wish("a", at(2));
        queue.wish("a", at(5));
        queue.wish("b", at(3));
        assert_eq!((queue.take(at(1)), queue.next_due()), (None, Some(at(2))));
        assert_eq!(queue.take(at(4)), Some("a"));
        queue.wish("a", at(1));
        assert_eq!(queue.take(at(4)), Some("b"), "a is being looked at");
        assert_eq!(queue.take(at(9)), None);
        assert_eq!(queue.length(at(9)), 0);
        queue.done(&"a", Some(at(60)));
        assert_eq!(queue.take(at(9)), Some("a"), "the wish was kept");
        queue.done(&"a", None);
        queue.done(&"b", Some(at(7)));
        assert_eq!((queue.length(at(9)), queue.take(at(9))), (1, Some("b")));
    }

    #[test]
    fn what_is_not_wanted_any_more_is_forgotten_once_it_has_ended() {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.wish("a", now);
        assert_eq!(queue.take(now), Some("a"));
        queue.wish("a", now);
        queue.wish("b", now);
        queue.retain(|_| false);
        queue.done(&"a", None);
        assert_eq!((queue.take(now), queue.next_due()), (None, None));
    }
}
