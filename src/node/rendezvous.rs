//! How the instances of a task wait for each other.

use std::sync::Arc;

use tokio::sync::watch;

use crate::batch::model::BatchTaskContainerExecutionInfo;

/// Where an instance of a task and whoever leads all of them meet: the instance says that its coordination command has succeeded,
/// and is told once those of all others have. Clones are the same place.
#[derive(Debug, Clone)]
pub struct Rendezvous(Arc<Place>);

#[derive(Debug)]
struct Place {
    arrived: watch::Sender<Option<BatchTaskContainerExecutionInfo>>,
    all_arrived: watch::Sender<bool>,
}

impl Default for Rendezvous {
    fn default() -> Self {
        Self(Arc::new(Place { arrived: watch::Sender::new(None), all_arrived: watch::Sender::new(false) }))
    }
}

impl Rendezvous {
    /// The instance is ready, in this container.
    pub(super) fn arrive(&self, container: BatchTaskContainerExecutionInfo) {
        self.0.arrived.send_replace(Some(container));
    }

    /// Returns the instance's container once the instance is ready.
    pub async fn arrival(&self) -> BatchTaskContainerExecutionInfo {
        let mut arrived = self.0.arrived.subscribe();
        loop {
            if let Some(container) = arrived.borrow_and_update().clone() {
                return container;
            }
            // Never an error: this value holds the sender.
            let _ = arrived.changed().await;
        }
    }

    /// All instances are ready.
    pub fn let_go(&self) {
        self.0.all_arrived.send_replace(true);
    }

    /// Returns once all instances are ready.
    pub(super) async fn all(&self) {
        // Never an error: this value holds the sender.
        let _ = self.0.all_arrived.subscribe().wait_for(|all| *all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_late_finds_what_was_said_before() {
        let place = Rendezvous::default();
        let info =
            BatchTaskContainerExecutionInfo { container_id: Some("c".to_owned()), ..Default::default() };
        place.clone().arrive(info.clone());
        assert_eq!(place.arrival().await, info);
        let waiting = place.clone();
        let all = tokio::spawn(async move { waiting.all().await });
        place.let_go();
        all.await.unwrap();
        place.all().await;
    }
}
