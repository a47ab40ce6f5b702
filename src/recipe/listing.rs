//! Items that somebody else has: files and blobs.

use std::fmt;
use std::sync::Arc;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobQuery {
    /// The URL of the container, without a signature.
    pub container: String,
    /// What the names begin with.
    pub prefix: Option<String>,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its name in the container.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

type List = dyn Fn(&BlobQuery) -> Result<Vec<Blob>, String> + Send + Sync;

/// Lists the blobs of containers. Recipes know no accounts and open no connections, so whoever loads one brings this along.
#[derive(Clone)]
pub struct BlobLister(Arc<List>);

impl BlobLister {
    /// A lister; an error says why a container cannot be listed.
    pub fn new(list: impl Fn(&BlobQuery) -> Result<Vec<Blob>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(list))
    }
}

impl fmt::Debug for BlobLister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobLister").finish_non_exhaustive()
    }
}

/// Where items come from that no recipe spells out.
#[derive(Debug, Clone, Default)]
pub struct Listings {
    /// The folders of the recipe.
    pub folders: Folders,
    /// Lists blobs, where that is possible.
    pub blobs: Option<BlobLister>,
}

/// Items, and what each of them has.
pub(super) type Listed = Result<(Vec<Value>, &'static [&'static str]), Box<Diagnostic>>;

impl Listings {
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
        let item = |path: &String| Value::from_pairs(parts(path));
        Ok((paths.iter().map(item).collect(), FILE_MEMBERS))
    }

    /// The blobs that match.
    pub(super) fn blobs(&self, selection: &BlobSelection, span: Span) -> Listed {
        let BlobSelection { container, prefix, include, exclude } = selection;
        let patterns = compile(&placed(include.as_ref()), &placed(exclude.as_ref()))?;
        let unlisted = |reason: String| {
            let finding = Diagnostic::new(&codes::UNREADABLE, "the blobs cannot be listed").at(span, "");
            Box::new(finding.note(reason))
        };
        let Some(lister) = &self.blobs else {
            let reason = "listing blobs takes an account of Azure Storage, and this command has none";
            let help = "list the names in a file, and go over its lines: for_each: { name: \"${{ file('names.txt') | lines }}\" }";
            let mut finding = unlisted(reason.to_owned());
            finding.help.push(help.to_owned());
            return Err(finding);
        };
        let container =
            container.get().ok_or_else(|| unlisted(String::new()))?.trim_end_matches('/').to_owned();
        let prefix = prefix.as_ref().and_then(Field::get).cloned();
        let query = BlobQuery { container, prefix };
        let mut blobs = (lister.0)(&query).map_err(unlisted)?;
        blobs.retain(|blob| patterns.matches(&blob.name));
        blobs.sort_by(|a, b| a.name.cmp(&b.name));
        let item = |blob: &Blob| {
            let url = format!("{}/{}", query.container, encoded(&blob.name));
            let own = [("url", Value::from(url)), ("size", Value::from(blob.size))];
            Value::from_pairs(parts(&blob.name).into_iter().chain(own))
        };
        Ok((blobs.iter().map(item).collect(), BLOB_MEMBERS))
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
