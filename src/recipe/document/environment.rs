//! Environment variables.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::{Entries, SecretReference, Text};

/// Environment variables by name.
pub type Environment = Entries<EnvironmentValue>;

/// What the names of environment variables look like.
pub(super) fn names() -> serde_json::Value {
    serde_json::json!({
        "pattern": "^[^=\\s]+$",
        "patternErrorMessage": "the name of an environment variable has neither `=` nor blanks",
    })
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq)]
pub enum EnvironmentValue {
    /// Text that anyone may read.
    Plain(String),
    /// A secret, found when the task is submitted.
    Secret(SecretReference),
}

impl<'de> Deserialize<'de> for EnvironmentValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(super::TEXT, ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = EnvironmentValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a reference to a secret")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<EnvironmentValue, E> {
        Ok(EnvironmentValue::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EnvironmentValue, A::Error> {
        SecretReference::deserialize(MapAccessDeserializer::new(map)).map(EnvironmentValue::Secret)
    }
}

impl JsonSchema for EnvironmentValue {
    fn schema_name() -> Cow<'static, str> {
        "EnvironmentValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text, or a reference to a secret.",
            "anyOf": [generator.subschema_for::<Text>(), generator.subschema_for::<SecretReference>()],
        })
    }
}
