//! Tasks never wait for each other in a circle.

use std::collections::BTreeMap;

use super::rule::{Check, Rule};
use super::scope::JobScope;
use crate::diagnostic::{Code, Collector, Diagnostic, Example, Severity, Span, quote};
use crate::recipe::expand::TaskTemplate;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "dependency-cycle",
        severity: Severity::Error,
        summary: "tasks wait for each other",
        explanation: "None of the tasks in the circle could ever start.",
        examples: &[
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { command: prepare, depends_on: [report] }
      epoch: { command: train, depends_on: [⟦prepare⟧] }
      report: { command: report, depends_on: [epoch] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      prepare: { command: prepare }
      epoch: { command: train, depends_on: [prepare] }
      report: { command: report, depends_on: [epoch] }
",
            },
            Example {
                bad: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train, depends_on: [⟦epoch⟧] }
",
                good: "\
jobs:
  train:
    pool: { id: shared }
    tasks:
      epoch: { command: train }
",
            },
        ],
    },
    checks: &[Check::Job(check)],
};

fn check(job: &JobScope<'_>, findings: &mut Collector) {
    let templates: BTreeMap<&str, &TaskTemplate> =
        job.tasks.templates.iter().map(|template| (template.name.as_str(), template.as_ref())).collect();
    for template in &job.tasks.templates {
        for dependency in template.depends_on.iter().filter(|dependency| dependency.task == template.name) {
            let finding = RULE.finding(format!("the task {} depends on itself", quote(&template.name)));
            findings.push(finding.at(dependency.span, "it would wait for its own end"));
        }
    }
    let mut search = Search { templates: &templates, visited: BTreeMap::new() };
    for name in templates.keys() {
        search.visit(name, findings);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    /// On the way that is being followed.
    Open,
    /// Everything behind it has been seen.
    Done,
}

/// A task on the way, and how many of its dependencies have been followed.
struct Step<'a> {
    name: &'a str,
    followed: usize,
}

struct Search<'a> {
    templates: &'a BTreeMap<&'a str, &'a TaskTemplate>,
    visited: BTreeMap<&'a str, Visit>,
}

impl<'a> Search<'a> {
    /// Follows dependencies depth first, without recursion: a chain may be as long as a recipe.
    fn visit(&mut self, root: &'a str, findings: &mut Collector) {
        if self.visited.contains_key(root) {
            return;
        }
        self.visited.insert(root, Visit::Open);
        let mut way = vec![Step { name: root, followed: 0 }];
        while let Some(step) = way.last_mut() {
            let name = step.name;
            let Some((target, _)) = self.dependency(name, step.followed) else {
                self.visited.insert(name, Visit::Done);
                way.pop();
                continue;
            };
            step.followed += 1;
            match self.visited.get(target) {
                Some(Visit::Open) if target != name => findings.push(self.cycle(&way, target)),
                None if self.templates.contains_key(target) => {
                    self.visited.insert(target, Visit::Open);
                    way.push(Step { name: target, followed: 0 });
                }
                _ => {}
            }
        }
    }

    fn dependency(&self, name: &str, position: usize) -> Option<(&'a str, Span)> {
        let dependency = self.templates.get(name)?.depends_on.get(position)?;
        Some((&dependency.task, dependency.span))
    }

    fn cycle(&self, way: &[Step<'a>], target: &str) -> Diagnostic {
        let start = way.iter().position(|step| step.name == target).unwrap_or(0);
        let members = way.get(start..).unwrap_or_default();
        let names: Vec<&str> = members.iter().map(|step| step.name).chain([target]).collect();
        let mut finding = RULE.finding(format!("tasks wait for each other: {}", names.join(" → ")));
        for step in members {
            if let Some((next, span)) = self.dependency(step.name, step.followed.saturating_sub(1)) {
                finding = finding.at(span, format!("`{}` waits for `{next}`", step.name));
            }
        }
        finding
    }
}
