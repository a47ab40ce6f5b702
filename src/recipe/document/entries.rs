//! Maps whose keys are the names of their members.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::Field;
use crate::batch::model::SECRET_MARKER;
use crate::diagnostic::Span;

/// A map from names to members, in the order of the recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<T>(Vec<NamedEntry<T>>);

/// A member of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedEntry<T> {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The member.
    pub value: Field<T>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    /// The members in the order of the recipe.
    pub fn iter(&self) -> std::slice::Iter<'_, NamedEntry<T>> {
        self.0.iter()
    }
}

impl<T> NamedEntry<T> {
    /// A member under a key.
    pub fn of(key: &Field<String>, value: Field<T>) -> Self {
        Self { name: key.get().cloned().unwrap_or_default(), name_span: key.span(), value }
    }
}

impl<T> FromIterator<NamedEntry<T>> for Entries<T> {
    fn from_iter<I: IntoIterator<Item = NamedEntry<T>>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// The members of a map that may be absent.
pub fn entries<T>(field: Option<&Field<Entries<T>>>) -> &[NamedEntry<T>] {
    field.and_then(Field::get).map_or(&[], |entries| &entries.0)
}

/// Requests have no maps with names of one's own as keys: they hold lists whose members have a `name`, and a `value` unless they
/// are objects themselves.
impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let list: Result<Vec<Value>, S::Error> = self
            .iter()
            .map(|entry| {
                let name = ("name".to_owned(), Value::from(entry.name.as_str()));
                let members = match serde_json::to_value(&entry.value).map_err(S::Error::custom)? {
                    Value::Object(members) if !members.contains_key(SECRET_MARKER) => members,
                    value => Map::from_iter([("value".to_owned(), value)]),
                };
                Ok(Value::Object([name].into_iter().chain(members).collect()))
            })
            .collect();
        list?.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Field<String>, Field<T>>()? {
            entries.push(NamedEntry::of(&key, value));
        }
        Ok(Entries(entries))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}
