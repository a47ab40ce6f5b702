//! Recipes that extend others.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::written::{Written, start_of, take};
use crate::diagnostic::{Collector, Diagnostic, Sources, Span, quote};
use crate::recipe::files::{Folder, Folders};
use crate::recipe::library::{Library, LibraryError};
use crate::recipe::node::{Entry, NodeKind, Value};
use crate::recipe::source::{self, RecipeSource};
use crate::recipe::{codes, parse};

/// The longest chain of recipes that extend each other.
const MOST_PARENTS: usize = 16;
/// What begins the name of a recipe of the library.
const LIBRARY: &str = "library:";

/// What it takes to read recipes that others extend.
pub(super) struct ExtendsReader<'a> {
    pub(super) within: Option<&'a Path>,
    pub(super) library: &'a Library,
    pub(super) folders: &'a mut Folders,
    pub(super) sources: &'a mut Sources,
    pub(super) findings: &'a mut Collector,
}

/// A recipe by what it is called in messages, and by what tells it from others.
struct Link {
    name: String,
    identity: String,
}

impl ExtendsReader<'_> {
    /// The recipe and those that it extends, the farthest first. `None` if one of them cannot be had.
    pub(super) fn chain(&mut self, leaf: Written) -> Option<Vec<Written>> {
        // Most recipes extend none, and need not be told from others.
        let mut links = Vec::new();
        let mut bytes = leaf.length(self.sources);
        let mut layers = vec![leaf];
        while let Some(extends) = layers.last_mut().and_then(|last| take(&mut last.tree, "extends")) {
            let child = layers.last()?;
            must_name_itself(child, &extends, self.findings);
            if links.is_empty() {
                links.push(link_to(child, self.sources));
            }
            if layers.len() > MOST_PARENTS {
                let message = format!("more than {MOST_PARENTS} recipes extend each other");
                self.findings.push(Diagnostic::new(&codes::BAD_EXTENDS, message).at(extends.value.span, ""));
                return None;
            }
            let parent = self.parent(child, &extends)?;
            if !parent.must_be_map("a recipe", self.findings) {
                return None;
            }
            let link = link_to(&parent, self.sources);
            if let Some(start) = links.iter().position(|other| other.identity == link.identity) {
                self.findings.push(cycle(links.get(start..).unwrap_or_default(), &link, extends.value.span));
                return None;
            }
            bytes += parent.length(self.sources);
            if bytes > parse::MAX_BYTES {
                let message =
                    format!("recipes that extend each other have more than {} MiB", parse::MAX_BYTES >> 20);
                self.findings.push(Diagnostic::new(&codes::TOO_LARGE, message).at(extends.value.span, ""));
                return None;
            }
            links.push(link);
            layers.push(parent);
        }
        layers.reverse();
        Some(layers)
    }

    fn parent(&mut self, child: &Written, extends: &Entry) -> Option<Written> {
        let span = extends.value.span;
        let NodeKind::Scalar(scalar) = &extends.value.kind else {
            if !matches!(extends.value.kind, NodeKind::Damaged) {
                let message = format!("`extends` must be a string, not {}", extends.value.describe());
                self.findings.push(
                    Diagnostic::new(&codes::WRONG_TYPE, message)
                        .at(span, "")
                        .help("a recipe extends one other; what several need comes from overlays"),
                );
            }
            return None;
        };
        if scalar.value != Value::Text {
            let message = format!("`extends` must be a string, not {}", extends.value.describe());
            self.findings.push(Diagnostic::new(&codes::WRONG_TYPE, message).at(span, ""));
            return None;
        }
        match scalar.text.strip_prefix(LIBRARY) {
            Some(name) => self.in_library(name, span),
            None => self.in_file(child, &scalar.text, span),
        }
    }

    fn in_file(&mut self, child: &Written, text: &str, span: Span) -> Option<Written> {
        let refused = |message: String| Diagnostic::new(&codes::BAD_EXTENDS, message).at(span, "");
        let path = Path::new(text);
        if path.components().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
            let finding = refused(format!("the path {} is absolute", quote(text)));
            self.findings.push(finding.help("name the recipe by its path from this file"));
            return None;
        }
        let Some(file) = &child.path else {
            let message = "a recipe of the library extends recipes of the library only".to_owned();
            self.findings.push(refused(message));
            return None;
        };
        let path = file.parent().unwrap_or_else(|| Path::new("")).join(path);
        if self.within.is_some_and(|within| source::leads_out(&path, within)) {
            let message = format!("the path {} leads out of the repository", quote(text));
            self.findings
                .push(refused(message).help("what recipes of a repository extend is in the repository"));
            return None;
        }
        if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            // A pipe without a writer would be waited for.
            self.findings.push(refused(format!("{} is neither a file nor a folder", quote(text))));
            return None;
        }
        let mut own = Collector::default();
        let source = RecipeSource::read(&path, self.sources, &mut own);
        for finding in own.into_findings() {
            // What cannot be read has no place of its own.
            let placed = !finding.labels.is_empty();
            self.findings.push(if placed { finding } else { finding.at(span, "it is extended here") });
        }
        let source = source?;
        let folder = source.path.parent().map(PathBuf::from).unwrap_or_default();
        self.folders.insert(source.id, Arc::new(Folder::new(folder)));
        Written::parse(source.id, Some(source.path), self.sources, self.findings)
    }

    fn in_library(&mut self, name: &str, span: Span) -> Option<Written> {
        let found = match self.library.find(name) {
            Ok(found) => found,
            Err(error) => {
                self.findings.push(not_in_library(&error, span));
                return None;
            }
        };
        match found.file {
            Some(path) => {
                let source = RecipeSource::read(&path, self.sources, self.findings)?;
                self.folders.insert(source.id, Arc::new(found.folder));
                Written::parse(source.id, Some(source.path), self.sources, self.findings)
            }
            None => {
                let id = self.sources.add(format!("{LIBRARY}{}", found.name), found.text);
                self.folders.insert(id, Arc::new(found.folder));
                Written::parse(id, None, self.sources, self.findings)
            }
        }
    }
}

fn link_to(written: &Written, sources: &Sources) -> Link {
    let name = sources.get(written.id).map(|source| source.name().to_owned()).unwrap_or_default();
    let real = written.path.as_ref().and_then(|path| path.canonicalize().ok());
    let identity = real.map_or_else(|| name.clone(), |path| path.display().to_string());
    Link { name, identity }
}

/// What a recipe makes belongs to its name: two recipes that share one would take each other's objects away.
fn must_name_itself(child: &Written, extends: &Entry, findings: &mut Collector) {
    for key in ["api_version", "name"] {
        if child.tree.get(key).is_none() {
            let finding = Diagnostic::new(&codes::MISSING_KEY, format!("the key `{key}` is missing"))
                .at(start_of(child.id), "")
                .at(extends.key_span, "a recipe has its own also when it extends another");
            findings.push(finding);
        }
    }
}

fn cycle(links: &[Link], closing: &Link, span: Span) -> Diagnostic {
    let names: Vec<&str> = links.iter().chain([closing]).map(|link| link.name.as_str()).collect();
    Diagnostic::new(&codes::BAD_EXTENDS, format!("recipes extend each other: {}", names.join(" → ")))
        .at(span, "")
}

fn not_in_library(error: &LibraryError, span: Span) -> Diagnostic {
    let finding = Diagnostic::new(&codes::BAD_EXTENDS, error.to_string()).at(span, "");
    match error.hint(LIBRARY) {
        Some(hint) => finding.help(hint),
        None => finding,
    }
}
