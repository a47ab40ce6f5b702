//! Strings the passes together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::document::{Entries, Field, Parameter};
use super::expand::{ResolvedRecipe, resolve};
use super::files::{Folder, Folders};
use super::listing::{BlobLister, Listings};
use super::node::{Entry, Node, NodeKind, Segment};
use super::parameters::{Given, Parameters, bind};
use super::resolved::Resolved;
use super::schema::{Shape, conform};
use super::source::{self, RecipeSource};
use super::{allow, codes, decode, document, lower, parse, rules, secrets, tasks};
use crate::diagnostic::{Collector, Diagnostic, Report, Sources};
use crate::resource::DesiredState;

/// Which recipe to load, with which parameters.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// The recipe's file, or the folder that holds `recipe.yaml` or `recipe.yml`.
    pub path: PathBuf,
    /// Parameters from the command line (`-p name=value`); a later one wins.
    pub set: Vec<(String, String)>,
    /// Parameter files, YAML or JSON; a later one wins.
    pub params_files: Vec<PathBuf>,
    /// Parameters from the environment, by their names in the recipe.
    pub environment: BTreeMap<String, String>,
    /// Lists the blobs that a `for_each` asks for; without it, asking is an error.
    pub blobs: Option<BlobLister>,
}

/// A recipe without errors.
#[derive(Debug)]
pub struct Loaded {
    /// What the recipe wants.
    pub desired: DesiredState,
    /// Warnings, and the texts that they point into.
    pub warnings: Report,
    /// The recipe's folder: where relative paths in the recipe start.
    pub folder: PathBuf,
}

/// Loads a recipe.
///
/// # Errors
/// Everything that is wrong with it, warnings included.
pub fn load(request: &LoadRequest) -> Result<Loaded, Report> {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let loaded = lowered(request, &mut sources, &mut findings);
    allow::apply(&mut findings, &sources);
    match loaded {
        Some((desired, path)) if !findings.has_errors() => {
            let folder = path.parent().map(PathBuf::from).unwrap_or_default();
            Ok(Loaded { desired, warnings: findings.into_report(sources), folder })
        }
        _ => Err(findings.into_report(sources)),
    }
}

/// Resolves a recipe, with all checks, to be looked at.
///
/// # Errors
/// Everything that is wrong with it, warnings included.
pub fn resolve_recipe(request: &LoadRequest) -> Result<Resolved, Report> {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let resolved = resolved(request, &mut sources, &mut findings);
    allow::apply(&mut findings, &sources);
    match resolved {
        Some((recipe, path)) => Ok(Resolved { recipe, path, warnings: findings.into_report(sources) }),
        None => Err(findings.into_report(sources)),
    }
}

