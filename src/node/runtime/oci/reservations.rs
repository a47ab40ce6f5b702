//! What of a store is about to be used, and so must stay however much room is wanted.
//!
//! Containers that are there protect their images by themselves, being on disk. This is for the moments before: while an image is
//! fetched, and between the look whether it is there and the container that is made from it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::FlockOperation;

/// Something of a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Reserved {
    /// What a name means, whatever that is at the time.
    Name(String),
    /// The image with this id, its hexadecimal part.
    Image(String),
    /// The layer with this digest, its hexadecimal part.
    Blob(String),
}

/// What this process has reserved of one store.
#[derive(Debug)]
pub(super) struct Reservations {
    /// Locked shared as long as this process has the store open: then no other process removes what this one has reserved.
    lock: File,
    counts: Mutex<HashMap<Reserved, usize>>,
}

/// Something that stays as long as this lives.
#[derive(Debug)]
pub(super) struct Reservation {
    of: Arc<Reservations>,
    what: Vec<Reserved>,
}

impl Reservations {
    /// Those of the store in `folder`: the same for everything in this process that has it open.
    pub(super) fn of(folder: &Path) -> io::Result<Arc<Self>> {
        static OPEN: Mutex<BTreeMap<PathBuf, Weak<Reservations>>> = Mutex::new(BTreeMap::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, reservations| reservations.strong_count() > 0);
        if let Some(reservations) = open.get(folder).and_then(Weak::upgrade) {
            return Ok(reservations);
        }
        let lock =
            File::options().read(true).write(true).create(true).truncate(false).open(folder.join("lock"))?;
        rustix::fs::flock(&lock, FlockOperation::LockShared)?;
        let reservations = Arc::new(Self { lock, counts: Mutex::default() });
        open.insert(folder.to_owned(), Arc::downgrade(&reservations));
        Ok(reservations)
    }

    /// Reserves all of this.
    pub(super) fn take(self: &Arc<Self>, what: Vec<Reserved>) -> Reservation {
        let mut counts = self.counts();
        for one in &what {
            *counts.entry(one.clone()).or_default() += 1;
        }
        drop(counts);
        Reservation { of: Arc::clone(self), what }
    }

    /// Does `work`, told what is reserved, while nobody reserves anything. `None` if another process has the store open: what that
    /// one has reserved is not known.
    pub(super) fn while_still<T>(&self, work: impl FnOnce(&HashMap<Reserved, usize>) -> T) -> Option<T> {
        let counts = self.counts();
        let is_alone = rustix::fs::flock(&self.lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let done = is_alone.then(|| work(&counts));
        // Also where it was not: what can't be exchanged is lost. That this can't fail is all that a lock can promise.
        let _ = rustix::fs::flock(&self.lock, FlockOperation::LockShared);
        done
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Reserved, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut counts = self.of.counts();
        for one in &self.what {
            if let Some(count) = counts.get_mut(one) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(one);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_twice_stays_until_both_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let reservations = Reservations::of(folder.path()).unwrap();
        let same = Reservations::of(folder.path()).unwrap();
        let blob = || vec![Reserved::Blob("1".to_owned())];
        let (one, other) = (reservations.take(blob()), same.take(blob()));
        let is_reserved = || same.while_still(|counts| counts.contains_key(&blob()[0])).unwrap();
        drop(one);
        assert!(is_reserved());
        drop(other);
        assert!(!is_reserved());
    }

    #[test]
    fn nothing_is_done_while_another_process_has_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let reservations = Reservations::of(folder.path()).unwrap();
        // Another process has another description of the file.
        let other = File::open(folder.path().join("lock")).unwrap();
        rustix::fs::flock(&other, FlockOperation::LockShared).unwrap();
        assert!(reservations.while_still(|_| ()).is_none());
        drop(other);
        assert!(reservations.while_still(|_| ()).is_some());
        // And keeps others from it all the time but then.
        let other = File::open(folder.path().join("lock")).unwrap();
        assert!(rustix::fs::flock(&other, FlockOperation::NonBlockingLockExclusive).is_err());
    }
}
