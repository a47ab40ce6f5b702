//! The lock of a recipe: as long as somebody holds it, nobody else who keeps to the record changes what the recipe made.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::container::{Record, end_of};
use super::error::{RecordError, said};
use super::holder::{Holder, Operation};
use crate::batch::DateTime;
use crate::resource::RecipeName;
use crate::storage::{Connections, LEASE, SharedBlob, StorageError};

/// The blob that is leased; in it stands who holds it.
const LOCK: &str = "lock.json";
/// The most of that blob that is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// How often a lock that is taken is asked for again.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often a lock is renewed, and how soon again if that fails.
const RENEW_EVERY: Duration = Duration::from_secs(LEASE.as_secs() / 3);
const RENEW_AGAIN: Duration = Duration::from_secs(2);
/// When a lock that could not be renewed is given up: before it ends by itself, so that what goes on can stop.
const GIVE_UP: Duration = Duration::from_secs(LEASE.as_secs() * 3 / 4);

/// How long is waited for what nobody needs to go on: who holds a lock, or the answer about one that nobody wants any more, so that
/// it can be given back.
const GRACE: Duration = Duration::from_secs(5);

/// How long somebody waits for a lock, and who is told that they do.
pub struct Patience<'a> {
    /// How long.
    pub limit: Duration,
    /// Is cancelled when nobody wants it any more.
    pub stop: &'a CancellationToken,
    /// Called when the wait begins, and whenever somebody else gets the lock meanwhile.
    pub waiting: &'a (dyn Fn(&str) + Send + Sync),
}

impl std::fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patience").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// A lock that is held. One that is dropped rather than released ends by itself within a minute.
#[derive(Debug)]
pub struct Lock {
    /// Who holds it.
    pub holder: Holder,
    blob: SharedBlob,
    connections: Connections,
    lost: CancellationToken,
    released: CancellationToken,
    _renewing: DropGuard,
}

impl Record {
    /// Takes the lock of a recipe.
    ///
    /// # Errors
    /// When somebody else holds it and does not give it back in time, or the record can't be reached.
    pub async fn lock(
        &self,
        recipe: &RecipeName,
        (operation, who): (Operation, String),
        patience: Patience<'_>,
    ) -> Result<Lock, RecordError> {
        let blob = self.blob(recipe, LOCK);
        let (id, began, mut told) = (Uuid::new_v4(), Instant::now(), None);
        let given_up = || RecordError::GivenUp { recipe: recipe.clone() };
        while !self.take(&blob, id, patience.stop).await?.ok_or_else(given_up)? {
            let other = patience.stop.run_until_cancelled(holder_of(&blob, &self.connections)).await;
            let other = other.ok_or_else(given_up)??;
            let left = patience.limit.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(RecordError::Locked { recipe: recipe.clone(), holder: other.map(Box::new) });
            }
            if told.as_ref() != Some(&other) {
                (patience.waiting)(&said(other.as_ref()));
                told = Some(other);
            }
            let pause = self.clock.sleep(left.min(ASK_EVERY));
            patience.stop.run_until_cancelled(pause).await.ok_or_else(given_up)?;
        }
        let holder = Holder::new(id, who, operation, DateTime(self.clock.now()));
        let content = serde_json::to_vec_pretty(&holder).unwrap_or_default();
        if let Err(error) = blob.write_leased(id, content, &self.connections).await {
            let _ = blob.end_lease(id, &self.connections).await;
            return Err(error.into());
        }
        Ok(self.hold(holder, blob))
    }

    /// Asks for the lease once: whether it was given, or nothing if nobody wants it any more.
    async fn take(
        &self,
        blob: &SharedBlob,
        id: Uuid,
        stop: &CancellationToken,
    ) -> Result<Option<bool>, StorageError> {
        let mut asking = pin!(blob.take_lease(id, &self.connections));
        if let Some(answer) = stop.run_until_cancelled(asking.as_mut()).await {
            return answer.map(Some);
        }
        // The lease may be on its way.
        if let Ok(Ok(true)) = tokio::time::timeout(GRACE, asking).await {
            let _ = blob.end_lease(id, &self.connections).await;
        }
        Ok(None)
    }

    /// Keeps a lock until it is released or lost.
    fn hold(&self, holder: Holder, blob: SharedBlob) -> Lock {
        let (lost, released) = (CancellationToken::new(), CancellationToken::new());
        let (record, renewed, id) = (self.clone(), blob.clone(), holder.id);
        let (losing, until) = (lost.clone(), released.clone());
        tokio::spawn(async move {
            let keeping = record.keep(&renewed, id);
            if until.run_until_cancelled(keeping).await.is_some() {
                losing.cancel();
            }
        });
        let connections = self.connections.clone();
        Lock { holder, blob, connections, lost, _renewing: released.clone().drop_guard(), released }
    }

    /// Renews a lease until it is lost.
    async fn keep(&self, blob: &SharedBlob, id: Uuid) {
        let mut renewed = Instant::now();
        let mut pause = RENEW_EVERY;
        loop {
            self.clock.sleep(pause).await;
            let asked = Instant::now();
            pause = match blob.renew_lease(id, &self.connections).await {
                Ok(true) => {
                    renewed = asked;
                    RENEW_EVERY
                }
                Ok(false) => return,
                Err(_) if renewed.elapsed() >= GIVE_UP => return,
                Err(_) => RENEW_AGAIN,
            };
        }
    }
}

impl Lock {
    /// Is cancelled once the lock is lost: somebody has broken it, or the record could not be reached for too long. Then somebody
    /// else may hold it.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// A token that is cancelled with this one, and once the lock is lost.
    pub fn stopping(&self, stop: &CancellationToken) -> CancellationToken {
        let stopping = stop.child_token();
        let (cancelling, lost, released) = (stopping.clone(), self.lost.clone(), self.released.clone());
        tokio::spawn(async move {
            if released.run_until_cancelled(lost.cancelled()).await.is_some() {
                cancelling.cancel();
            }
        });
        stopping
    }

    /// Asks whether the lock is still held, which it is for a while then.
    ///
    /// # Errors
    /// When the record can't be reached.
    pub async fn confirm(&self) -> Result<bool, StorageError> {
        let is_held = self.blob.renew_lease(self.holder.id, &self.connections).await?;
        if !is_held {
            self.lost.cancel();
        }
        Ok(is_held)
    }

    /// Gives the lock back. Whether it was held until then: it may have been lost, and nobody have noticed.
    ///
    /// # Errors
    /// When the record can't be reached; the lock ends by itself then.
    pub async fn release(self) -> Result<bool, StorageError> {
        let Self { holder, blob, connections, .. } = &self;
        // Whoever asks for it between now and when the next one has said who it is must not be told that it is this one.
        let _ = blob.write_leased(holder.id, Vec::new(), connections).await;
        Ok(blob.end_lease(holder.id, connections).await? && !self.lost.is_cancelled())
    }
}

/// Who holds a lock, if they have said so, and it can be read in no time.
async fn holder_of(blob: &SharedBlob, connections: &Connections) -> Result<Option<Holder>, StorageError> {
    match tokio::time::timeout(GRACE, end_of(blob, MOST_BYTES, connections)).await {
        Ok(content) => Ok(Holder::read(&content?)),
        Err(_) => Ok(None),
    }
}
