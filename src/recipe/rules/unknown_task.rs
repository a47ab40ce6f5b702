//! Tasks depend on tasks of their job.

use std::collections::BTreeSet;

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Diagnostic, Example, Severity, Span, quote};
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unknown-task",
        severity: Severity::Error,
        summary: "`depends_on` names a task that the job does not have",
        explanation: "Dependencies stay inside a job and name tasks as the recipe does. A name stands for every task \
                      that it expands to.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { command: prepare }
      epoch: { command: train, depends_on: [⟦prepair⟧] }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { command: prepare }
      epoch: { command: train, depends_on: [prepare] }
",
        }],
    },
    checks: &[Check::Job(check)],
};

fn check(job: &JobScope<'_>, findings: &mut Collector) {
    let names: BTreeSet<&str> = job.tasks.templates.iter().map(|template| template.name.as_str()).collect();
    for template in &job.tasks.templates {
        for dependency in &template.depends_on {
            if !names.contains(dependency.task.as_str()) {
                findings.push(unknown(&dependency.task, dependency.span, &names));
            }
        }
    }
}

fn unknown(name: &str, span: Span, names: &BTreeSet<&str>) -> Diagnostic {
    let finding = RULE.finding(format!("the job has no task {}", quote(name))).at(span, "");
    match suggest::nearest(name, names.iter().copied()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => {
            finding.help(format!("it has {}", suggest::list(names.iter().map(|name| (*name).to_owned()))))
        }
    }
}
