//! Which recipes there are, over all sources: those that can be used, those that can't, and those whose names collide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Report, Severity};
use crate::recipe::Loaded;
use crate::resource::RecipeName;

use super::source::{CLONE, Checkout};

/// Loads the recipes at these paths, one after the other. What was read before is read again.
pub type Load = Arc<dyn Fn(&[PathBuf]) -> Vec<Result<Loaded, Unloadable>> + Send + Sync>;

/// Why a recipe can't be loaded.
#[derive(Debug)]
pub enum Unloadable {
    /// It has errors.
    Errors(Box<Report>),
    /// What it goes by can't be used, in one line.
    Settings(String),
}

/// What is reconciled on its own: a recipe by its name; a file whose recipe's name nobody knows by its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A recipe.
    Recipe(RecipeName),
    /// A file.
    File(String),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recipe(name) => name.fmt(f),
            Self::File(path) => path.fmt(f),
        }
    }
}

/// A recipe as it was found.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its file, as it is shown.
    pub(super) file: String,
    /// What tells that file from all others.
    pub(super) identity: PathBuf,
    /// The commit that it was found in.
    pub(super) revision: Option<String>,
    pub(super) content: Content,
}

/// Whether a recipe can be used.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// It can. The hash is that of all texts that it was made of.
    Usable(Arc<Loaded>, blake3::Hash),
    /// It has errors; these are the first ones, each with its place.
    Broken(String),
    /// Others have the same name; these are the files.
    Duplicate(Vec<String>),
}

impl Content {
    /// Whether it is made of the same texts.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Usable(_, one), Self::Usable(_, other)) => one == other,
            (Self::Broken(one), Self::Broken(other)) => one == other,
            (Self::Duplicate(one), Self::Duplicate(other)) => one == other,
            _ => false,
        }
    }
}

/// The recipes of one source.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// Whether a file can't be read whose recipe may be any.
    pub(super) has_nameless: bool,
    /// The files that the recipes are made of.
    pub(super) files: BTreeSet<PathBuf>,
}

/// How many errors of a recipe are told; `validate` tells them all.
const TOLD: usize = 3;

impl Census {
    /// Loads what a source holds. `known` tells the names of recipes by their files.
    pub(super) fn take(checkout: &Checkout, load: &Load, known: &BTreeMap<String, RecipeName>) -> Self {
        let mut census = Self::default();
        for (path, loaded) in checkout.recipes.iter().zip(load(&checkout.recipes)) {
            let hidden = checkout.hidden.as_deref();
            let file = shown(path, hidden);
            let read = match &loaded {
                Ok(loaded) => Some(&loaded.warnings),
                Err(why) => why.report(),
            };
            census.files.extend(read.into_iter().flat_map(files_of));
            let (key, content) = match loaded {
                Ok(loaded) => {
                    let hash = hash_of(&loaded.warnings);
                    (Key::Recipe(loaded.desired.recipe.clone()), Content::Usable(Arc::new(loaded), hash))
                }
                Err(why) => {
                    let (written, was) = (why.name_written_in(path), known.get(&file).cloned());
                    // Whether it is a new recipe, or the one that the file had, nobody can tell.
                    census.has_nameless |=
                        written.is_none() || was.as_ref().is_some_and(|was| Some(was) != written.as_ref());
                    let name = written.or(was);
                    let key = name.map_or_else(|| Key::File(file.clone()), Key::Recipe);
                    (key, Content::Broken(why.in_one_line(hidden)))
                }
            };
            let identity = checkout.identity(path);
            census.add(key, Entry { file, identity, revision: checkout.revision.clone(), content });
        }
        census
    }

    fn add(&mut self, key: Key, entry: Entry) {
        let Some(other) = self.entries.get_mut(&key) else {
            self.entries.insert(key, entry);
            return;
        };
        match (&mut other.content, &entry.content) {
            // A file that had this recipe and is broken now is not a second recipe: who knows what it is to become.
            (Content::Broken(_), Content::Usable(..)) => {
                let broken = std::mem::replace(other, entry);
                self.has_nameless = true;
                self.entries.insert(Key::File(broken.file.clone()), broken);
            }
            (_, Content::Broken(_)) => {
                self.has_nameless = true;
                self.entries.insert(Key::File(entry.file.clone()), entry);
            }
            (Content::Duplicate(files), _) => files.push(entry.file),
            (content, _) => *content = Content::Duplicate(vec![other.file.clone(), entry.file]),
        }
    }

    /// The names of the recipes that are there, usable or not.
    pub(super) fn names(&self) -> BTreeSet<RecipeName> {
        let name = |key: &Key| match key {
            Key::Recipe(name) => Some(name.clone()),
            Key::File(_) => None,
        };
        self.entries.keys().filter_map(name).collect()
    }

