//! Time as a dependency: everything that needs the time of day or a pause asks a [`Clock`].

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

/// A source of the time of day and of pauses.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;

    /// Returns once `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the time enters the program")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that moves only when told to: for tests and for `--timing manual`.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
    ticks: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that shows `start` until it is advanced.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { now: Mutex::new(start), ticks: watch::Sender::new(start) }
    }

    /// How many sleep until their time has come.
    pub fn sleepers(&self) -> usize {
        self.ticks.receiver_count()
    }

    /// Moves the clock forward and wakes every sleeper whose time has come.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
        self.ticks.send_replace(*now);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        let mut ticks = self.ticks.subscribe();
        let due = self.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        // The sender lives as long as `self`, so waiting can only end by the time being reached.
        let _ = ticks.wait_for(|now| *now >= due).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_only_when_their_time_has_come() {
        let clock = std::sync::Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(10)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert_eq!(sleeper.await.unwrap().as_second(), 10);
    }
}
