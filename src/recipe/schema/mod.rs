//! The JSON Schemas of the recipe language, generated from [`super::document`], and the one place that validates with
//! them.
//!
//! [`authoring`] is for editors: every value that is no string may also be an expression. [`resolved`] describes a recipe
//! after expansion. The program validates with a third form, in which expressions are no schema's business: it knows
//! which values are still unknown and leaves errors about them aside.

mod conform;
mod definitions;
mod explain;
mod fields;
mod generate;
mod markers;
mod parts;
mod place;
mod places;
mod render;
mod requirements;
mod texts;
mod validator;

pub use conform::{InvalidSchema, ValueSchema, conform};
pub use fields::{FieldDoc, FieldPath, Kind, Member, fields};
#[cfg(test)]
pub(super) use generate::strict;
pub use generate::{authoring, overlay, project, resolved};
pub use place::Place;
pub use validator::Shape;
