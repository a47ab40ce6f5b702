//! What only the node's own parser can tell of a recipe, asked before anything is submitted.

use std::collections::HashMap;

use crate::batch::run_options::{InvalidRunOptions, RunOptions};
use crate::diagnostic::{Code, Diagnostic, Report, Severity, Sources, Span};
use crate::recipe::{LoadRequest, Loaded, load};
use crate::resource::{
    DesiredJob, DesiredState, FieldSources, SourceLocation, TaskContainerSpec, TaskStreamError,
};

static RUN_OPTIONS: Code = Code {
    name: "run-options",
    severity: Severity::Error,
    summary: "run options that no node takes",
    explanation: "`run_options` are those of `docker create`, without what Azure Batch sets itself. A node refuses the task when it \
                  meets others, long after the pool has been paid for.",
    examples: &[],
};

/// The codes that are raised here.
pub(super) static CODES: &[&Code] = &[&RUN_OPTIONS];

/// Run options that no node will take.
struct Refused {
    /// Whose they are: `jobs.train.tasks.epoch`.
    owner: String,
    run_options: String,
    reason: InvalidRunOptions,
    source: Option<SourceLocation>,
}

/// Loads a recipe and checks what only a node can tell of it.
///
/// # Errors
/// Everything that is wrong with it, warnings included.
pub fn check(request: &LoadRequest) -> Result<Loaded, Report> {
    let loaded = load(request)?;
    let findings: Vec<Diagnostic> = match refused(&loaded.desired) {
        Ok(refused) => refused.iter().map(|refused| refused.finding(&loaded.warnings.sources)).collect(),
        Err(error) => vec![Diagnostic::new(&RUN_OPTIONS, error.to_string())],
    };
    if findings.is_empty() {
        return Ok(loaded);
    }
    let mut report = loaded.warnings;
    report.diagnostics.extend(findings);
    report.diagnostics.sort_by_key(Diagnostic::primary_span);
    Err(report)
}

impl Refused {
    fn finding(&self, sources: &Sources) -> Diagnostic {
        let mut why = self.reason.to_string();
        let mut cause = std::error::Error::source(&self.reason);
        while let Some(inner) = cause {
            why.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        let message = format!("{}: run_options `{}`: {why}", self.owner, self.run_options);
        let finding = Diagnostic::new(&RUN_OPTIONS, message);
        match self.source.as_ref().and_then(|source| span(source, sources)) {
            Some(span) => finding.at(span, ""),
            None => finding,
        }
    }
}

/// The place of a key, back from the words of an editor.
fn span(location: &SourceLocation, sources: &Sources) -> Option<Span> {
    let (id, source) = sources.find(&location.file)?;
    let line = source.line_range((location.line as usize).checked_sub(1)?);
    let text = source.text().get(line.clone())?;
    let start =
        text.char_indices().nth((location.column as usize).checked_sub(1)?).map_or(text.len(), |(at, _)| at);
    let length = text.get(start..)?.find([':', ' ']).unwrap_or(text.len() - start);
    Some(Span::new(id, line.start + start, line.start + start + length))
}

/// Parses the run options of every task and start task with the parser that nodes use. Options that only the embedded nodes don't
/// have are left to them: Azure's nodes may well take them.
fn refused(desired: &DesiredState) -> Result<Vec<Refused>, TaskStreamError> {
    let mut refused = Vec::new();
    for (key, pool) in &desired.pools {
        let container = pool.spec.start_task.as_ref().and_then(|task| task.container.as_ref());
        if let Some((run_options, reason)) = container.and_then(refusal) {
            let source = place(&pool.sources, "start_task");
            refused.push(Refused { owner: format!("pools.{key}.start_task"), run_options, reason, source });
        }
    }
    for (key, job) in &desired.jobs {
        refused.extend(refused_in_job(key, job)?);
    }
    Ok(refused)
}

fn refused_in_job(key: &str, job: &DesiredJob) -> Result<Vec<Refused>, TaskStreamError> {
    // A million tasks share a handful of options: each is parsed once, and told once for each name in the recipe.
    let mut seen: HashMap<(String, String), Option<InvalidRunOptions>> = HashMap::new();
    for task in job.tasks.iter() {
        let task = task?;
        let Some(container) = task.container.filter(|container| !container.run_options.is_empty()) else {
            continue;
        };
        let reason = || refusal(&container).map(|(_, reason)| reason);
        seen.entry((task.name, container.run_options.clone())).or_insert_with(reason);
    }
    let mut refused: Vec<_> = seen
        .into_iter()
        .filter_map(|((name, run_options), reason)| {
            let path = format!("tasks.{name}");
            let owner = format!("jobs.{key}.{path}");
            let source = place(&job.sources, &path);
            Some(Refused { owner, run_options, reason: reason?, source })
        })
        .collect();
    refused.sort_by(|a, b| (&a.owner, &a.run_options).cmp(&(&b.owner, &b.run_options)));
    Ok(refused)
}

fn refusal(container: &TaskContainerSpec) -> Option<(String, InvalidRunOptions)> {
    let reason = RunOptions::parse(&container.run_options).err().filter(|reason| !reason.only_here())?;
    Some((container.run_options.clone(), reason))
}

/// The place of the options, or of the nearest thing around them that the recipe's fields name.
fn place(sources: &FieldSources, owner: &str) -> Option<SourceLocation> {
    let mut path = format!("{owner}.container.run_options");
    loop {
        if let Some(source) = sources.get(&path) {
            return Some(source.clone());
        }
        let outer = path.rfind('.').unwrap_or(0);
        if path.is_empty() {
            return None;
        }
        path.truncate(outer);
    }
}
