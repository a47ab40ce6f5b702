//! Secrets, and texts that may be secrets.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::{Any, Field, Text};
use crate::batch::model::Confidential;
use crate::secret::SecretRef;

/// Where a secret is found when it is needed. Exactly one of the keys.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SecretReference {
    /// Name of an environment variable of the process that applies the recipe.
    #[schemars(length(min = 1), example = &"ACR_PASSWORD")]
    pub env: Option<Field<String>>,
    /// Path of a file; relative paths start at the recipe's folder. A final line break is dropped.
    #[schemars(length(min = 1), example = &"secrets/acr-password")]
    pub file: Option<Field<String>>,
    /// URL of a secret in an Azure Key Vault. This version does not read them yet: use `env` or `file`.
    #[schemars(
        regex(pattern = r"^https://[^/]+/secrets/[^/]+"),
        example = &"https://myvault.vault.azure.net/secrets/acr-password",
        extend("patternErrorMessage" = "expected the URL of a secret: https://<vault>/secrets/<name>")
    )]
    pub key_vault: Option<Field<String>>,
}

impl SecretReference {
    /// The reference, unless one of its parts could not be understood.
    pub fn reference(&self) -> Option<SecretRef> {
        let Self { env, file, key_vault } = self;
        match (env, file, key_vault) {
            (Some(name), None, None) => Some(SecretRef::Env(name.get()?.clone())),
            (None, Some(path), None) => Some(SecretRef::File(path.get()?.clone())),
            (None, None, Some(url)) => Some(SecretRef::KeyVault(url.get()?.clone())),
            _ => None,
        }
    }
}

impl Serialize for SecretReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reference = self.reference().ok_or_else(|| S::Error::custom("not exactly one key"))?;
        Confidential::from(reference).serialize(serializer)
    }
}

/// A text that anyone may read, or a secret.
#[derive(Debug, Clone, PartialEq)]
pub enum TextOrSecret {
    /// Text that anyone may read.
    Plain(String),
    /// A secret, found just before it is sent.
    Secret(SecretReference),
}

impl Serialize for TextOrSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            Self::Secret(reference) => reference.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TextOrSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(super::TEXT, ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = TextOrSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a reference to a secret")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TextOrSecret, E> {
        Ok(TextOrSecret::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextOrSecret, A::Error> {
        SecretReference::deserialize(MapAccessDeserializer::new(map)).map(TextOrSecret::Secret)
    }
}

impl JsonSchema for TextOrSecret {
    fn schema_name() -> Cow<'static, str> {
        "TextOrSecret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text, or a reference to a secret.",
            "anyOf": [generator.subschema_for::<Text>(), generator.subschema_for::<SecretReference>()],
        })
    }
}

/// A URL, or a reference to one that holds a signature.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, Serialize)]
#[serde(transparent)]
pub struct UrlOrSecret(pub TextOrSecret);

impl JsonSchema for UrlOrSecret {
    fn schema_name() -> Cow<'static, str> {
        "UrlOrSecret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A URL, or a reference to a secret that is one: whoever knows a URL with a signature can use it.",
            "anyOf": [
                {
                    "type": "string",
                    "pattern": "^https?://[^\\s]+$",
                    "patternErrorMessage": "expected a URL: https://…",
                },
                generator.subschema_for::<SecretReference>(),
            ],
        })
    }
}

/// Settings of an extension that nobody may read. Their shape is the extension's own; a map with exactly one of the keys `env`,
/// `file` and `key_vault` is a reference to a secret, wherever it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtectedSettings(pub serde_json::Map<String, serde_json::Value>);

impl<'de> Deserialize<'de> for ProtectedSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Any::deserialize(deserializer)?.0 {
            serde_json::Value::Object(settings) => Ok(Self(settings)),
            _ => Err(D::Error::custom("expected a map")),
        }
    }
}

impl Serialize for ProtectedSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, mark_references(value))))
    }
}

/// The same value with references in the form that they have in requests.
fn mark_references(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => match serde_json::from_value::<SecretRef>(value.clone()) {
            Ok(reference) => serde_json::to_value(Confidential::from(reference)).unwrap_or_default(),
            Err(_) => members.iter().map(|(name, member)| (name.clone(), mark_references(member))).collect(),
        },
        Value::Array(items) => items.iter().map(mark_references).collect(),
        other => other.clone(),
    }
}

impl JsonSchema for ProtectedSettings {
    fn schema_name() -> Cow<'static, str> {
        "ProtectedSettings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Settings as the extension wants them. A map with exactly one of the keys `env`, `file` and \
                            `key_vault` is a reference to a secret, wherever it stands.",
            "type": "object",
            "examples": [{ "commandToExecute": "setup.sh", "storageAccountKey": { "env": "STORAGE_KEY" } }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_found_at_any_depth_of_protected_settings() {
        let settings =
            json!({ "a": { "env": "A" }, "b": [{ "c": { "file": "f" } }], "d": { "env": "x", "other": 1 } });
        let settings: ProtectedSettings = serde_json::from_value(settings).unwrap();
        assert_eq!(
            serde_json::to_value(&settings).unwrap(),
            json!({
                "a": { "$secret": { "env": "A" } },
                "b": [{ "c": { "$secret": { "file": "f" } } }],
                "d": { "env": "x", "other": 1 },
            })
        );
    }
}
