//! YAML text → [`DesiredState`](crate::resource::DesiredState), in typed passes.
//!
//! | pass | module | from → to |
//! |---|---|---|
//! | read | [`source`] | path → text |
//! | parse | [`parse`] | text → tree of [`node`]s, each with its place |
//! | compose | `compose` | the recipe, what it extends, overlays and defaults → one tree |
//! | shape | [`schema`] | the tree as written, checked against the JSON Schema |
//! | bind | [`parameters`] | declared parameters and given values → values |
//! | expand | [`template`], [`expand`] | expressions → values; tasks → templates that make one task at a time |
//! | rules | [`rules`] | checks across objects |
//! | lower | [`lower`] | → desired state |
//! | allow | `allow` | findings that comments silence are taken away |
//!
//! Every pass reports all that it finds and goes on; a value that has been complained about is *damaged* and nobody
//! complains about it again. [`load`] strings the passes together. Nothing here reads the environment or the clock, and
//! only [`source`], [`files`], [`input_files`] and [`discover`](discover()) look at the file system.

pub mod catalog;
pub mod codes;
mod compose;
pub mod decode;
pub mod document;
pub mod expand;
pub mod files;
pub mod format;
pub mod input_files;
pub mod library;
pub mod listing;
pub mod lower;
pub mod node;
pub mod parameters;
pub mod parse;
pub mod project;
pub mod rules;
pub mod schema;
pub mod source;
pub mod template;
pub mod written;

mod allow;
mod discover;
mod explain;
mod load;
mod resolved;
mod rest_names;
mod secrets;
mod suggest;
mod tasks;
#[cfg(test)]
mod tests;

pub use discover::{DiscoverError, discover};
pub use explain::{all as all_codes, explain};
pub use load::{LoadRequest, Loaded, load, resolve_recipe};
pub use resolved::Resolved;
pub use rules::{is_secret_name, known_secret, may_be_secret, secret_arguments};
pub use suggest::similar_names;
