//! What to say of a factory that has no values.

use crate::diagnostic::{Diagnostic, Span, quote};
use crate::recipe::codes;
use crate::recipe::document::{Factory, Field, FileSelection, Patterns, Values};
use crate::recipe::listing::Listings;

/// The finding for values of which there are none, at the place of the values.
pub(super) fn finding(values: &Values, span: Span, listings: &Listings) -> Diagnostic {
    let (span, why, help) = match values {
        Values::List(_) => (span, "the list is empty".to_owned(), None),
        Values::Factory(factory) => of_factory(factory, span, listings),
    };
    Diagnostic::new(&codes::EMPTY_FACTORY, "`for_each` makes no tasks").at(span, why).maybe_help(help)
}

fn of_factory(factory: &Factory, span: Span, listings: &Listings) -> (Span, String, Option<String>) {
    match factory {
        Factory { range: Some(range), .. } => {
            let ends: Vec<i64> =
                range.get().into_iter().flatten().filter_map(|number| number.get().copied()).collect();
            let help = match *ends.as_slice() {
                [start, end] => Some(format!("to count down, give the step: `[{start}, {end}, -1]`")),
                _ => None,
            };
            (range.span(), "the range ends before it begins".to_owned(), help)
        }
        Factory { list: Some(list), .. } => (list.span(), "the list is empty".to_owned(), None),
        Factory { files: Some(files), .. } => {
            let patterns = files.get().map(|selection| patterns(selection, files.span())).unwrap_or_default();
            let folder = listings.folders.of(files.span().source).map(|folder| folder.to_string());
            let folder = folder.unwrap_or_else(|| "the recipe's folder".to_owned());
            (files.span(), format!("no file below {folder} matches {patterns}"), None)
        }
        Factory { blobs: Some(blobs), .. } => {
            (blobs.span(), "no blob of the container matches".to_owned(), None)
        }
        _ => (span, "there are no values".to_owned(), None),
    }
}

/// The patterns of which a file has to match one.
fn patterns(selection: &FileSelection, span: Span) -> String {
    let include: Option<(&Patterns, Span)> = match selection {
        FileSelection::Matching(patterns) => Some((patterns, span)),
        FileSelection::Except(patterns) => Field::get(&patterns.include).map(|include| (include, span)),
    };
    let patterns = include.map(|(patterns, span)| patterns.placed(span)).unwrap_or_default();
    patterns.iter().map(|(pattern, _)| quote(pattern)).collect::<Vec<_>>().join(" or ")
}
