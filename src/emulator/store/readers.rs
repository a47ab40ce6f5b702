//! Reading: connections of their own, so that no reader waits for the writer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::StoreError;
use super::schema::open_for_reading;

/// The reading side of the store. A read sees everything that was acknowledged before it began.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Readers of the file at `path`, which exists.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default() }
    }

    /// Runs `query` on a thread where it may block, inside one transaction, so that all it reads is of one moment.
    pub(crate) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut connection = readers.take()?;
            let result = {
                let moment = connection.transaction().map_err(StoreError::from)?;
                query(&moment)
            };
            readers.lock().push(connection);
            result
        })
        .await
        .unwrap_or_else(|_| Err(E::from(StoreError::Closed)))
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.lock().pop();
        idle.map_or_else(|| open_for_reading(&self.path), Ok)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
