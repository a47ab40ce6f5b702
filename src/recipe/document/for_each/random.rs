//! Random numbers.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::recipe::document::Field;

/// Random numbers of one distribution. The same seed gives the same numbers in every run and on every machine.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [
    { "count": 100, "seed": 7, "uniform": { "low": 0, "high": 10 } },
    { "count": 20, "gauss": { "mu": 0.5, "sigma": 0.1 } },
]))]
pub struct RandomValues {
    /// How many numbers.
    #[schemars(range(min = 0))]
    pub count: Field<u64>,
    /// Another seed gives other numbers.
    #[schemars(extend("default" = 0))]
    pub seed: Option<Field<i64>>,
    /// Integers from the first to the last, both included, all alike; a third number is the step.
    #[schemars(extend("minItems" = 2, "maxItems" = 3, "examples" = [[1, 6]]))]
    pub integer: Option<Field<Vec<Field<i64>>>>,
    /// Numbers of an interval, all alike.
    pub uniform: Option<Field<Uniform>>,
    /// Numbers of an interval, most of them around one.
    pub triangular: Option<Field<Triangular>>,
    /// The beta distribution.
    pub beta: Option<Field<Beta>>,
    /// The exponential distribution.
    pub exponential: Option<Field<Exponential>>,
    /// The gamma distribution.
    pub gamma: Option<Field<Gamma>>,
    /// The normal distribution.
    pub gauss: Option<Field<Gauss>>,
    /// Numbers whose logarithms are of the normal distribution.
    pub lognormal: Option<Field<Lognormal>>,
    /// The Pareto distribution with the scale 1.
    pub pareto: Option<Field<Pareto>>,
    /// The Weibull distribution.
    pub weibull: Option<Field<Weibull>>,
}

/// Numbers of an interval, all alike.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The smallest.
    #[schemars(extend("default" = 0))]
    pub low: Option<Field<f64>>,
    /// The largest, which is never reached.
    #[schemars(extend("default" = 1))]
    pub high: Option<Field<f64>>,
}

/// Numbers of an interval, most of them around `mode`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Triangular {
    /// The smallest.
    #[schemars(extend("default" = 0))]
    pub low: Option<Field<f64>>,
    /// The largest.
    #[schemars(extend("default" = 1))]
    pub high: Option<Field<f64>>,
    /// The likeliest; the middle if absent.
    pub mode: Option<Field<f64>>,
}

/// The beta distribution: numbers between 0 and 1, `alpha / (alpha + beta)` on average.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    /// First shape.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: Field<f64>,
    /// Second shape.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub beta: Field<f64>,
}

/// The exponential distribution: `1 / lambda` on average.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The rate.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub lambda: Field<f64>,
}

/// The gamma distribution: `alpha * beta` on average.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    /// The shape.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: Field<f64>,
    /// The scale.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub beta: Field<f64>,
}

/// The normal distribution.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gauss {
    /// The mean.
    #[schemars(extend("default" = 0))]
    pub mu: Option<Field<f64>>,
    /// The standard deviation.
    #[schemars(range(min = 0), extend("default" = 1))]
    pub sigma: Option<Field<f64>>,
}

/// Numbers whose logarithms are of the normal distribution.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// The mean of the logarithms.
    #[schemars(extend("default" = 0))]
    pub mu: Option<Field<f64>>,
    /// The standard deviation of the logarithms.
    #[schemars(range(min = 0), extend("default" = 1))]
    pub sigma: Option<Field<f64>>,
}

/// The Pareto distribution with the scale 1: numbers of at least 1.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pareto {
    /// The shape.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: Field<f64>,
}

/// The Weibull distribution.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weibull {
    /// The scale.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: Field<f64>,
    /// The shape.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub beta: Field<f64>,
}
