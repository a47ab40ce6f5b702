//! The codes that the language itself raises. Codes of rules live in the rules' own files.

use crate::diagnostic::{Code, Example, Severity};

/// The file cannot be read, or is not text.
pub static UNREADABLE: Code = Code {
    name: "unreadable",
    severity: Severity::Error,
    summary: "a file cannot be read",
    explanation: "The recipe or a parameter file does not exist, may not be read, or is not UTF-8 text.",
    examples: &[],
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
/// The text is not YAML, or uses a part of YAML that recipes do not.
pub static SYNTAX: Code = Code {
    name: "syntax",
    severity: Severity::Error,
    summary: "the text is not a YAML document that a recipe can be",
    explanation: "A recipe is one YAML 1.2 document: spaces for indentation, no tags of one's own, no merge keys. \
                  Values that hold `: `, ` #`, `{` or `[` need quotes; so do expressions inside `[…]` and `{…}`.",
    examples: &[Example {
        bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
   ⟦i⟧mage: ubuntu-22.04-container
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
/// A limit on size, depth or aliases is passed.
pub static TOO_LARGE: Code = Code {
    name: "too-large",
    severity: Severity::Error,
    summary: "the text passes a limit on size, depth or aliases",
    explanation: "Limits protect against texts that are made to exhaust memory. A recipe that needs many similar tasks \
                  uses `for_each`, which costs nothing until the tasks are submitted.",
    examples: &[],
};
/// A text that cannot be laid out anew.
pub static UNFORMATTABLE: Code = Code {
    name: "unformattable",
    severity: Severity::Error,
    summary: "a text that cannot be laid out in another way",
    explanation: "`fmt` changes nothing but the layout. It leaves a text alone that uses a part of YAML which recipes have no use \
                  for, such as keys of several lines, and one that would not mean exactly the same afterwards.",
    examples: &[],
};
/// A key appears twice in one map.
pub static DUPLICATE_KEY: Code = Code {
    name: "duplicate-key",
    severity: Severity::Error,
    summary: "a key appears twice in one map",
    explanation: "Only one of the two values could take effect, and readers would disagree on which. Remove one.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train
        ⟦command⟧: train --fast
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch:
        command: train --fast
",
    }],
};
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
/// An expression that cannot be evaluated.
pub static BAD_EXPRESSION: Code = Code {
    name: "bad-expression",
    severity: Severity::Error,
    summary: "an expression cannot be read or evaluated",
    explanation: "Expressions stand between `${{` and `}}` inside strings. They know `params`, `recipe.name`, and inside \
                  tasks `item` (with `for_each`) and `task`. For a literal `${{` write `${{ '${{' }}`.",
    examples: &[Example {
        bad: "\
parameters: { rates: { type: array, default: [1, 2] } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: \"train ${{ params.rates | ⟦total⟧ }}\" }
",
        good: "\
parameters: { rates: { type: array, default: [1, 2] } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: \"train ${{ params.rates | sum }}\" }
",
    }],
};
/// An expression uses a name that does not exist.
pub static UNDEFINED_NAME: Code = Code {
    name: "undefined-name",
    severity: Severity::Error,
    summary: "an expression uses a name that is not defined at this place",
    explanation: "Parameters must be declared under `parameters`; `item.<key>` exists in tasks whose `for_each` has that \
                  key. An undefined name is never taken as empty.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { seed: [1, 2] }, command: \"train ${{ ⟦item.sede⟧ }}\" }
",
        good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { for_each: { seed: [1, 2] }, command: \"train ${{ item.seed }}\" }
",
    }],
};
/// The declaration of a parameter contradicts itself.
pub static BAD_PARAMETER: Code = Code {
    name: "bad-parameter",
    severity: Severity::Error,
    summary: "a parameter's value or declaration breaks the parameter's own constraints",
    explanation: "A parameter's value must have the declared type and satisfy `minimum`, `maximum`, `pattern` and \
                  `one_of`, wherever the value comes from: `-p`, a parameter file, the environment or the default.",
    examples: &[Example {
        bad: "\
parameters: { nodes: { type: integer, maximum: 8, default: ⟦16⟧ } }
",
        good: "\
parameters: { nodes: { type: integer, maximum: 8, default: 4 } }
",
    }],
};
/// A value for a parameter that the recipe does not declare.
pub static UNKNOWN_PARAMETER: Code = Code {
    name: "unknown-parameter",
    severity: Severity::Error,
    summary: "a value is given for a parameter that the recipe does not declare",
    explanation: "The value would be without effect. Declare the parameter or correct the name.",
    examples: &[],
};
/// A parameter without a value.
pub static MISSING_PARAMETER: Code = Code {
    name: "missing-parameter",
    severity: Severity::Error,
    summary: "a parameter has no default and was given no value",
    explanation: "Give it with `-p name=value`, in a file with `--params`, or as BATCHYARD_PARAM_<name> in the environment.",
    examples: &[],
};
/// A secret's value in the recipe.
pub static PLAINTEXT_SECRET: Code = Code {
    name: "plaintext-secret",
    severity: Severity::Error,
    summary: "a secret's value is written into the recipe",
    explanation: "Recipes are shared, committed and copied, so they hold references to secrets, never their values: \
                  `{ env: NAME }`, `{ file: PATH }` or `{ key_vault: URL }`. A value that has been written down should be \
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

/// A comment for this program that is not understood.
pub static INVALID_ALLOW: Code = Code {
    name: "invalid-allow",
    severity: Severity::Warning,
    summary: "a comment that should silence a finding does not",
    explanation: "`# batchyard: allow CODE reason` silences one warning or note, at the end of the line that the finding \
                  points at or on a line of its own above. The reason is for the next reader and cannot be left out. \
                  Errors cannot be allowed: what they name would be refused by the service or could never run.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, slots: 2 } ⟦# batchyard: allow too-many-slots it worked yesterday⟧
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
/// A comment that silences a finding that is not there.
pub static UNUSED_ALLOW: Code = Code {
    name: "unused-allow",
    severity: Severity::Note,
    summary: "a comment silences a finding that is not there",
    explanation: "The finding was corrected, or is on another line. A comment that is left behind would silence the next \
                  mistake of its kind.",
    examples: &[Example {
        bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { container: { image: team/train:1.4 } } ⟦# batchyard: allow image-not-prefetched it is small⟧
",
        good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefetch: [ubuntu:24.04] }
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { container: { image: team/train:1.4 } } # batchyard: allow image-not-prefetched it is small
",
    }],
};
/// A recipe that cannot be extended.
pub static BAD_EXTENDS: Code = Code {
    name: "bad-extends",
    severity: Severity::Error,
    summary: "a recipe cannot be extended",
    explanation: "`extends` names one other recipe: a file or folder by its path from this file, or `library:NAME` for a \
                  recipe of the library. Recipes must not extend each other in a circle, and a chain of them has a limit.",
    examples: &[Example {
        bad: "\
extends: ⟦library:helo⟧
",
        good: "\
extends: library:hello
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
/// A recipe that every pass let through and the last one could not read.
pub static NOT_UNDERSTOOD: Code = Code {
    name: "not-understood",
    severity: Severity::Error,
    summary: "a recipe without mistakes that could not be understood all the same",
    explanation: "One of the earlier checks should have said what is wrong. That none did is a mistake of Batchyard.",
    examples: &[],
};

/// All codes of the language.
pub(super) static ALL: &[&Code] = &[
    &UNREADABLE,
    &UNLISTED,
    &SYNTAX,
    &TOO_LARGE,
    &UNFORMATTABLE,
    &DUPLICATE_KEY,
    &UNKNOWN_KEY,
    &MISSING_KEY,
    &WRONG_TYPE,
    &INVALID_VALUE,
    &BAD_EXPRESSION,
    &UNDEFINED_NAME,
    &BAD_PARAMETER,
    &UNKNOWN_PARAMETER,
    &MISSING_PARAMETER,
    &PLAINTEXT_SECRET,
    &EMPTY_FACTORY,
    &TOO_MANY_TASKS,
    &INVALID_ALLOW,
    &UNUSED_ALLOW,
    &UNEQUAL_COUNTS,
    &BAD_EXTENDS,
    &REMOVED_PROPERTY,
    &NOT_UNDERSTOOD,
];
