//! The thread that writes: takes commands, commits them in groups, and only then answers and lets their effects go.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc as channel, oneshot};

use super::{Failure, Rules, Unit};
use crate::clock::Clock;
use crate::emulator::effect::{Effect, Event};
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{Readers, StoreError, open_for_writing};

/// The most commands that share a commit: enough to make the disk's latency vanish, few enough to answer the first soon.
const MAX_GROUP: usize = 256;

/// Changes something, and says what to do once it is known whether that is on disk.
type Change = Box<dyn FnOnce(&mut Unit<'_>) -> Completion + Send>;
type Completion = Box<dyn FnOnce(Option<&str>) + Send>;

enum Command {
    Change(Change),
    Close,
}

/// The account. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    commands: mpsc::Sender<Command>,
    readers: Readers,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Change(_) => "Change",
            Self::Close => "Close",
        })
    }
}

impl Service {
    /// Opens the store at `path` and starts the thread. Effects come out of the channel that is returned.
    pub(crate) fn open(
        path: &Path,
        rules: Rules,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, channel::UnboundedReceiver<Effect>), StoreError> {
        let connection = open_for_writing(path)?;
        let (commands, inbox) = mpsc::channel();
        let (outbox, effects) = channel::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("batch-store".to_owned())
            .spawn(move || write(&connection, &rules, clock.as_ref(), &inbox, &outbox))
            .map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
        let readers = Readers::new(path.to_owned());
        Ok((Self { commands, readers, writer: Arc::new(Mutex::new(Some(thread))) }, effects))
    }

    /// Carries out a change. When this returns `Ok`, the change is on disk; on `Err`, nothing has changed.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Unit<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let command: Change = Box::new(move |unit| {
            let outcome = unit.attempt(change);
            Box::new(move |lost: Option<&str>| {
                let outcome = match lost {
                    Some(reason) => Err(StoreError::Commit(reason.to_owned()).into()),
                    None => outcome,
                };
                // Nobody waits for the answer when a client has hung up.
                let _ = answer.send(outcome);
            })
        });
        self.commands.send(Command::Change(command)).map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads from the store.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.readers.read(query).await.map_err(Refusal::from)
    }

    /// Tells the account what has come about.
    pub(crate) async fn report(&self, event: Event) {
        if let Err(failure) = self.write(move |unit| unit.apply(event)).await {
            // The event is derived again when the store is opened the next time.
            tracing::error!("an event was lost until the next start: {}", Refusal::from(failure));
        }
    }

    /// Finishes what was asked for, and closes the store.
    pub(crate) async fn close(&self) {
        let _ = self.commands.send(Command::Close);
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn write(
    connection: &Connection,
    rules: &Rules,
    clock: &dyn Clock,
    inbox: &mpsc::Receiver<Command>,
    outbox: &channel::UnboundedSender<Effect>,
) {
    while let Ok(first) = inbox.recv() {
        let mut open = true;
        let mut group = Vec::new();
        let more = std::iter::from_fn(|| inbox.try_recv().ok());
        for command in std::iter::once(first).chain(more).take(MAX_GROUP) {
            match command {
                Command::Change(change) => group.push(change),
                Command::Close => open = false,
            }
        }
        let mut completions = Vec::with_capacity(group.len());
        let committed = commit(connection, rules, clock, group, &mut completions);
        let lost = committed.as_ref().err().map(|error| {
            tracing::error!("a commit failed: {error}");
            let _ = connection.execute_batch("ROLLBACK");
            error.to_string()
        });
        for complete in completions {
            complete(lost.as_deref());
        }
        for effect in committed.into_iter().flatten() {
            // Without a driver, effects wait for the next start.
            let _ = outbox.send(effect);
        }
        if !open {
            break;
        }
    }
}

fn commit(
    connection: &Connection,
    rules: &Rules,
    clock: &dyn Clock,
    group: Vec<Change>,
    completions: &mut Vec<Completion>,
) -> Result<Vec<Effect>, Failure> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from)?;
    let mut unit = Unit::new(connection, rules, clock);
    for change in group {
        completions.push(change(&mut unit));
    }
    let effects = unit.finish()?;
    connection.execute_batch("COMMIT").map_err(StoreError::from)?;
    Ok(effects)
}
