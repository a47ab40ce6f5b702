//! Binds parameters: from the command line, from parameter files, from the environment, from the project file, from
//! defaults, in this order.

mod bind;
mod constraints;
mod given;

pub use bind::{Binding, Parameters, bind};
pub use given::Given;
