//! Parameters.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
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
    /// The smallest number, duration or size allowed; of a list, for each of its values.
    pub minimum: Option<Field<Bound>>,
    /// The largest number, duration or size allowed; of a list, for each of its values.
    pub maximum: Option<Field<Bound>>,
    /// A regular expression that the whole string, or every string of the list, must match.
    pub pattern: Option<Field<String>>,
    /// The only values allowed; of a list, for each of its values.
    #[schemars(extend("minItems" = 1))]
    pub one_of: Option<Field<Vec<Any>>>,
    /// The fewest characters of the string, or of every string of the list.
    pub min_length: Option<Field<u32>>,
    /// The most characters of the string, or of every string of the list.
    pub max_length: Option<Field<u32>>,
    /// The fewest values of the list.
    pub min_items: Option<Field<u32>>,
    /// The most values of the list.
    pub max_items: Option<Field<u32>>,
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
    /// A length of time: `90s`, `2h`, `1h30m`, `PT2H`. The filter `seconds` makes it a number.
    Duration,
    /// A number of bytes: `512MiB`, `1.5 GB`, `1024`. The filter `bytes` makes it a number.
    Size,
    /// One of the values that `one_of` lists.
    Enum,
    /// A list.
    Array,
    /// A map.
    Object,
    /// A reference to a secret: `{ env: NAME }` or `{ file: PATH }`; never its value.
    Secret,
}

/// A limit: a number, a duration or a size, as the parameter is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A duration or a size as text.
    Text(String),
}

impl JsonSchema for Bound {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "examples": [1, "10m", "1GiB"] })
    }
}

impl ParameterType {
    /// What it is, in a message.
    pub fn describe(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Duration => "a duration",
            Self::Size => "a size",
            Self::Enum => "an enum",
            Self::Array => "a list",
            Self::Object => "a map",
            Self::Secret => "a secret",
        }
    }
}
