//! Lists, factories, and factories of factories.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::random::RandomValues;
use super::selection::{BlobSelection, FileSelection};
use crate::recipe::document::{Any, Entries, Field, NamedEntry};

/// The keys of [`Factory`]: words that no key of a product may have as its name.
pub const WORDS: [&str; 11] = [
    "range",
    "repeat",
    "list",
    "product",
    "zip",
    "combinations",
    "permutations",
    "random",
    "matrix",
    "files",
    "blobs",
];

/// What the keys of products look like.
const NAME_PATTERN: &str = "^(?!(?:range|repeat|list|product|zip|combinations|permutations|random|matrix|files|blobs)$)[a-z][a-z0-9_]*$";
const NAME_MESSAGE: &str = "the name of a value has lower-case letters, digits and underscores, and is no word that the language keeps for itself";

/// Values made by a rule. Exactly one of the keys.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1, "additionalProperties" = false))]
pub struct Factory {
    /// Integers from the first to the last, both included; a third number is the step.
    #[schemars(extend("minItems" = 2, "maxItems" = 3, "examples" = [[1, 10], [0, 100, 10]]))]
    pub range: Option<Field<Vec<Field<i64>>>>,
    /// So many times the same: the values are the numbers from 1.
    #[schemars(range(min = 0))]
    pub repeat: Option<Field<u64>>,
    /// These values.
    pub list: Option<Field<Vec<Any>>>,
    /// Every combination of the values of its keys; the last key changes fastest.
    #[schemars(extend("minProperties" = 1, "propertyNames" = names()))]
    pub product: Option<Field<Entries<Values>>>,
    /// The first values of all keys, then the second ones, and so on; all keys have equally many.
    #[schemars(extend(
        "minProperties" = 1,
        "propertyNames" = names(),
        "examples" = [{ "city": ["Bern", "Oslo"], "zone": ["CET", "CEST"] }],
    ))]
    pub zip: Option<Field<Entries<Values>>>,
    /// Every choice of some of the values, in whatever order they stand.
    pub combinations: Option<Field<Combinations>>,
    /// Every choice of some of the values in every order.
    pub permutations: Option<Field<Permutations>>,
    /// Random numbers: the same ones in every run and on every machine.
    pub random: Option<Field<RandomValues>>,
    /// Every combination of the values of its keys, less those that match an entry of `exclude`, with what the entries of
    /// `include` add.
    pub matrix: Option<Field<Matrix>>,
    /// The files under the recipe's folder whose paths match, in the order of their paths.
    pub files: Option<Field<FileSelection>>,
    /// The blobs of a container whose names match, in the order of their names.
    pub blobs: Option<Field<BlobSelection>>,
}

/// Every choice of `length` of the values; the order of the values is kept.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "of": ["a", "b", "c"], "length": 2 }]))]
pub struct Combinations {
    /// The values to choose from.
    pub of: Box<Field<Values>>,
    /// How many are chosen.
    #[schemars(range(min = 1, max = 100))]
    pub length: Field<u32>,
    /// Whether a value may be chosen more than once.
    #[schemars(extend("default" = false))]
    pub replacement: Option<Field<bool>>,
}

/// Every choice of `length` of the values, in every order.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "of": ["a", "b", "c"], "length": 2 }]))]
pub struct Permutations {
    /// The values to choose from.
    pub of: Box<Field<Values>>,
    /// How many are chosen; all if absent.
    #[schemars(range(min = 1, max = 100))]
    pub length: Option<Field<u32>>,
}

/// The values of one key.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// These.
    List(Vec<Any>),
    /// Made by a rule.
    Factory(Box<Factory>),
}

/// Axes, and corrections to their product.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// The axes.
    pub axes: Vec<NamedEntry<Values>>,
    /// Maps that are added to the combinations they agree with, or are combinations of their own.
    pub include: Option<Field<Vec<Field<Entries<Any>>>>>,
    /// Maps; combinations that agree with one of them are left out.
    pub exclude: Option<Field<Vec<Field<Entries<Any>>>>>,
}

/// What the keys of products look like.
pub(super) fn names() -> serde_json::Value {
    serde_json::json!({ "pattern": NAME_PATTERN, "patternErrorMessage": NAME_MESSAGE })
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

pub(super) struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a factory")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Values, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Values::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Values, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Values::Factory)
    }
}

impl<'de> Deserialize<'de> for Matrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MatrixVisitor)
    }
}

struct MatrixVisitor;

impl<'de> Visitor<'de> for MatrixVisitor {
    type Value = Matrix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Matrix, A::Error> {
        let mut matrix = Matrix::default();
        while let Some(key) = map.next_key::<Field<String>>()? {
            match key.get().map(String::as_str) {
                Some("include") => matrix.include = map.next_value()?,
                Some("exclude") => matrix.exclude = map.next_value()?,
                _ => matrix.axes.push(NamedEntry::of(&key, map.next_value()?)),
            }
        }
        Ok(matrix)
    }
}

impl JsonSchema for Values {
    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list of values, or a factory that makes them.",
            "anyOf": [{ "type": "array" }, generator.subschema_for::<Factory>()],
        })
    }
}

impl JsonSchema for Matrix {
    fn schema_name() -> Cow<'static, str> {
        "Matrix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let maps = json_schema!({ "type": "array", "items": { "type": "object", "minProperties": 1 } });
        let described = |text: &str| {
            let mut schema = maps.clone();
            schema.insert("description".to_owned(), text.into());
            schema
        };
        json_schema!({
            "description": "Axes, and corrections to their product.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": names(),
            "properties": {
                "include": described(
                    "Maps, each added to every combination whose axes have the same values; a map that agrees with none \
                     is a combination of its own."
                ),
                "exclude": described("Maps; a combination that has all values of one of them is left out."),
            },
            "additionalProperties": generator.subschema_for::<Values>(),
            "examples": [{
                "os": ["linux", "windows"],
                "python": ["3.12", "3.13"],
                "exclude": [{ "os": "windows", "python": "3.13" }],
                "include": [{ "os": "linux", "python": "3.14", "experimental": true }],
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_keys_of_the_factory() {
        let schema = schemars::schema_for!(Factory).to_value();
        let mut keys: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut words = WORDS;
        keys.sort_unstable();
        words.sort_unstable();
        assert_eq!(keys, words);
        assert!(NAME_PATTERN.contains(&WORDS.join("|")), "{NAME_PATTERN}");
    }
}
