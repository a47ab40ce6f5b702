//! Following one source: reading it at every interval, and soon after a folder has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::{chance, pause_after, spread};
use super::census::{Census, Load};
use super::inventory::Inventory;
use super::settling::{Absence, SETTLE, Settling};
use super::source::{Checkout, Source};
use super::words::in_one_line;

/// How often a folder is looked at for changes.
const GLANCE: Duration = Duration::from_secs(1);

/// What a source was found to hold.
#[derive(Debug)]
pub(super) struct Finding {
    /// Which source.
    pub(super) source: usize,
    /// What it holds; what it held before, if it can't be read now.
    pub(super) content: Option<(Checkout, Census)>,
    /// What it means that recipes are missing in it.
    pub(super) absence: Absence,
    /// Why it can't be read.
    pub(super) error: Option<String>,
    /// When it is tried again after an error.
    pub(super) retry: Option<Duration>,
}

impl Finding {
    fn of(source: usize) -> Self {
        Self { source, content: None, absence: Absence::default(), error: None, retry: None }
    }
}

/// What following a source needs.
pub(super) struct Follower {
    pub(super) index: usize,
    pub(super) source: Source,
    pub(super) load: Load,
    pub(super) inventory: Arc<Mutex<Inventory>>,
    pub(super) interval: Duration,
    pub(super) most_pause: Duration,
    pub(super) once: bool,
    /// Whether it matters that recipes have gone.
    pub(super) prunes: bool,
}

impl Follower {
    /// Tells what the source holds, again and again.
    pub(super) async fn run(self, told: mpsc::Sender<Finding>, stop: CancellationToken) {
        let mut failures = 0;
        let mut is_first = true;
        let mut settling = Settling::default();
        let mut beyond = BTreeSet::new();
        loop {
            let seen = self.fingerprint(&beyond).await;
            let before = (self.arrangement().await, Instant::now());
            let mut finding = Finding::of(self.index);
            match self.source.look().await {
                Ok(checkout) => {
                    failures = 0;
                    finding.content = self.take(checkout).await;
                }
                Err(error) => {
                    failures += 1;
                    finding.error = Some(in_one_line(&error));
                    let pause = pause_after(failures, self.most_pause, chance());
                    finding.retry = (!self.once).then_some(pause);
                    // What an earlier run had fetched goes on being looked after.
                    let known = if is_first { self.source.last_known().await } else { None };
                    if let Some(checkout) = known {
                        finding.content = self.take(checkout).await;
                    }
                }
            }
            is_first = false;
            if let Some((_, census)) = &finding.content {
                // One that is new here has it read once more, so that no edit is missed that came meanwhile.
                beyond = self.source.beyond(&census.files);
                finding.absence = settling.judge(self.prunes && self.misses_any(census), before);
            }
            let is_recent = finding.absence == Absence::Recent;
            let mut pause = finding.retry.unwrap_or_else(|| spread(self.interval, chance()));
            if is_recent {
                pause = pause.min(SETTLE);
            }
            let is_heard = told.send(finding).await.is_ok();
            if (self.once && !is_recent) || !is_heard {
                return;
            }
            tokio::select! {
                () = self.wait(pause, seen, &beyond) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn take(&self, checkout: Checkout) -> Option<(Checkout, Census)> {
        let (load, known) = (self.load.clone(), self.known());
        let taken = tokio::task::spawn_blocking(move || {
            let census = Census::take(&checkout, &load, &known);
            (checkout, census)
        });
        // A panic while a recipe was read has been told by then; the recipes stay as they are.
        taken.await.ok()
    }

    fn known(&self) -> BTreeMap<String, crate::resource::RecipeName> {
        self.inventory.lock().unwrap_or_else(PoisonError::into_inner).files()
    }

    /// Whether a recipe is missing that came from the source.
    fn misses_any(&self, census: &Census) -> bool {
        let there = census.names();
        let inventory = self.inventory.lock().unwrap_or_else(PoisonError::into_inner);
        inventory.recipes().any(|(name, _)| !there.contains(name))
    }

    /// Waits until the source is due, or until a folder has changed and stays as it is for a moment: who writes several files, or
    /// moves one over another, is given the time to.
    async fn wait(&self, pause: Duration, seen: Option<blake3::Hash>, beyond: &BTreeSet<PathBuf>) {
        let due = Instant::now() + pause;
        let mut last = seen;
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if seen.is_none() {
                return tokio::time::sleep(left).await;
            }
            tokio::time::sleep(left.min(GLANCE)).await;
            let now = self.fingerprint(beyond).await;
            if now != seen && now == last {
                return;
            }
            last = now;
        }
    }

    async fn fingerprint(&self, beyond: &BTreeSet<PathBuf>) -> Option<blake3::Hash> {
        let (source, beyond) = (self.source.clone(), beyond.clone());
        tokio::task::spawn_blocking(move || source.fingerprint(&beyond)).await.ok().flatten()
    }

    async fn arrangement(&self) -> Option<blake3::Hash> {
        if !self.prunes {
            return None;
        }
        let source = self.source.clone();
        tokio::task::spawn_blocking(move || source.arrangement()).await.ok().flatten()
    }
}
