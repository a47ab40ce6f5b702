//! The loop: what sources hold becomes keys, keys that are due become passes, and passes say when their key is due again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::DateTime;
use crate::resource::RecipeName;

use super::address::SourceAddress;
use super::backoff::{chance, pause_after, spread};
use super::board::{Board, SourceState};
use super::census::{Census, Content, Entry, Key};
use super::condition::{Condition, ConditionKind, Finding, Reason};
use super::event::WatchEvent;
use super::follow::{Finding as Found, Follower};
use super::inventory::{Inventory, InventoryError, Record};
use super::options::{Tools, WatchOptions};
use super::outcome::WatchReport;
use super::prune::{Leaver, Pruned, Situation, gone, guard, prune};
use super::reconcile::{Memory, Next, Pass, PassEnd, Tally};
use super::settling::Absence;
use super::source::{Source, clone_in};
use super::sources::KnownSources;

/// A source, and the folder that what is remembered of it is kept in.
#[derive(Debug, Clone)]
pub struct WatchedSource {
    /// The source.
    pub address: SourceAddress,
    /// The folder.
    pub folder: PathBuf,
    /// Whether the environment says which ssh git is to use.
    pub ssh_is_chosen: bool,
}

impl WatchedSource {
    /// The folder that a repository is cloned into; `None` if it is none.
    pub fn clone_folder(&self) -> Option<PathBuf> {
        matches!(self.address, SourceAddress::Git(_)).then(|| clone_in(&self.folder))
    }
}

/// Watches sources until `stop` is cancelled, or once if that is asked for.
///
/// # Errors
/// When what is remembered of a source can't be used, or another process follows it already.
pub async fn watch(
    sources: Vec<WatchedSource>,
    options: &WatchOptions,
    tools: &Tools,
    board: &Board,
    stop: &CancellationToken,
) -> Result<WatchReport, InventoryError> {
    let (told, findings) = mpsc::channel(16);
    let mut known = KnownSources::default();
    let halt = stop.child_token();
    let _ended = halt.clone().drop_guard();
    for (index, watched) in sources.into_iter().enumerate() {
        let name = watched.address.to_string();
        let inventory = Arc::new(Mutex::new(Inventory::open(&watched.folder, &name)?));
        board.state().sources.push(SourceState { source: name.clone(), ..SourceState::default() });
        known.add(name, inventory.clone());
        let follower = Follower {
            index,
            source: Source::new(&watched.address, &watched.folder, watched.ssh_is_chosen),
            load: tools.load.clone(),
            inventory,
            interval: options.fetch_interval,
            most_pause: options.most_pause,
            once: options.once,
            prunes: options.policy.prune,
        };
        tokio::spawn(follower.run(told.clone(), halt.clone()));
    }
    drop(told);
    let queue = super::queue::Queue::default();
    let watcher = Watcher {
        options,
        tools,
        board,
        stop,
        sources: known,
        entries: BTreeMap::new(),
        leaving: BTreeMap::new(),
        memories: BTreeMap::new(),
        queue,
        report: WatchReport::default(),
    };
    Ok(watcher.run(findings).await)
}

struct Watcher<'a> {
    options: &'a WatchOptions,
    tools: &'a Tools,
    board: &'a Board,
    stop: &'a CancellationToken,
    sources: KnownSources,
    /// The recipes of all sources, and which source each is of.
    entries: BTreeMap<Key, Entry>,
    /// Recipes that left their source and are to be destroyed, with that source.
    leaving: BTreeMap<RecipeName, usize>,
    memories: BTreeMap<Key, Memory>,
    queue: super::queue::Queue<Key>,
    report: WatchReport,
}

/// How the look at a key ended.
enum Ended {
    Pass(Box<PassEnd>),
    Prune(Pruned),
}

type Running<'a> = LocalBoxFuture<'a, (Key, Instant, Ended)>;

