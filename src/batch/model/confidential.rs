//! Texts that must not be seen.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::secret::{Secret, SecretRef};

/// The key under which a reference stands where its value will be.
pub const SECRET_MARKER: &str = "$secret";

/// A text that must not be seen: a password, a key, a URL with a signature in it. Requests and the service's own store hold the
/// value; recipes, plans and digests hold a reference, which becomes a value just before a request is sent.
///
/// Written as JSON a value is a string, which is the one way by which secrets leave the program, and a reference is
/// `{"$secret": {"env": "NAME"}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confidential {
    /// The text itself.
    Value(Secret),
    /// Where it is found.
    Reference(SecretRef),
}

impl Confidential {
    /// A text that is at hand.
    pub fn value(text: impl Into<String>) -> Self {
        Self::Value(Secret::new(text))
    }

    /// Where it is kept, if it is not at hand.
    pub fn reference(&self) -> Option<&SecretRef> {
        match self {
            Self::Value(_) => None,
            Self::Reference(reference) => Some(reference),
        }
    }

    /// The text, if it is at hand. See [`Secret::expose`].
    pub fn expose(&self) -> Option<&str> {
        match self {
            Self::Value(secret) => Some(secret.expose()),
            Self::Reference(_) => None,
        }
    }
}

impl From<Secret> for Confidential {
    fn from(secret: Secret) -> Self {
        Self::Value(secret)
    }
}

impl From<SecretRef> for Confidential {
    fn from(reference: SecretRef) -> Self {
        Self::Reference(reference)
    }
}

impl Serialize for Confidential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(secret) => serializer.serialize_str(secret.expose()),
            Self::Reference(reference) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(SECRET_MARKER, reference)?;
                map.end()
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Value(String),
    Reference {
        #[serde(rename = "$secret")]
        reference: SecretRef,
    },
}

impl<'de> Deserialize<'de> for Confidential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text of an error must not quote what was there.
        match Written::deserialize(deserializer) {
            Ok(Written::Value(text)) => Ok(Self::value(text)),
            Ok(Written::Reference { reference }) => Ok(Self::Reference(reference)),
            Err(_) => Err(D::Error::custom("expected a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_strings_and_references_are_marked() {
        let value = Confidential::value("hunter2");
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""hunter2""#);
        assert_eq!(format!("{value:?}"), "Value([redacted])");
        let reference = Confidential::from(SecretRef::Env("KEY".into()));
        let json = serde_json::to_string(&reference).unwrap();
        assert_eq!(json, r#"{"$secret":{"env":"KEY"}}"#);
        assert_eq!(serde_json::from_str::<Confidential>(&json).unwrap(), reference);
        let error = serde_json::from_str::<Confidential>(r#"{"hunter2": 1}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
