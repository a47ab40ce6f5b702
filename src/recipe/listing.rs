//! Items that somebody else has: files and blobs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value;

use super::codes;
use super::document::{BlobSelection, Field, FileSelection, Patterns};
use super::files::{FileError, Folders, PathPatterns, basename, dirname, extension, stem};
use crate::diagnostic::{Diagnostic, Span};

/// What an item of `files` has.
const FILE_MEMBERS: &[&str] = &["path", "basename", "dirname", "stem", "extension"];
/// What an item of `blobs` has.
const BLOB_MEMBERS: &[&str] = &["path", "basename", "dirname", "stem", "extension", "url", "size"];

/// What is asked of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobQuery {
    /// The URL of the container, without a signature.
    pub container: String,
    /// What the names begin with.
    pub prefix: Option<String>,
    /// How many blobs are wanted at most; a lister may stop when it has more.
    pub most: usize,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its name in the container.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

/// Why a container cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// What happened.
    pub reason: String,
    /// What to try.
    pub help: Option<String>,
}

type BlobList = Result<Vec<Blob>, Unlisted>;
/// A list that several factories go over.
type SharedList = Result<Arc<Vec<Blob>>, Unlisted>;
type List = dyn Fn(&BlobQuery) -> BlobList + Send + Sync;

/// Lists the blobs of containers. Recipes know no accounts and open no connections, so whoever loads one brings this along.
#[derive(Clone)]
pub struct BlobLister(Arc<List>);

impl BlobLister {
    /// A lister, which may wait for the network.
    pub fn new(list: impl Fn(&BlobQuery) -> BlobList + Send + Sync + 'static) -> Self {
        Self(Arc::new(list))
    }
}

impl fmt::Debug for BlobLister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobLister").finish_non_exhaustive()
    }
}

/// Where items come from that no recipe spells out.
#[derive(Debug, Default)]
pub struct Listings {
    /// The folders of the recipe's files.
    pub(super) folders: Folders,
    blobs: Option<BlobLister>,
    /// What has been listed: the same question has the same answer as long as a recipe is loaded.
    listed: Mutex<HashMap<BlobQuery, SharedList>>,
}

/// What a folder or a container holds. An item is made when it is asked for: only names are held in memory.
#[derive(Debug, Clone)]
pub enum Listing {
    /// Paths of files.
    Files(Vec<String>),
    /// Blobs of a container.
    Blobs {
        /// The container's URL.
        container: String,
        /// The blobs.
        blobs: Arc<Vec<Blob>>,
    },
}

impl Listing {
    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Files(paths) => paths.len(),
            Self::Blobs { blobs, .. } => blobs.len(),
        }
    }

    /// The item at a position.
    pub(super) fn value(&self, index: usize) -> Option<Value> {
        match self {
            Self::Files(paths) => paths.get(index).map(|path| Value::from_pairs(parts(path))),
            Self::Blobs { container, blobs } => blobs.get(index).map(|blob| {
                let url = format!("{container}/{}", encoded(&blob.name));
                let own = [("url", Value::from(url)), ("size", Value::from(blob.size))];
                Value::from_pairs(parts(&blob.name).into_iter().chain(own))
            }),
        }
    }

    /// What each item has.
    pub(super) fn members(&self) -> &'static [&'static str] {
        match self {
            Self::Files(_) => FILE_MEMBERS,
            Self::Blobs { .. } => BLOB_MEMBERS,
        }
    }
}

/// Items, or the finding that says why there are none.
pub(super) type Listed = Result<Listing, Box<Diagnostic>>;

impl Listings {
    /// Files of these folders, and blobs where there is a lister.
    pub fn new(folders: Folders, blobs: Option<BlobLister>) -> Self {
        Self { folders, blobs, ..Self::default() }
    }

