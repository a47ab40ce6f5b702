//! What is wrong with a text that a person wrote: where, why, and what to try.
//!
//! A [`Diagnostic`] is data; nothing here prints. Passes push into a [`Collector`], which drops repetitions, and hand
//! back a [`Report`]: every finding at once, with the [`Sources`] needed to show excerpts. `view::diagnostics` renders it.

mod code;
mod collector;
mod example;
mod fix;
mod quote;
mod report;
mod severity;
mod source;

pub use code::Code;
pub use collector::Collector;
pub use example::Example;
pub use fix::{Fix, apply_fixes};
pub use quote::quote;
pub use report::{Diagnostic, Label, Report};
pub use severity::Severity;
pub use source::{Location, Source, SourceId, Sources, Span};
