//! A recipe as written in several texts.

use std::path::PathBuf;
use std::sync::Arc;

use super::defaults::hand_down;
use super::extends::ExtendsReader;
use super::merge::merge;
use super::written::{Written, take};
use crate::diagnostic::{Collector, Diagnostic, Sources};
use crate::recipe::codes;
use crate::recipe::files::{Folder, Folders};
use crate::recipe::library::Library;
use crate::recipe::node::Node;
use crate::recipe::schema::{Place, Shape};
use crate::recipe::source::{self, RecipeSource};

/// A recipe put together from all of its texts.
#[derive(Debug)]
pub(in crate::recipe) struct Composition {
    /// The whole.
    pub(in crate::recipe) tree: Node,
    /// The recipe's own file.
    pub(in crate::recipe) path: PathBuf,
    /// The folders that paths in the texts begin at.
    pub(in crate::recipe) folders: Folders,
}

/// Reads a recipe, what it extends, and overlays, and puts them together. `None` if a text cannot be had. What it extends is read within
/// that folder only, if there is one.
pub(in crate::recipe) fn compose(
    (path, within): (&std::path::Path, Option<&std::path::Path>),
    overlays: &[PathBuf],
    library: &Library,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Option<Composition> {
    let mut folders = Folders::default();
    let source = RecipeSource::read(path, sources, findings)?;
    folders.insert(source.id, folder_of(&source.path));
    let leaf = Written::parse(source.id, Some(source.path.clone()), sources, findings)?;
    let mut reader = ExtendsReader { within, library, folders: &mut folders, sources, findings };
    let layers = reader.chain(leaf);
    // An overlay is looked at also if the recipe cannot be had, so that all mistakes are found at once.
    let mut over = Vec::new();
    let mut complete = true;
    for path in overlays {
        match overlay(path, &mut folders, sources, findings) {
            Some(overlay) => over.push(overlay.tree),
            None => complete = false,
        }
    }
    let layers = layers.filter(|_| complete)?.into_iter().map(|layer| layer.tree);
    let mut tree = layers.chain(over).reduce(|base, over| merge(Place::of(Shape::Recipe), base, over))?;
    if !hand_down(&mut tree, findings) {
        return None;
    }
    Some(Composition { tree, path: source.path, folders })
}

fn overlay(
    path: &std::path::Path,
    folders: &mut Folders,
    sources: &mut Sources,
    findings: &mut Collector,
) -> Option<Written> {
    let id = source::read(path, sources, findings)?;
    folders.insert(id, folder_of(path));
    let mut overlay = Written::parse(id, Some(path.to_owned()), sources, findings)?;
    if let Some(extends) = take(&mut overlay.tree, "extends") {
        let message = "an overlay cannot extend a recipe";
        let finding = Diagnostic::new(&codes::BAD_EXTENDS, message).at(extends.key_span, "");
        findings.push(finding.help("give `--overlay` several times; later ones win"));
    }
    overlay.must_be_map("an overlay", findings).then_some(overlay)
}

fn folder_of(file: &std::path::Path) -> Arc<Folder> {
    Arc::new(Folder::new(file.parent().map(PathBuf::from).unwrap_or_default()))
}
