//! Tasks that are made from others.

use crate::diagnostic::{Code, Example, Severity};

/// A `for_each` without values.
pub static EMPTY_FACTORY: Code = Code {
    name: "empty-factory",
    severity: Severity::Warning,
    summary: "`for_each` has no values and makes no tasks",
    explanation: "A list may be empty, a range may end before it begins, a pattern may match no file: then the task is not there \
                  at all, and whatever waits for it does not wait. Where that is meant, allow it.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { range: ⟦[5, 1]⟧ }, command: train }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { range: [5, 1, -1] }, command: train }
",
    }],
};
/// The blobs of a container cannot be listed.
pub static UNLISTED: Code = Code {
    name: "unlisted",
    severity: Severity::Error,
    summary: "the blobs of a container cannot be listed",
    explanation: "`for_each: { blobs: … }` makes one task for each blob, so every command that reads the recipe asks the \
                  container what it holds. The note says what went wrong, and the help what to try. What it takes to read a \
                  container that is not public comes from the environment, as for `az storage`: \
                  AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN.",
    examples: &[],
};
/// A product of `for_each` beyond all measure.
pub static TOO_MANY_TASKS: Code = Code {
    name: "too-many-tasks",
    severity: Severity::Error,
    summary: "`for_each` makes more tasks than a job can hold",
    explanation: "The number of tasks is the product of the sizes of all keys of `for_each`.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { range: ⟦[1, 100000000]⟧ }, command: train }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { range: [1, 100] }, command: train }
",
    }],
};
/// Tasks that cannot depend on each other one by one.
pub static UNEQUAL_COUNTS: Code = Code {
    name: "unequal-counts",
    severity: Severity::Error,
    summary: "tasks that depend on each other one by one are not equally many",
    explanation: "`depends_on: [name.each]` pairs the first task with the first task of `name`, the second with the second, \
                  and so on, so both must expand to the same number of tasks. `name` alone stands for all of them.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { for_each: [a, b, c], command: prepare }
      epoch: { for_each: [a, b], command: train, depends_on: [⟦prepare.each⟧] }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { for_each: [a, b, c], command: prepare }
      epoch: { for_each: [a, b, c], command: train, depends_on: [prepare.each] }
",
    }],
};
