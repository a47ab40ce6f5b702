//! What files travel by, to a node and from it.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::web_client::WebClient;
use crate::storage::Connections;

/// How many files travel at a time, to or from one node: each holds some megabytes of memory.
pub(super) const AT_A_TIME: usize = 4;

/// The connections of a node, made when they are first needed.
#[derive(Debug)]
pub(super) struct Transfers {
    /// To Azure Storage.
    pub(super) storage: Connections,
    /// To all other servers.
    pub(super) web: WebClient,
    places: Semaphore,
}

impl Default for Transfers {
    fn default() -> Self {
        Self { storage: Connections::default(), web: WebClient::default(), places: Semaphore::new(AT_A_TIME) }
    }
}

impl Transfers {
    /// Waits until one more file may travel; it may until what is given back is dropped.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.places.acquire().await.ok()
    }
}
