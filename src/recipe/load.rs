//! Strings the passes together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compose::{Composition, compose, take};
use super::document::{Entries, Field, Parameter};
use super::expand::{ResolvedRecipe, resolve};
use super::library::Library;
use super::listing::{BlobLister, Listings};
use super::node::{Entry, Node, NodeKind, Segment};
use super::parameters::{Given, Parameters, bind};
use super::project::Projects;
use super::resolved::Resolved;
use super::schema::{Shape, conform};
use super::source;
use super::{allow, codes, decode, document, lower, parse, rules, tasks};
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
    /// Files that are laid over the recipe; a later one wins.
    pub overlays: Vec<PathBuf>,
    /// The project files that it goes by.
    pub projects: Arc<Projects>,
    /// Lists the blobs that a `for_each` asks for; without it, asking is an error.
    pub blobs: Option<BlobLister>,
    /// The folder of somebody else's repository: what texts in it name outside of it is not read.
    pub within: Option<PathBuf>,
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
    let mut sources = request.projects.sources.clone();
    let mut findings = request.projects.findings.clone();
    let resolved = resolved(request, &mut sources, &mut findings);
    let loaded = resolved.and_then(|(recipe, path)| Some((lowered(&recipe, &sources, &mut findings)?, path)));
    allow::apply(&mut findings, &sources);
    match loaded {
        Some((desired, path)) if !findings.has_errors() => {
            let folder = path.parent().map(PathBuf::from).unwrap_or_default();
            Ok(Loaded { desired, warnings: findings.into_report(sources), folder })
        }
        _ => Err(findings.into_report(sources)),
    }
}

/// Resolves a recipe, with all checks that loading it makes, to be looked at.
///
/// # Errors
/// Everything that is wrong with it, warnings included.
pub fn resolve_recipe(request: &LoadRequest) -> Result<Resolved, Report> {
    let mut sources = request.projects.sources.clone();
    let mut findings = request.projects.findings.clone();
    let resolved = resolved(request, &mut sources, &mut findings);
    // Its tasks are made only when somebody asks for them: this costs no second expansion.
    let lowered = resolved.as_ref().and_then(|(recipe, _)| lowered(recipe, &sources, &mut findings));
    allow::apply(&mut findings, &sources);
    match resolved.filter(|_| lowered.is_some() && !findings.has_errors()) {
        Some((recipe, path)) => Ok(Resolved { recipe, path, warnings: findings.into_report(sources) }),
        None => Err(findings.into_report(sources)),
    }
}

fn lowered(recipe: &ResolvedRecipe, sources: &Sources, findings: &mut Collector) -> Option<DesiredState> {
    let desired = lower::lower(recipe, sources, findings);
    if desired.is_none() && !findings.has_errors() {
        let message = "the recipe has no errors, and still could not be understood";
        let finding = Diagnostic::new(&codes::NOT_UNDERSTOOD, message).at(recipe.tree.span, "");
        findings.push(finding.help("please report this as a bug, with the recipe"));
    }
    desired
}

/// The recipe and its file; `None` if there are errors: what follows needs values, not excuses.
fn resolved(
    request: &LoadRequest,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Option<(ResolvedRecipe, PathBuf)> {
    let Projects { files: projects, complete, .. } = request.projects.as_ref();
    if !complete {
        // The recipe would be blamed for missing what a project file would have given.
        return None;
    }
    let given = given(request, sources, findings);
    refuse_to_leave(request, findings);
    if findings.has_errors() {
        return None;
    }
    let library = Library { folders: projects.iter().flat_map(|project| project.library.clone()).collect() };
    let within = request.within.as_deref();
    let composition = compose((&request.path, within), &overlays(request), &library, sources, findings)?;
    let Composition { tree, path, folders } = composition;
    let document = RecipeDocument::read(tree, findings);
    let bound = document.bind(&given, sources, findings);
    let listings = Listings::new(folders, request.blobs.clone());
    let resolved = bound.resolve(sources, &listings, findings);
    rules::check(&resolved, sources, findings);
    tasks::check(&resolved, sources, findings);
    (!findings.has_errors()).then_some((resolved, path))
}

/// Refuses overlays and folders of recipes outside of the repository that its own project file names.
fn refuse_to_leave(request: &LoadRequest, findings: &mut Collector) {
    let Some(within) = &request.within else { return };
    let leads_out = |path: &PathBuf| source::leads_out(path, within);
    let of_repository = request.projects.files.iter().filter(|project| !leads_out(&project.path));
    for project in of_repository {
        let folder = project.path.parent().unwrap_or(Path::new(""));
        for path in project.overlays.iter().chain(&project.library).filter(|path| leads_out(path)) {
            // Where the repository was cloned to means nothing to whoever reads this.
            let (file, path) =
                (source::below(&project.path, within), path.strip_prefix(folder).unwrap_or(path));
            let message =
                format!("{} names {}, which is outside of the repository", file.display(), path.display());
            findings.push(Diagnostic::new(&codes::UNREADABLE, message));
        }
    }
}

/// The overlays, in the order in which they are laid over the recipe: those of the user's file first, those of the command
/// line last.
fn overlays(request: &LoadRequest) -> Vec<PathBuf> {
    let of_projects = request.projects.files.iter().rev().flat_map(|project| project.overlays.clone());
    of_projects.chain(request.overlays.iter().cloned()).collect()
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
    Given {
        set: request.set.clone(),
        files,
        environment: request.environment.clone(),
        projects: request.projects.files.iter().filter_map(|project| project.parameters.clone()).collect(),
    }
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
    fn read(mut tree: Node, findings: &mut Collector) -> Self {
        rules::check_written(&tree, findings);
        conform(&mut tree, Shape::Recipe, findings);
        // What was under `defaults` is in the tasks by now; by itself it has no values for `item` and `task`.
        take(&mut tree, "defaults");
        for job in jobs_of(&mut tree) {
            take(&mut job.value, "defaults");
        }
        let parameters = take(&mut tree, "parameters").map(|entry| decode::decode(&entry.value, findings));
        Self { tree, parameters }
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

fn jobs_of(tree: &mut Node) -> &mut [Entry] {
    let jobs = tree.find_mut(&[Segment::Key("jobs".to_owned())]);
    match jobs.map(|jobs| &mut jobs.kind) {
        Some(NodeKind::Mapping(jobs)) => jobs,
        _ => &mut [],
    }
}