impl<'a> Watcher<'a> {
    async fn run(mut self, mut findings: mpsc::Receiver<Found>) -> WatchReport {
        let mut running: FuturesUnordered<Running<'a>> = FuturesUnordered::new();
        let mut is_open = true;
        loop {
            while running.len() < self.options.parallelism.max(1) && !self.stop.is_cancelled() {
                let Some(key) = self.queue.take(Instant::now()) else { break };
                match self.begin(&key) {
                    Some(pass) => running.push(pass),
                    None => self.queue.done(&key, None),
                }
            }
            self.count(running.len());
            let is_idle = running.is_empty() && self.queue.next_due().is_none();
            if self.options.once && !is_open && is_idle {
                return self.end(false);
            }
            let next_due = self.queue.next_due().filter(|_| running.len() < self.options.parallelism.max(1));
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                found = findings.recv(), if is_open => match found {
                    Some(found) => self.found(found),
                    None => is_open = false,
                },
                Some((key, began, ended)) = running.next(), if !running.is_empty() => self.ended(&key, began, ended),
                () = sleep_until(next_due) => {}
            }
        }
        self.board.state().stopping = true;
        self.tools.observer.on(WatchEvent::Stopping);
        while let Some((key, began, ended)) = running.next().await {
            self.ended(&key, began, ended);
            self.count(running.len());
        }
        self.end(true)
    }

    fn count(&self, running: usize) {
        let mut state = self.board.state();
        state.running = running;
        state.queued = self.queue.length(Instant::now());
    }

    fn end(mut self, interrupted: bool) -> WatchReport {
        self.save();
        let state = self.board.snapshot();
        let left: Vec<String> = state
            .recipes
            .iter()
            .filter(|(_, recipe)| !recipe.conditions.holds(ConditionKind::Ready))
            .map(|(key, _)| key.to_string())
            .collect();
        if interrupted {
            self.tools.observer.on(WatchEvent::Stopped { left: &left });
        }
        self.report.interrupted = interrupted;
        self.report.state = state;
        self.report
    }

    /// Takes what a source was found to hold.
    fn found(&mut self, found: Found) {
        let now = DateTime(self.tools.clock.now());
        let Some(source) = self.sources.get_mut(found.source) else { return };
        let is_first = source.census.is_none();
        source.failed = found.error.is_some();
        {
            let mut state = self.board.state();
            state.counts.reads += 1;
            state.counts.read_failures += u64::from(source.failed);
            if let Some(shown) = state.sources.get_mut(found.source) {
                shown.was_read |= found.content.is_some();
                if found.error.is_none() {
                    shown.read_at = Some(now);
                }
                shown.error.clone_from(&found.error);
            }
        }
        if let Some(error) = &found.error {
            let event = WatchEvent::SourceFailed { source: &source.name, error, retry: found.retry };
            self.tools.observer.on(event);
        }
        let Some((checkout, census)) = found.content else { return };
        let count = census.entries.len();
        let has_changed = is_first
            || source.revision != checkout.revision
            || source.census.as_ref().is_some_and(|known| known.entries.len() != count);
        source.revision.clone_from(&checkout.revision);
        source.hidden.clone_from(&checkout.hidden);
        source.census = Some(census);
        source.absence = found.absence;
        if has_changed {
            let revision = checkout.revision.as_deref();
            let event = WatchEvent::SourceRead { source: &source.name, revision, recipes: count };
            self.tools.observer.on(event);
        }
        if let Some(shown) = self.board.state().sources.get_mut(found.source) {
            shown.revision = checkout.revision;
            shown.recipes = count;
        }
        self.compare();
        // A recipe that left one source may have come to this one.
        (0..self.sources.len()).for_each(|source| self.prune(source));
        self.save();
    }

    /// Has everything looked at that is not what it was, and everything that is new.
    fn compare(&mut self) {
        let together = self.sources.entries();
        let now = Instant::now();
        for (key, entry) in &together {
            let same = self.entries.get(key).is_some_and(|known| known.content.same(&entry.content));
            if !same {
                self.queue.wish(key.clone(), now);
            }
            if let Key::Recipe(name) = key {
                self.leaving.remove(name);
            }
        }
        self.entries = together;
        let mut state = self.board.state();
        state.recipes.retain(|key, _| self.entries.contains_key(key) || is_leaving(&self.leaving, key));
        for (key, entry) in &self.entries {
            let shown = state.recipes.entry(key.clone()).or_default();
            shown.file.clone_from(&entry.file);
            shown.revision.clone_from(&entry.revision);
        }
        drop(state);
        let (entries, leaving) = (&self.entries, &self.leaving);
        self.queue.retain(|key| entries.contains_key(key) || is_leaving(leaving, key));
        self.memories.retain(|key, _| entries.contains_key(key));
    }

    /// Sees to recipes that left a source.
    fn prune(&mut self, index: usize) {
        let (there, all_read) = (self.sources.names(), self.sources.are_all_read());
        let Some(source) = self.sources.get(index) else { return };
        let (left, had) = {
            let mut inventory = source.inventory();
            let left = gone(inventory.recipes().map(|(name, _)| name), &there);
            let here = source.census.as_ref().map(Census::names);
            // Before what is new is made: what the source had is what it had until now.
            if let Some(here) =
                here.as_ref().filter(|_| !self.options.dry_run && (all_read || !left.is_empty()))
            {
                inventory.note_left(&left, here);
            }
            let had = inventory.had(&left, &here.unwrap_or_default());
            (left, had)
        };
        if let Some(shown) = self.board.state().sources.get_mut(index) {
            shown.orphans = left.iter().map(ToString::to_string).collect();
        }
        if left.is_empty() || !all_read {
            return self.leave_alone(index, None);
        }
        let Some(census) = source.census.as_ref().filter(|_| source.absence != Absence::Recent) else {
            return;
        };
        let situation = Situation {
            there: census.names().len(),
            unknown: self.sources.unknown(index),
            is_restless: source.absence == Absence::Restless,
            had,
            left: left.len(),
        };
        if let Some(because) = guard(situation, &self.options.policy, self.options.prune_share) {
            return self.leave_alone(index, Some((left, because)));
        }
        let now = Instant::now();
        for name in left {
            if self.leaving.insert(name.clone(), index).is_none() {
                self.queue.wish(Key::Recipe(name), now);
            }
        }
    }

    /// Destroys nothing of a source, and says why if recipes left it, unless that was said last.
    fn leave_alone(&mut self, index: usize, held: Option<(Vec<RecipeName>, String)>) {
        self.leaving.retain(|_, source| *source != index);
        let Some(source) = self.sources.get_mut(index).filter(|source| source.held != held) else { return };
        source.held = held;
        if let Some((recipes, because)) = &source.held {
            let event = WatchEvent::PruneHeld { source: &source.name, recipes, because };
            self.tools.observer.on(event);
        }
    }

    /// The look at a key; `None` if there is nothing to look at.
    fn begin(&mut self, key: &Key) -> Option<Running<'a>> {
        let began = Instant::now();
        let (options, tools, stop) = (self.options, self.tools, self.stop);
        let Some(entry) = self.entries.get(key).cloned() else {
            let Key::Recipe(name) = key.clone() else { return None };
            let folder = self.sources.folder_of(*self.leaving.get(&name)?, &name)?;
            let leaver = Leaver { name, folder, claims: self.sources.claims() };
            self.board.state().recipes.entry(key.clone()).or_default().running = true;
            return Some(Box::pin(async move {
                let ended = prune(&leaver, options, tools, stop).await;
                (Key::Recipe(leaver.name), began, Ended::Prune(ended))
            }));
        };
        let (Content::Usable(loaded, texts), Key::Recipe(name)) = (entry.content, key) else {
            self.unusable(key);
            return None;
        };
        let record = Record { file: entry.file, ..self.sources.record_of(name) };
        if !options.dry_run && !options.suspended.contains(name) {
            // Before anything is made, so that whoever is killed in between knows what was.
            self.sources.remember(name, &record);
            self.save();
        }
        self.board.state().recipes.entry(key.clone()).or_default().running = true;
        let memory = self.memories.get(key).cloned().unwrap_or_default();
        let inventory = self.sources.inventory_of(name);
        let key = key.clone();
        Some(Box::pin(async move {
            let pass = Pass { loaded: &loaded, texts, memory, record, inventory, options, tools, stop };
            let end = pass.run().await;
            (key, began, Ended::Pass(Box::new(end)))
        }))
    }

    /// Says what is wrong with a recipe that can't be used.
    fn unusable(&mut self, key: &Key) {
        let finding = match self.entries.get(key).map(|entry| &entry.content) {
            Some(Content::Broken(errors)) => {
                Finding::not_ready(ConditionKind::Stalled, Reason::InvalidRecipe, errors.clone())
            }
            Some(Content::Duplicate(files)) => {
                let text = format!("several recipes have this name: {}; give each its own", files.join(", "));
                Finding::not_ready(ConditionKind::Stalled, Reason::DuplicateName, text)
            }
            _ => return,
        };
        self.tell(key, &finding, None, Tally::default());
    }

    fn ended(&mut self, key: &Key, began: Instant, ended: Ended) {
        let took = began.elapsed();
        let (finding, next, tally) = match ended {
            Ended::Pass(end) => {
                let PassEnd { finding, next, memory, record, tally } = *end;
                if let Key::Recipe(name) = key {
                    let is_ours = !self.options.dry_run || self.sources.knows(name);
                    if is_ours && !self.options.suspended.contains(name) {
                        self.sources.remember(name, &record);
                    }
                }
                self.memories.insert(key.clone(), memory);
                (Some(finding), next, tally)
            }
            Ended::Prune(Pruned::Left(finding, next, tally)) => (Some(finding), next, tally),
            Ended::Prune(Pruned::Gone(tally)) => {
                if let Key::Recipe(name) = key {
                    self.pruned(name);
                }
                (None, Next::Interval, tally)
            }
        };
        self.save();
        {
            let mut state = self.board.state();
            state.counts.passes += 1;
            state.counts.spent += took;
            state.counts.writes += tally.writes as u64;
            state.counts.failures += tally.failures as u64;
            state.counts.drifts += u64::from(tally.drifted && tally.writes > 0);
            let limits = super::board::BUCKETS.iter().zip(&mut state.counts.buckets);
            limits.filter(|(limit, _)| took.as_secs_f64() <= **limit).for_each(|(_, count)| *count += 1);
        }
        let is_wanted = self.entries.contains_key(key) || is_leaving(&self.leaving, key);
        let Some(finding) = finding.filter(|_| is_wanted) else {
            self.board.state().recipes.remove(key);
            return self.queue.done(key, None);
        };
        let digest = self.memories.get(key).and_then(|memory| memory.digest).map(|(_, digest)| digest);
        let failures = self.tell(key, &finding, digest, tally_of(next, tally));
        let pause = match next {
            Next::Interval => spread(self.options.interval, chance()),
            Next::Settle => self.options.settle,
            Next::BackOff => pause_after(failures, self.options.most_pause, chance()),
        };
        let is_last = self.options.once && next != Next::Settle;
        self.queue.done(key, (!is_last).then(|| Instant::now() + pause));
    }

    /// Writes what was found on the board and tells what is news; how often in a row the recipe failed.
    fn tell(
        &mut self,
        key: &Key,
        finding: &Finding,
        digest: Option<crate::resource::Digest>,
        tally: Tally,
    ) -> u32 {
        let now = DateTime(self.tools.clock.now());
        let (changed, failures) = {
            let mut state = self.board.state();
            let shown = state.recipes.entry(key.clone()).or_default();
            shown.running = false;
            shown.looked_at = Some(now);
            shown.digest = digest;
            shown.failures = if tally.failures > 0 { shown.failures.saturating_add(1) } else { 0 };
            let changed = shown.conditions.take(finding, digest, now);
            let failures = shown.failures;
            let found = |condition: &Condition| condition.kind == ConditionKind::Drifted && condition.status;
            state.counts.drifts += changed.iter().filter(|condition| found(condition)).count() as u64;
            (changed, failures)
        };
        for condition in &changed {
            self.tools.observer.on(WatchEvent::Turned { key, condition });
        }
        failures
    }

    fn pruned(&mut self, name: &RecipeName) {
        if let Some(source) = self.leaving.remove(name).and_then(|index| self.sources.get(index)) {
            source.inventory().forget(name);
        }
        let mut state = self.board.state();
        state.counts.pruned += 1;
        for source in &mut state.sources {
            source.orphans.retain(|orphan| orphan != name.as_str());
        }
        drop(state);
        self.tools.observer.on(WatchEvent::Pruned { recipe: name });
    }

    fn save(&mut self) {
        self.report.unsaved |= !self.sources.save(self.tools);
    }
}

/// What counts as a failure for the pauses between attempts.
fn tally_of(next: Next, tally: Tally) -> Tally {
    Tally { failures: tally.failures.max(usize::from(next == Next::BackOff)), ..tally }
}

fn is_leaving(leaving: &BTreeMap<RecipeName, usize>, key: &Key) -> bool {
    matches!(key, Key::Recipe(name) if leaving.contains_key(name))
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.max(Instant::now() + Duration::from_millis(1))).await,
        None => std::future::pending().await,
    }
}
