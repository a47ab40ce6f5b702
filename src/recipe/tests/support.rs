//! Loads recipes that stand in a test.

use crate::diagnostic::{Diagnostic, Report, Severity};
use crate::recipe::{LoadRequest, Loaded, load};
use crate::resource::TaskSpec;
use crate::view;

/// Loads a text with parameters from the command line.
pub(super) fn load_with(text: &str, set: &[(&str, &str)]) -> Result<Loaded, Report> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    std::fs::write(&path, text).unwrap();
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&LoadRequest { path, set, ..LoadRequest::default() })
}

/// Loads a text that must be a recipe.
pub(super) fn loaded(text: &str) -> Loaded {
    load_with(text, &[]).unwrap_or_else(|report| panic!("{}", view::diagnostics::human(&report, false)))
}

/// What loading a text finds, warnings included, in the order of the text: `code: the text that is marked`.
pub(super) fn findings(text: &str) -> Vec<String> {
    match load_with(text, &[]) {
        Ok(loaded) => summary(&loaded.warnings),
        Err(report) => summary(&report),
    }
}

/// Findings as `code: the text that is marked`; of several lines the first.
pub(super) fn summary(report: &Report) -> Vec<String> {
    let one = |diagnostic: &Diagnostic| {
        let marked =
            diagnostic.primary_span().and_then(|span| report.sources.slice(span)).unwrap_or_default();
        let severity = match diagnostic.severity() {
            Severity::Error => "",
            Severity::Warning => "warning ",
            Severity::Note => "note ",
        };
        format!("{severity}{}: {}", diagnostic.code, marked.lines().next().unwrap_or_default())
    };
    report.diagnostics.iter().map(one).collect()
}

/// Where loading a text finds something: `line:column code`.
pub(super) fn places(text: &str) -> Vec<String> {
    let report = load_with(text, &[]).unwrap_err();
    let one = |diagnostic: &Diagnostic| {
        let place = diagnostic.primary_span().and_then(|span| report.sources.start(span)).unwrap();
        format!("{}:{} {}", place.line, place.column, diagnostic.code)
    };
    report.diagnostics.iter().map(one).collect()
}

/// A finding, by what a test compares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What loading a text finds.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// As people see it.
    pub(super) shown: String,
}

/// Everything that loading a text finds, with its places.
pub(super) fn found(text: &str) -> Found {
    let report = match load_with(text, &[]) {
        Ok(loaded) => loaded.warnings,
        Err(report) => report,
    };
    let one = |diagnostic: &Diagnostic| {
        let span = diagnostic.primary_span().unwrap_or_default();
        Finding { code: diagnostic.code.name, start: span.start as usize, end: span.end as usize }
    };
    Found {
        findings: report.diagnostics.iter().map(one).collect(),
        shown: view::diagnostics::human(&report, false),
    }
}

/// A part of a recipe made into a whole one. Lines and columns stay what they are.
pub(super) fn complete(part: &str) -> String {
    match part.contains("api_version:") {
        true => part.to_owned(),
        false => format!("{part}api_version: batchyard/v1\nname: example\n"),
    }
}

/// Findings as people see them, without the folder of the test.
pub(super) fn shown(text: &str) -> String {
    let report = match load_with(text, &[]) {
        Ok(loaded) => loaded.warnings,
        Err(report) => report,
    };
    let text = view::diagnostics::human(&report, false);
    let lines = text.lines().map(|line| match line.split_once("--> ") {
        Some((before, path)) => format!("{before}--> {}", path.rsplit('/').next().unwrap_or_default()),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A recipe with one pool `p` that runs containers, one job `j`, and these tasks.
pub(super) fn with_tasks(tasks: &str) -> String {
    let indented: String = tasks.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "api_version: batchyard/v1\nname: test\nparameters:\n  n: {{ type: integer, default: 3 }}\n\
         pools:\n  p: {{ vm_size: S, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}\n\
         jobs:\n  j:\n    pool: p\n    tasks:\n{indented}"
    )
}

/// All tasks of the job `j`.
pub(super) fn tasks(loaded: &Loaded) -> Vec<TaskSpec> {
    loaded.desired.jobs["j"].tasks.iter().collect::<Result<_, _>>().unwrap()
}
