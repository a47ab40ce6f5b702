//! Words that stand for values of the REST API.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::batch::wire_enum::WireEnum;

/// One of the values of a wire enumeration, written in `snake_case`: `non_admin` for `nonadmin`. The values and what they mean
/// are those of the enumeration; nothing is listed twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<T> {
    wire: &'static str,
    of: PhantomData<T>,
}

impl<T: WireEnum> Word<T> {
    /// The value on the wire.
    pub fn value(&self) -> T {
        T::from(self.wire)
    }

    /// The words and what they mean, in the order of the enumeration.
    fn all() -> impl Iterator<Item = (String, &'static str, &'static str)> {
        T::VALUES.iter().map(|value| (snake_case(value.variant), value.wire, value.meaning.trim()))
    }
}

/// `OsDisk` → `os_disk`.
fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

impl<T> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.wire)
    }
}

impl<'de, T: WireEnum> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::all().find(|(word, ..)| *word == text);
        let (_, wire, _) = found.ok_or_else(|| {
            let words: Vec<String> = Self::all().map(|(word, ..)| format!("`{word}`")).collect();
            D::Error::custom(format!("must be one of {}", words.join(", ")))
        })?;
        Ok(Self { wire, of: PhantomData })
    }
}

impl<T: WireEnum> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = Self::all()
            .map(|(word, _, meaning)| json_schema!({ "type": "string", "const": word, "description": meaning }))
            .collect();
        json_schema!({ "oneOf": words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::{DiskEncryptionTarget, ElevationLevel, IPFamily};

    #[test]
    fn words_are_snake_case_and_stand_for_values_of_the_wire() {
        let read = serde_json::from_str::<Word<ElevationLevel>>;
        assert_eq!(read("\"non_admin\"").unwrap().value(), ElevationLevel::NonAdmin);
        assert_eq!(serde_json::to_string(&read("\"non_admin\"").unwrap()).unwrap(), "\"nonadmin\"");
        let error = read("\"nonadmin\"").unwrap_err().to_string();
        assert!(error.starts_with("must be one of `non_admin`, `admin`"), "{error}");
        assert!(serde_json::from_str::<Word<DiskEncryptionTarget>>("\"os_disk\"").is_ok());
        assert!(serde_json::from_str::<Word<IPFamily>>("\"ipv4\"").is_ok());
    }
}
