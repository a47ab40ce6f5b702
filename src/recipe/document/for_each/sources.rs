//! The two ways to say what `for_each` goes over.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::factory::{Factory, Values, ValuesVisitor, WORDS, names};
use crate::recipe::document::{Entries, Field, NamedEntry};

/// What `for_each` goes over: a list, a factory, or keys with a list or factory each, which stand for all combinations.
#[derive(Debug, Clone, PartialEq)]
pub enum ForEach {
    /// One source; `item` is its value.
    Values(Values),
    /// All combinations of the values of these keys; `item` has a member for each.
    Product(Entries<Values>),
}

impl<'de> Deserialize<'de> for ForEach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ForEachVisitor)
    }
}

struct ForEachVisitor;

impl<'de> Visitor<'de> for ForEachVisitor {
    type Value = ForEach;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ForEach, A::Error> {
        ValuesVisitor.visit_seq(items).map(ForEach::Values)
    }

    /// The first key tells the two kinds of map apart: no name is a word.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ForEach, A::Error> {
        let Some(first) = map.next_key::<Field<String>>()? else {
            return Err(A::Error::custom("an empty map says nothing"));
        };
        let word = first.get().and_then(|key| WORDS.into_iter().find(|word| word == key));
        if let Some(word) = word {
            let map = Ahead { word: Some(word), rest: map };
            return ValuesVisitor.visit_map(map).map(ForEach::Values);
        }
        let mut entries = vec![NamedEntry::of(&first, map.next_value()?)];
        while let Some((key, value)) = map.next_entry::<Field<String>, Field<Values>>()? {
            entries.push(NamedEntry::of(&key, value));
        }
        Ok(ForEach::Product(entries.into_iter().collect()))
    }
}

/// A map of which the first key has been read already.
struct Ahead<A> {
    word: Option<&'static str>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Ahead<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.word.take() {
            Some(word) => seed.deserialize(serde::de::value::StrDeserializer::new(word)).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.rest.next_value_seed(seed)
    }
}

impl JsonSchema for ForEach {
    fn schema_name() -> Cow<'static, str> {
        "ForEach".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list or a factory, whose values expressions know as `item`; or names with a list or \
                            factory each, of which every combination is made: `item.<name>`.",
            "anyOf": [
                { "type": "array" },
                generator.subschema_for::<Factory>(),
                {
                    "type": "object",
                    "description": "Every combination of the values of these names; the last one changes fastest.",
                    "minProperties": 1,
                    "propertyNames": names(),
                    "additionalProperties": generator.subschema_for::<Values>(),
                },
            ],
            "examples": [
                { "seed": { "range": [1, 10] }, "model": ["small", "large"] },
                { "files": "data/*.csv" },
                { "repeat": 100 },
            ],
        })
    }
}
