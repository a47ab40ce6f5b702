//! What validating recipes gave, in the formats of people and of the programs that gather findings.
//!
//! A format is a [`VerdictWriter`]: it is given one [`Verdict`] after the other, as they come, and at the end the [`Tally`].

mod github;
mod human;
mod json;
mod junit;
mod place;
mod sarif;
mod verdict;
mod writer;

pub use github::Github;
pub use human::Human;
pub use json::Json;
pub use junit::Junit;
pub use sarif::Sarif;
pub use verdict::{Contents, FixedPlace, Tally, Verdict};
pub use writer::VerdictWriter;
