//! A value and its place, or the fact that there is no usable one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::diagnostic::{SourceId, Span};

/// The name by which [`Field`] asks the tree's deserializer for a value's place.
pub const FIELD: &str = "$batchyard::Field";

/// A value of the recipe and where it stands. A value that could not be understood has been reported already; it is
/// absent here so that later passes go on without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<T> {
    span: Span,
    value: Option<T>,
}

impl<T> Field<T> {
    /// A usable value.
    pub fn new(span: Span, value: T) -> Self {
        Self { span, value: Some(value) }
    }

    /// No usable value; why has been reported.
    pub fn damaged(span: Span) -> Self {
        Self { span, value: None }
    }

    /// Where it stands. Meaningless for a required value that is missing altogether.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The value, if it could be understood.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

/// An optional value: absent stays absent, present must be understood.
pub fn optional<T: Clone>(field: Option<&Field<T>>) -> Option<Option<T>> {
    match field {
        Some(field) => field.get().cloned().map(Some),
        None => Some(None),
    }
}

/// A field is written as its value; one without a usable value cannot be written.
impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Some(value) => value.serialize(serializer),
            None => Err(S::Error::custom("a value that could not be understood")),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(PresenceVisitor(PhantomData))
    }
}

/// Serde asks a missing field whether it is optional; that is how a missing required value becomes a damaged one.
struct PresenceVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PresenceVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the recipe")
    }

    fn visit_none<E>(self) -> Result<Field<T>, E> {
        Ok(Field { span: Span::new(SourceId::default(), 0, 0), value: None })
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<T>, D::Error> {
        deserializer.deserialize_newtype_struct(FIELD, PartsVisitor(PhantomData))
    }
}

/// Receives source, start and end of the place, then the value.
struct PartsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PartsVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Field<T>, A::Error> {
        let mut number =
            || parts.next_element::<u32>()?.ok_or_else(|| A::Error::custom("a value without a place"));
        let (source, start, end) = (number()?, number()?, number()?);
        let span = Span { source: SourceId::from_index(source), start, end };
        // The deserializer has reported why, if there is no value.
        Ok(Field { span, value: parts.next_element().ok().flatten() })
    }
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