    /// The files that match.
    pub(super) fn files(&self, selection: &FileSelection, span: Span) -> Listed {
        let (include, exclude) = match selection {
            FileSelection::Matching(patterns) => (patterns.placed(span), Vec::new()),
            FileSelection::Except(patterns) => {
                (placed(Some(&patterns.include)), placed(patterns.exclude.as_ref()))
            }
        };
        let patterns = compile(&include, &exclude)?;
        let unreadable =
            |message: String| Box::new(Diagnostic::new(&codes::UNREADABLE, message).at(span, ""));
        let Some(folder) = self.folders.of(span.source) else {
            return Err(unreadable("files can only be listed where the text itself is a file".to_owned()));
        };
        let paths = folder.list(&patterns).map_err(|error: FileError| unreadable(error.to_string()))?;
        Ok(Listing::Files(paths))
    }

    /// The blobs that match, by their names; a container may list no more than `most`.
    pub(super) fn blobs(&self, selection: &BlobSelection, span: Span, most: usize) -> Listed {
        let BlobSelection { container, prefix, include, exclude } = selection;
        let patterns = compile(&placed(include.as_ref()), &placed(exclude.as_ref()))?;
        let place = container.span();
        let unlisted = |why: Unlisted| {
            let finding = Diagnostic::new(&codes::UNLISTED, "the blobs cannot be listed").at(place, "");
            let mut finding = finding.note(why.reason);
            finding.help.extend(why.help);
            Box::new(finding)
        };
        let Some(lister) = &self.blobs else {
            let reason = "listing blobs takes Azure Storage, which is not asked here".to_owned();
            let help = "list the names in a file, and go over its lines: for_each: { name: \"${{ file('names.txt') | lines }}\" }";
            return Err(unlisted(Unlisted { reason, help: Some(help.to_owned()) }));
        };
        let container = container.get().map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_default();
        let prefix = prefix.as_ref().and_then(Field::get).cloned();
        let blobs = self.listed(lister, BlobQuery { container: container.clone(), prefix, most });
        let blobs = blobs.map_err(unlisted)?;
        if blobs.len() > most {
            let message = format!("the container lists more than {most} blobs");
            let finding = Diagnostic::new(&codes::TOO_MANY_TASKS, message).at(span, "");
            return Err(Box::new(
                finding.help("a longer `prefix` lists fewer; `include` and `exclude` come after that"),
            ));
        }
        let blobs = if include.is_some() || exclude.is_some() {
            blobs.iter().filter(|blob| patterns.matches(&blob.name)).cloned().collect::<Vec<_>>().into()
        } else {
            blobs
        };
        Ok(Listing::Blobs { container, blobs })
    }

    fn listed(&self, lister: &BlobLister, query: BlobQuery) -> SharedList {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = listed.get(&query) {
            return known.clone();
        }
        let answer = (lister.0)(&query).map(|mut blobs| {
            // As services list them; made sure of, because ids may be numbered by it.
            blobs.sort_by(|a, b| a.name.cmp(&b.name));
            Arc::new(blobs)
        });
        listed.insert(query, answer.clone());
        answer
    }
}

fn parts(path: &str) -> [(&'static str, Value); 5] {
    [
        ("path", Value::from(path)),
        ("basename", Value::from(basename(path))),
        ("dirname", Value::from(dirname(path))),
        ("stem", Value::from(stem(path))),
        ("extension", Value::from(extension(path))),
    ]
}

/// The name of a blob in its URL: everything but what is plain, and the separators, is encoded.
fn encoded(name: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(name, SET).to_string()
}

fn placed(patterns: Option<&Field<Patterns>>) -> Vec<(&str, Span)> {
    patterns.and_then(|field| Some(field.get()?.placed(field.span()))).unwrap_or_default()
}

fn compile(include: &[(&str, Span)], exclude: &[(&str, Span)]) -> Result<PathPatterns, Box<Diagnostic>> {
    PathPatterns::new(&texts(include), &texts(exclude)).map_err(|(number, error)| {
        let span = include.iter().chain(exclude).nth(number).map(|(_, span)| *span).unwrap_or_default();
        Box::new(Diagnostic::new(&codes::INVALID_VALUE, error.to_string()).at(span, ""))
    })
}

fn texts<'a>(placed: &[(&'a str, Span)]) -> Vec<&'a str> {
    placed.iter().map(|(text, _)| *text).collect()
}
