//! Tasks depend on tasks of their job, and never in a circle.

use std::collections::BTreeMap;

use super::rule::{JobScope, Rule};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity, Span, quote};
use crate::recipe::expand::TaskTemplate;
use crate::recipe::suggest;

const UNKNOWN: Code = Code {
    name: "unknown-task",
    severity: Severity::Error,
    summary: "`depends_on` names a task that the job does not have",
    explanation: "Dependencies stay inside a job and name tasks as the recipe does. A name stands for every task that it \
                  expands to.",
    examples: &[],
};
const CYCLE: Code = Code {
    name: "dependency-cycle",
    severity: Severity::Error,
    summary: "tasks wait for each other",
    explanation: "None of the tasks in the circle could ever start.",
    examples: &[],
};

pub(super) struct Dependencies;

impl Rule for Dependencies {
    fn codes(&self) -> &'static [&'static Code] {
        &[&UNKNOWN, &CYCLE]
    }

    fn check_job(&self, job: &JobScope<'_>, findings: &mut Collector) {
        let templates: BTreeMap<&str, &TaskTemplate> =
            job.tasks.templates.iter().map(|template| (template.name.as_str(), template.as_ref())).collect();
        for template in &job.tasks.templates {
            for (name, span) in &template.depends_on {
                if *name == template.name {
                    let finding =
                        Diagnostic::new(&CYCLE, format!("the task {} depends on itself", quote(name)));
                    findings.push(finding.at(*span, "it would wait for its own end"));
                } else if !templates.contains_key(name.as_str()) {
                    findings.push(unknown(name, *span, &templates));
                }
            }
        }
        let mut search = Search { templates: &templates, visited: BTreeMap::new() };
        for name in templates.keys() {
            search.visit(name, findings);
        }
    }
}

fn unknown(name: &str, span: Span, templates: &BTreeMap<&str, &TaskTemplate>) -> Diagnostic {
    let finding = Diagnostic::new(&UNKNOWN, format!("the job has no task {}", quote(name))).at(span, "");
    match suggest::nearest(name, templates.keys().copied()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => {
            finding.help(format!("it has {}", suggest::list(templates.keys().map(|name| (*name).to_owned()))))
        }
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
        let (target, span) = self.templates.get(name)?.depends_on.get(position)?;
        Some((target, *span))
    }

    fn cycle(&self, way: &[Step<'a>], target: &str) -> Diagnostic {
        let start = way.iter().position(|step| step.name == target).unwrap_or(0);
        let members = way.get(start..).unwrap_or_default();
        let names: Vec<&str> = members.iter().map(|step| step.name).chain([target]).collect();
        let mut finding =
            Diagnostic::new(&CYCLE, format!("tasks wait for each other: {}", names.join(" → ")));
        for step in members {
            if let Some((next, span)) = self.dependency(step.name, step.followed.saturating_sub(1)) {
                finding = finding.at(span, format!("`{}` waits for `{next}`", step.name));
            }
        }
        finding
    }
}
