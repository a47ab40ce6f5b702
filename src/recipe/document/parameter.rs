//! Parameters.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Any, Field};

/// A parameter: a value that may differ from run to run. Expressions know it as `params.<name>`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: Field<ParameterType>,
    /// What it is for.
    pub description: Option<Field<String>>,
    /// Its value when none is given. A parameter without a default must be given a value.
    pub default: Option<Field<Any>>,
    /// The smallest number allowed.
    pub minimum: Option<Field<f64>>,
    /// The largest number allowed.
    pub maximum: Option<Field<f64>>,
    /// A regular expression that the whole string, or every string of the list, must match.
    pub pattern: Option<Field<String>>,
    /// The only values allowed.
    #[schemars(extend("minItems" = 1))]
    pub one_of: Option<Field<Vec<Any>>>,
    /// What kind of values a list has; any if absent.
    pub items: Option<Field<ParameterType>>,
}

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A map.
    Object,
}

impl ParameterType {
    /// What it is, in a message.
    pub fn describe(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "a list",
            Self::Object => "a map",
        }
    }
}
