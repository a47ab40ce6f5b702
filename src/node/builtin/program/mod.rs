//! What runs inside the built-in image: a greeting that shows where it runs, an estimate of pi in many small parts, and a few
//! programs to try things out with.

mod arguments;
mod command;
mod greeting;
mod pi;

pub use command::{intercept, main};
