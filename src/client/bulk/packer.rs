//! Packing tasks into collections, by count and by bytes.

use jiff::Timestamp;

use crate::batch::model::BatchTaskCreateOptions;
use crate::batch::operation::Operation as _;
use crate::batch::operations::CreateTaskCollection;
use crate::client::error::ClientError;

const OPENING: &[u8] = br#"{"value":["#;
const CLOSING: &[u8] = b"]}";

/// A task with its JSON: written once, it is measured, sent, and sent again in another collection.
pub(super) struct PackedTask {
    pub(super) task: BatchTaskCreateOptions,
    json: Vec<u8>,
}

impl PackedTask {
    pub(super) fn new(task: BatchTaskCreateOptions) -> Result<Self, ClientError> {
        let operation = CreateTaskCollection::SPEC.name;
        let json = serde_json::to_vec(&task).map_err(|source| ClientError::Encode { operation, source })?;
        Ok(Self { task, json })
    }
}

/// The tasks of one request.
pub(super) struct Batch {
    pub(super) tasks: Vec<PackedTask>,
    /// How often the service has failed on these tasks.
    pub(super) round: u32,
    /// Since when the service has been too busy for them.
    pub(super) throttled_since: Option<Timestamp>,
}

impl Batch {
    /// The body of the request: what [`BatchTaskGroup`](crate::batch::model::BatchTaskGroup) would be written as.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.body_length());
        body.extend_from_slice(OPENING);
        for (position, packed) in self.tasks.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&packed.json);
        }
        body.extend_from_slice(CLOSING);
        body
    }

    pub(super) fn body_length(&self) -> usize {
        let tasks: usize = self.tasks.iter().map(|packed| packed.json.len() + 1).sum();
        OPENING.len() + tasks.saturating_sub(1) + CLOSING.len()
    }

    /// Two batches of half the tasks each; or itself, if it can't be divided.
    pub(super) fn halves(mut self) -> Result<(Self, Self), Self> {
        if self.tasks.len() < 2 {
            return Err(self);
        }
        let tasks = self.tasks.split_off(self.tasks.len().div_ceil(2));
        let second = Self { tasks, round: self.round, throttled_since: self.throttled_since };
        Ok((self, second))
    }
}

/// Collects tasks until a request is full.
pub(super) struct Packer {
    max_tasks: usize,
    max_bytes: usize,
    tasks: Vec<PackedTask>,
    bytes: usize,
}

impl Packer {
    pub(super) fn new(max_tasks: usize, max_bytes: usize) -> Self {
        Self { max_tasks: max_tasks.max(1), max_bytes, tasks: Vec::new(), bytes: 0 }
    }

    /// Adds a task; returns the batch that it completes or no longer fits into.
    pub(super) fn push(&mut self, packed: PackedTask) -> Option<Batch> {
        let overhead = OPENING.len() + CLOSING.len();
        let fits = self.tasks.len() < self.max_tasks
            && self.bytes + packed.json.len() + 1 + overhead <= self.max_bytes;
        let full = if fits { None } else { self.finish() };
        self.bytes += packed.json.len() + 1;
        self.tasks.push(packed);
        // A batch that is full by count goes now: the next task may be long in coming.
        full.or_else(|| if self.tasks.len() >= self.max_tasks { self.finish() } else { None })
    }

    /// The batch that is not full yet, if there is one.
    pub(super) fn finish(&mut self) -> Option<Batch> {
        self.bytes = 0;
        let tasks = std::mem::take(&mut self.tasks);
        (!tasks.is_empty()).then_some(Batch { tasks, round: 0, throttled_since: None })
    }

    /// Learns that a body of `length` bytes is too large.
    pub(super) fn shrink_below(&mut self, length: usize) {
        self.max_bytes = self.max_bytes.min(length / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::BatchTaskGroup;

    fn task(id: usize, command_line: &str) -> BatchTaskCreateOptions {
        serde_json::from_value(serde_json::json!({ "id": format!("t-{id}"), "commandLine": command_line }))
            .unwrap()
    }

    fn pack(packer: &mut Packer, tasks: Vec<BatchTaskCreateOptions>) -> Vec<Batch> {
        let mut batches: Vec<Batch> =
            tasks.into_iter().filter_map(|task| packer.push(PackedTask::new(task).unwrap())).collect();
        batches.extend(packer.finish());
        batches
    }

    fn sizes(batches: &[Batch]) -> Vec<usize> {
        batches.iter().map(|batch| batch.tasks.len()).collect()
    }

    #[test]
    fn batches_are_limited_by_count() {
        let tasks = (0..250).map(|id| task(id, "x")).collect();
        assert_eq!(sizes(&pack(&mut Packer::new(100, 1_000_000), tasks)), [100, 100, 50]);
        let tasks = (0..3).map(|id| task(id, "x")).collect();
        assert_eq!(sizes(&pack(&mut Packer::new(1, 1_000_000), tasks)), [1, 1, 1]);
    }

    #[test]
    fn batches_are_limited_by_the_bytes_that_are_sent_and_a_giant_goes_alone() {
        let long = "x".repeat(900);
        let tasks = vec![task(1, &long), task(2, &long), task(3, &"x".repeat(5000)), task(4, &long)];
        let batches = pack(&mut Packer::new(100, 2000), tasks);
        assert_eq!(sizes(&batches), [2, 1, 1]);
        for batch in &batches {
            assert_eq!(batch.body().len(), batch.body_length());
            assert!(batch.body().len() <= 2000 || batch.tasks.len() == 1);
        }
    }

    #[test]
    fn the_body_is_that_of_the_contract() {
        let tasks: Vec<_> = (0..3).map(|id| task(id, "echo \"é\"")).collect();
        let group = serde_json::to_vec(&BatchTaskGroup { value: tasks.clone() }).unwrap();
        let batches = pack(&mut Packer::new(100, 10_000), tasks);
        assert_eq!(batches[0].body(), group);
    }

    #[test]
    fn a_batch_divides_down_to_one_task() {
        let mut batches = pack(&mut Packer::new(100, 10_000), (0..3).map(|id| task(id, "x")).collect());
        let (first, second) = batches.remove(0).halves().ok().unwrap();
        assert_eq!((first.tasks.len(), second.tasks.len()), (2, 1));
        assert!(second.halves().is_err());
    }
}