fn lowered(
    request: &LoadRequest,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Option<(DesiredState, PathBuf)> {
    let (recipe, path) = resolved(request, sources, findings)?;
    let desired = lower::lower(&recipe, sources, findings);
    if desired.is_none() && !findings.has_errors() {
        let message = "the recipe has no errors, and still could not be understood";
        let finding = Diagnostic::new(&codes::NOT_UNDERSTOOD, message).at(recipe.tree.span, "");
        findings.push(finding.help("please report this as a bug, with the recipe"));
    }
    desired.map(|desired| (desired, path))
}

/// The recipe and its file; `None` if there are errors: what follows needs values, not excuses.
fn resolved(
    request: &LoadRequest,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Option<(ResolvedRecipe, PathBuf)> {
    let given = given(request, sources, findings);
    let source = RecipeSource::read(&request.path, sources, findings)?;
    let document = RecipeDocument::read(&source, sources, findings)?;
    let bound = document.bind(&given, sources, findings);
    let resolved = bound.resolve(sources, &listings(request, &source), findings);
    rules::check(&resolved, sources, findings);
    tasks::check(&resolved, sources, findings);
    (!findings.has_errors()).then_some((resolved, source.path))
}

/// Where factories find files and blobs.
fn listings(request: &LoadRequest, source: &RecipeSource) -> Listings {
    let mut folders = Folders::default();
    folders.insert(
        source.id,
        Arc::new(Folder::new(source.path.parent().map(PathBuf::from).unwrap_or_default())),
    );
    Listings { folders, blobs: request.blobs.clone() }
}

fn given(request: &LoadRequest, sources: &mut Sources, findings: &mut Collector) -> Given {
    let mut files = Vec::new();
    for path in &request.params_files {
        let tree = source::read(path, sources, findings).and_then(|id| parse::parse(id, sources, findings));
        match tree {
            Some(tree) if matches!(tree.kind, NodeKind::Mapping(_)) => files.push(tree),
            Some(tree) => findings.push(
                Diagnostic::new(&codes::WRONG_TYPE, "a parameter file must be a map from names to values")
                    .at(tree.span, ""),
            ),
            None => {}
        }
    }
    Given { set: request.set.clone(), files, environment: request.environment.clone(), project: None }
}

/// A recipe as written: every value has its place, and its shape has been checked.
#[derive(Debug)]
struct RecipeDocument {
    tree: Node,
    /// `None` if the declarations could not be understood as a whole.
    parameters: Option<Field<Entries<Parameter>>>,
}

/// A recipe whose parameters have values.
#[derive(Debug)]
struct BoundRecipe {
    tree: Node,
    parameters: Option<Parameters>,
}

impl RecipeDocument {
    fn read(source: &RecipeSource, sources: &Sources, findings: &mut Collector) -> Option<Self> {
        let tree = parse::parse(source.id, sources, findings);
        if findings.has_errors() {
            secrets::hide_in_text(source.id, sources, findings);
        }
        let mut tree = tree?;
        secrets::refuse_plaintext(&mut tree, findings);
        refuse_expressions(&mut tree, findings);
        rules::check_written(&tree, findings);
        conform(&mut tree, Shape::Recipe, findings);
        let parameters = take(&mut tree, "parameters").map(|entry| decode::decode(&entry.value, findings));
        Some(Self { tree, parameters })
    }

    fn bind(self, given: &Given, sources: &mut Sources, findings: &mut Collector) -> BoundRecipe {
        let Self { tree, parameters } = self;
        let declared = parameters.as_ref();
        let understood = declared.is_none_or(|field| field.get().is_some());
        let parameters = understood.then(|| bind(document::entries(declared), given, sources, findings));
        BoundRecipe { tree, parameters }
    }
}

impl BoundRecipe {
    fn resolve(self, sources: &Sources, listings: &Listings, findings: &mut Collector) -> ResolvedRecipe {
        resolve(self.tree, self.parameters.as_ref(), sources, listings, findings)
    }
}

/// Takes a section out of the tree. An empty section is as good as none.
fn take(tree: &mut Node, key: &str) -> Option<Entry> {
    let NodeKind::Mapping(entries) = &mut tree.kind else { return None };
    let position = entries.iter().position(|entry| entry.key == key)?;
    let entry = entries.remove(position);
    let empty =
        matches!(&entry.value.kind, NodeKind::Scalar(scalar) if scalar.value == super::node::Value::Null);
    (!empty).then_some(entry)
}

/// Refuses expressions in what expressions are evaluated with, and in what makes up the structure of the recipe.
fn refuse_expressions(tree: &mut Node, findings: &mut Collector) {
    for key in ["api_version", "name", "parameters"] {
        if let Some(section) = tree.find_mut(&[Segment::Key(key.to_owned())]) {
            let why =
                "expressions are evaluated with the parameters and the recipe's name, so these come first";
            refuse_inside(section, usize::MAX, key, why, findings);
        }
    }
    let why = "expressions stand for values; they cannot change which pools, jobs and tasks a recipe has";
    for key in ["registries", "pools", "jobs", "schedules"] {
        if let Some(section) = tree.find_mut(&[Segment::Key(key.to_owned())]) {
            refuse_inside(section, 1, key, why, findings);
        }
    }
    let Some(NodeKind::Mapping(jobs)) =
        tree.find_mut(&[Segment::Key("jobs".to_owned())]).map(|jobs| &mut jobs.kind)
    else {
        return;
    };
    for job in jobs {
        if let Some(tasks) = job.value.find_mut(&[Segment::Key("tasks".to_owned())]) {
            refuse_inside(tasks, 1, "tasks", why, findings);
        }
    }
}

/// Refuses expressions in a node and down to `depth` levels inside it.
fn refuse_inside(node: &mut Node, depth: usize, section: &str, why: &str, findings: &mut Collector) {
    if node.is_template() {
        let message = format!("`{section}` cannot be made by an expression");
        findings.push(Diagnostic::new(&codes::BAD_EXPRESSION, message).at(node.span, "").note(why));
        *node = Node::damaged(node.span);
        return;
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    match &mut node.kind {
        NodeKind::Sequence(items) => {
            items.iter_mut().for_each(|item| refuse_inside(item, depth, section, why, findings));
        }
        NodeKind::Mapping(entries) => {
            entries
                .iter_mut()
                .for_each(|entry| refuse_inside(&mut entry.value, depth, section, why, findings));
        }
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}
