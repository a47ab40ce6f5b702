//! What the schema asks for, and what recipes are put together from.

use crate::diagnostic::{Code, Example, Severity};

/// A key that the language does not have.
pub static UNKNOWN_KEY: Code = Code {
    name: "unknown-key",
    severity: Severity::Error,
    summary: "a key that the recipe language does not have at this place",
    explanation: "Unknown keys are refused because a misspelt key would otherwise be silently without effect.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, ⟦enviroment⟧: { LEVEL: debug } }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, environment: { LEVEL: debug } }
",
    }],
};
/// A required key is not there.
pub static MISSING_KEY: Code = Code {
    name: "missing-key",
    severity: Severity::Error,
    summary: "a required key is missing",
    explanation: "The value has no sensible default, so the recipe must say it.",
    examples: &[Example {
        bad: "\
jobs:
  ⟦train⟧:
    tasks:
      epoch: { command: train }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train }
",
    }],
};
/// A value of another type than the one asked for.
pub static WRONG_TYPE: Code = Code {
    name: "wrong-type",
    severity: Severity::Error,
    summary: "a value has another type than the one asked for",
    explanation: "YAML decides a value's type by how it is written: `4` is an integer, `\"4\"` a string. \
                  A value that is exactly one expression keeps the type of the expression's result.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, slots: ⟦\"2\"⟧ }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, slots: 2 }
",
    }],
};
/// A value of the right type that is not allowed.
pub static INVALID_VALUE: Code = Code {
    name: "invalid-value",
    severity: Severity::Error,
    summary: "a value has the right type but is not allowed here",
    explanation: "The value is out of range, not one of the possible words, or not written in the form asked for.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, max_wall_time: ⟦\"90\"⟧ }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, max_wall_time: 90m }
",
    }],
};
/// A property of another version of the REST API.
pub static REMOVED_PROPERTY: Code = Code {
    name: "removed-property",
    severity: Severity::Error,
    summary: "a property that only another version of the REST API has",
    explanation: "Azure Batch has taken the property out of its API, or it can be set in Azure Resource Manager only. \
                  Recipes speak api-version 2025-06-01; the message says what to write instead.",
    examples: &[Example {
        bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    nodes: { dedicated: 1 }
    ⟦certificateReferences⟧: []
",
        good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    nodes: { dedicated: 1 }
",
    }],
};
/// A secret's value in the recipe.
pub static PLAINTEXT_SECRET: Code = Code {
    name: "plaintext-secret",
    severity: Severity::Error,
    summary: "a secret's value is written into the recipe",
    explanation: "Recipes are shared, committed and copied, so they hold references to secrets, never their values: \
                  `{ env: NAME }` or `{ file: PATH }`. A value that has been written down should be \
                  considered known and be replaced.",
    examples: &[Example {
        bad: "\
registries:
  own: { server: example.azurecr.io, username: me, password: ⟦hunter2⟧ }
",
        good: "\
registries:
  own: { server: example.azurecr.io, username: me, password: { env: REGISTRY_PASSWORD } }
",
    }],
};
/// A recipe that cannot be extended.
pub static BAD_EXTENDS: Code = Code {
    name: "bad-extends",
    severity: Severity::Error,
    summary: "a recipe cannot be extended",
    explanation: "`extends` names one other recipe: a file or folder by its path from this file, or `library:NAME` for a \
                  recipe of the library, `library:NAME@1` for a version of it. Recipes must not extend each other in a circle, and a chain of them has a limit.",
    examples: &[Example {
        bad: "\
extends: ⟦library:helo⟧
",
        good: "\
extends: library:hello
",
    }],
};
/// A recipe that every pass let through and the last one could not read.
pub static NOT_UNDERSTOOD: Code = Code {
    name: "not-understood",
    severity: Severity::Error,
    summary: "a recipe without mistakes that could not be understood all the same",
    explanation: "One of the earlier checks should have said what is wrong. That none did is a mistake of Batchyard.",
    examples: &[],
};
