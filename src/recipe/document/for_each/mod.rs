//! What `for_each` goes over.

mod factory;
mod random;
mod selection;
mod sources;

pub use factory::{Combinations, Factory, Matrix, Permutations, Values, WORDS};
pub use random::{
    Beta, Exponential, Gamma, Gauss, Lognormal, Pareto, RandomValues, Triangular, Uniform, Weibull,
};
pub use selection::{BlobSelection, FilePatterns, FileSelection, Patterns};
pub use sources::ForEach;
