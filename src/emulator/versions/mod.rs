//! Older versions of the API, at the edge: inside, everything is as in the present version.
//!
//! `history` says which version has which property, `place` where in a document a property stands; `document` turns requests
//! and answers from one version into the other. A version that lacks a property neither takes nor returns it.

mod document;
mod history;
mod place;

pub(crate) use document::{from_present, select_to_present, to_present};
