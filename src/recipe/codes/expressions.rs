//! Expressions, and the parameters that they use.

use crate::diagnostic::{Code, Example, Severity};

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
