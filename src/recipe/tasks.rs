//! Checks every task once, so that making tasks later cannot fail.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::codes;
use super::document;
use super::document::{Field, Input, entries};
use super::expand::{ResolvedJob, ResolvedRecipe, TaskTemplate, decode_task};
use super::input_files::InputFiles;
use super::rules::{self, JobScope};
use crate::diagnostic::{Collector, Diagnostic, Sources, quote};

/// Checks all tasks of all jobs. A template is left at its first task with errors: the others have the same ones.
pub(super) fn check(recipe: &ResolvedRecipe, sources: &Sources, findings: &mut Collector) {
    let Some(document) = recipe.document.get() else { return };
    let pools = entries(document.pools.as_ref()).iter().filter_map(|pool| pool.value.get());
    for start in pools.filter_map(|pool| pool.start_task.as_ref()?.get()) {
        check_inputs(start.inputs.as_ref(), &recipe.inputs, findings);
    }
    for scope in JobScope::all(document, &recipe.jobs) {
        let tasks = scope.tasks;
        // Hashes keep a million ids in a few megabytes; a hash seen twice is looked into.
        let mut seen = HashSet::new();
        for (position, template) in tasks.templates.iter().enumerate() {
            for index in 0..template.count() {
                let before = findings.error_count();
                let id = check_task(&scope, template, index, (sources, &recipe.inputs), findings);
                if let Some(id) = id
                    && !seen.insert(hash(&id))
                    && let Some(finding) = duplicate(&id, tasks, (position, index), sources)
                {
                    findings.push(finding);
                }
                if findings.error_count() > before {
                    break;
                }
            }
        }
    }
}

/// Checks one task; its id, if it has one.
fn check_task(
    scope: &JobScope<'_>,
    template: &TaskTemplate,
    index: u64,
    (sources, files): (&Sources, &InputFiles),
    findings: &mut Collector,
) -> Option<String> {
    let (id, mut found) = findings_of(scope, template, index, (sources, files));
    found.retain(|finding| !findings.has(finding));
    if found.is_empty() {
        return id;
    }
    // What is also wrong with the task farthest away is hardly about this one.
    let last = template.count().saturating_sub(1);
    let farthest = if index < last { Some(last) } else { (index > 0).then_some(0) };
    let elsewhere =
        farthest.map(|other| findings_of(scope, template, other, (sources, files)).1).unwrap_or_default();
    for finding in found {
        let is_shared = elsewhere.iter().any(|other| {
            (other.code, other.primary_span(), &other.message)
                == (finding.code, finding.primary_span(), &finding.message)
        });
        findings.push(if is_shared { finding } else { with_item(finding, template, index) });
    }
    id
}

/// The id of a task, if it has one, and what is wrong with the task.
fn findings_of(
    scope: &JobScope<'_>,
    template: &TaskTemplate,
    index: u64,
    (sources, files): (&Sources, &InputFiles),
) -> (Option<String>, Vec<Diagnostic>) {
    let instance = match template.instance(index, sources) {
        Ok(instance) => instance,
        Err(finding) => return (None, vec![*finding]),
    };
    let mut own = Collector::default();
    let task: Field<document::Task> = decode_task(instance.node, &mut own);
    let mut usable = false;
    if let Some(task) = task.get() {
        usable = task.id.as_ref().is_some_and(|id| id.get().is_some());
        rules::check_task(scope, task, &mut own);
        check_inputs(task.inputs.as_ref(), files, &mut own);
    }
    (usable.then_some(instance.id), own.into_findings())
}

/// Looks whether the local files of a task are there.
fn check_inputs(inputs: Option<&Field<Vec<Field<Input>>>>, files: &InputFiles, findings: &mut Collector) {
    for input in inputs.and_then(Field::get).into_iter().flatten() {
        let Some(field) = input.get().and_then(|input| input.path.as_ref()) else { continue };
        let Some(path) = field.get() else { continue };
        if let Err(error) = files.look(path, field.span().source) {
            findings.push(Diagnostic::new(&codes::INPUT_UNREADABLE, error.to_string()).at(field.span(), ""));
        }
    }
}

fn with_item(finding: Diagnostic, template: &TaskTemplate, index: u64) -> Diagnostic {
    match template.describe(index) {
        Some(item) => finding.note(format!("this is about the task for {item}")),
        None => finding,
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// Finds the earlier task that has the same id; none if only the hashes agree.
fn duplicate(
    id: &str,
    tasks: &ResolvedJob,
    (position, index): (usize, u64),
    sources: &Sources,
) -> Option<Diagnostic> {
    let later = tasks.templates.get(position)?;
    let mut earlier = tasks.templates.iter().take(position + 1).enumerate().flat_map(|(at, template)| {
        let end = if at == position { index } else { template.count() };
        (0..end).map(move |index| (template, index))
    });
    let (first, first_index) = earlier.find(|(template, index)| {
        template.id(*index, sources).is_ok_and(|other| other.eq_ignore_ascii_case(id))
    })?;
    let finding = Diagnostic::new(&rules::DUPLICATE_ID.code, format!("two tasks have the id {}", quote(id)));
    let which = |template: &TaskTemplate, index| {
        template.describe(index).unwrap_or_else(|| format!("`{}`", template.name))
    };
    let note = format!("it belongs to {} and to {}", which(first, first_index), which(later, index));
    if first.name == later.name {
        return Some(
            finding.at(later.id_span(), "").note(note).help("let `id` mention every key of `for_each`"),
        );
    }
    Some(
        finding
            .at(later.id_span(), "again here")
            .at(first.id_span(), "first here")
            .note(note)
            .note("ids are compared without regard to case"),
    )
}
