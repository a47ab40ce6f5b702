//! A recipe with values in place of parameters and expressions, to be looked at.

use std::path::PathBuf;

use super::expand::{Reach, ResolvedJob, ResolvedRecipe, TaskTemplate};
use super::node::{Entry, Node, NodeKind};
use super::schema::{Shape, conform};
use crate::diagnostic::{Collector, Diagnostic, Report, Sources};

/// A recipe without errors, all of whose parameters and expressions have values.
#[derive(Debug)]
pub struct Resolved {
    pub(super) recipe: ResolvedRecipe,
    /// The recipe's file.
    pub(super) path: PathBuf,
    /// Warnings, and the texts that they and the values point into.
    pub warnings: Report,
}

impl Resolved {
    /// The recipe; its jobs have no tasks.
    pub fn tree(&self) -> &Node {
        &self.recipe.tree
    }

    /// The recipe's file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The tasks of a job, one by one, by their ids. Each of them waits for ids.
    pub fn tasks(&self, job: &str) -> impl Iterator<Item = Result<Entry, Box<Diagnostic>>> {
        let jobs = self.recipe.jobs.iter().filter(move |resolved| resolved.key == job);
        let templates = jobs.flat_map(|job| job.templates.iter().map(move |template| (job, template)));
        templates.flat_map(move |(job, template)| {
            (0..template.count()).map(move |index| task(job, template, index, &self.warnings.sources))
        })
    }
}

/// A task as an entry of the map of tasks: its id is its key.
fn task(
    job: &ResolvedJob,
    template: &TaskTemplate,
    index: u64,
    sources: &Sources,
) -> Result<Entry, Box<Diagnostic>> {
    let instance = template.instance(index, sources)?;
    let mut value = instance.node;
    if let NodeKind::Mapping(entries) = &mut value.kind {
        entries.retain(|entry| entry.key != "id");
        entries.extend(depends_on(job, template, index, sources)?);
    }
    // Without findings: every task has been checked.
    conform(&mut value, Shape::Task, &mut Collector::default());
    Ok(Entry { key: instance.id, key_span: template.name_span, value })
}

/// What a task waits for, by ids instead of names.
fn depends_on(
    job: &ResolvedJob,
    template: &TaskTemplate,
    index: u64,
    sources: &Sources,
) -> Result<Option<Entry>, Box<Diagnostic>> {
    let Some(first) = template.depends_on.first() else { return Ok(None) };
    let mut ids = Vec::new();
    for dependency in &template.depends_on {
        let Some(target) = job.templates.iter().find(|target| target.name == dependency.task) else {
            continue;
        };
        let range = match dependency.reach {
            Reach::All => 0..target.count(),
            Reach::Each => index..index + 1,
        };
        for index in range {
            ids.push(Node::computed_text(dependency.span, target.id(index, sources)?));
        }
    }
    let value = Node { span: first.span, kind: NodeKind::Sequence(ids), computed: true };
    Ok(Some(Entry { key: "depends_on".to_owned(), key_span: first.span, value }))
}
