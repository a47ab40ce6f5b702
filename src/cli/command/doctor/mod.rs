//! `doctor`: looks at this machine, or at an image, and says what ails it.

mod account;
mod image;
mod machine;
mod run;

pub(super) use run::run;