    /// The recipes of several sources. A name that several of them have is nobody's, but a file that is in several is one file.
    pub(super) fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> BTreeMap<Key, Entry> {
        let mut together = BTreeMap::<Key, Entry>::new();
        let mut seen = BTreeSet::new();
        for (key, entry) in all.into_iter().flat_map(|census| &census.entries) {
            if !seen.insert(&entry.identity) {
                continue;
            }
            match together.get_mut(key) {
                None => drop(together.insert(key.clone(), entry.clone())),
                Some(other) => {
                    let files = [other.clone(), entry.clone()].map(|entry| match entry.content {
                        Content::Duplicate(files) => files,
                        _ => vec![entry.file],
                    });
                    other.content = Content::Duplicate(files.concat());
                }
            }
        }
        together
    }
}

impl Unloadable {
    fn report(&self) -> Option<&Report> {
        match self {
            Self::Errors(report) => Some(report),
            Self::Settings(_) => None,
        }
    }

    /// The name that a recipe gives itself at the start of a line, whatever else is wrong with it.
    fn name_written_in(&self, path: &Path) -> Option<RecipeName> {
        let report = self.report()?;
        let (_, source) = report.sources.find_file(path)?;
        let name = source.text().lines().find_map(|line| line.strip_prefix("name:"))?;
        let name = name.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        RecipeName::new(name).ok()
    }

    /// The first errors, each with its place.
    fn in_one_line(&self, hidden: Option<&Path>) -> String {
        let report = match self {
            Self::Settings(message) => return message.clone(),
            Self::Errors(report) => report,
        };
        let errors = report.diagnostics.iter().filter(|finding| finding.severity() == Severity::Error);
        let mut told: Vec<String> = Vec::new();
        for finding in errors.take(TOLD) {
            let place = finding.primary_span().and_then(|span| report.sources.start(span));
            let place =
                place.map(|at| format!("{}:{}:{}: ", shown(Path::new(&at.file), hidden), at.line, at.column));
            let help = finding.help.first().map(|help| format!(" ({help})")).unwrap_or_default();
            told.push(format!("{}{}{help}", place.unwrap_or_default(), finding.message));
        }
        match report.error_count().saturating_sub(told.len()) {
            0 => {}
            more => told.push(format!("and {more} more")),
        }
        without_clone(told.join("; "), hidden)
    }
}

/// A text without the place of the clone: what is said of a recipe names files from the folder of the recipes, or of the repository.
fn without_clone(text: String, hidden: Option<&Path>) -> String {
    let mut text = text;
    for folder in hidden.into_iter().flat_map(Path::ancestors) {
        text = text.replace(&format!("{}/", folder.display()), "");
        if folder.ends_with(CLONE) {
            break;
        }
    }
    text
}

fn shown(path: &Path, hidden: Option<&Path>) -> String {
    let path = hidden.and_then(|hidden| path.strip_prefix(hidden).ok()).unwrap_or(path);
    path.display().to_string()
}

/// The files that a recipe was made of.
fn files_of(report: &Report) -> impl Iterator<Item = PathBuf> {
    let sources = report.sources.ids().filter_map(|id| report.sources.get(id));
    sources.filter_map(|source| source.path().map(Path::to_owned))
}

/// The hash of all texts that a recipe was made of.
fn hash_of(report: &Report) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for source in report.sources.ids().filter_map(|id| report.sources.get(id)) {
        for text in [source.name(), source.text()] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str) -> Entry {
        let content = Content::Broken("x".to_owned());
        Entry { file: file.to_owned(), identity: PathBuf::from(file), revision: None, content }
    }

    #[test]
    fn a_name_of_several_sources_is_nobodys() {
        let key = Key::Recipe(RecipeName::new("a").unwrap());
        let census = |file: &str| {
            let entries = [(key.clone(), entry(file))].into();
            Census { entries, ..Census::default() }
        };
        let (one, other, third) = (census("one"), census("other"), census("third"));
        let together = Census::together([&one, &other, &third]);
        assert!(
            matches!(&together[&key].content, Content::Duplicate(files) if files == &["one", "other", "third"])
        );
        assert!(matches!(Census::together([&one])[&key].content, Content::Broken(_)));
        let same = Census::together([&one, &census("one")]);
        assert!(matches!(same[&key].content, Content::Broken(_)), "one file is no two");
    }

    #[test]
    fn the_name_of_a_broken_recipe_is_read_where_it_stands_plainly() {
        let name = |text: &str| {
            let mut report = Report::default();
            report.sources.add_file(Path::new("r.yaml"), text);
            let name = Unloadable::Errors(Box::new(report)).name_written_in(Path::new("r.yaml"));
            name.map(String::from)
        };
        assert_eq!(name("api_version: x\nname: \"a-b\" # mine\npools: ["), Some("a-b".to_owned()));
        for text in ["pools:\n  name: a\n", "name: ${{ x }}\n", "name:\n", ""] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
