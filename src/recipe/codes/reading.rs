//! What is wrong with a text, before anything is read from it; and comments that silence findings.

use crate::diagnostic::{Code, Example, Severity};

/// The file cannot be read, or is not text.
pub static UNREADABLE: Code = Code {
    name: "unreadable",
    severity: Severity::Error,
    summary: "a file cannot be read",
    explanation: "The recipe or a parameter file does not exist, may not be read, or is not UTF-8 text.",
    examples: &[],
};
/// A local file that a task is to get cannot be had.
pub static INPUT_UNREADABLE: Code = Code {
    name: "input-unreadable",
    severity: Severity::Error,
    summary: "a local file of `inputs` cannot be read",
    explanation: "`path` is a file, or a folder with files in it, below the folder of the file in which it stands: neither absolute \
                  nor with `..`, and no link leads out. Files that begin with a dot are left out of folders, and an input stands \
                  for 1,000 files at most; pack more of them into an archive.",
    examples: &[Example {
        bad: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [{ path: ⟦missing.csv⟧ }] }
",
        good: "\
storage: { container_url: { env: FILES_URL } }
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, inputs: [{ path: recipe.yaml }] }
",
    }],
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
