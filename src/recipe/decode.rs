//! A serde deserializer over the tree, with two habits of its own: a [`Field`] receives the
//! place of its value, and an error is recorded at the nearest field, so that decoding goes on behind it.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::codes;
use super::document::{FIELD, Field, TEXT};
use super::node::{Entry, Node, NodeKind, Scalar, Value};
use crate::diagnostic::{Collector, Diagnostic, Span};

/// Decodes a tree. What cannot be decoded is reported and absent.
pub fn decode<T: DeserializeOwned>(node: &Node, findings: &mut Collector) -> Field<T> {
    let findings = RefCell::new(findings);
    let decoder = NodeDecoder { node, findings: &findings };
    // A field turns errors into findings, so there is none left to see.
    <Field<T> as serde::Deserialize>::deserialize(decoder).unwrap_or_else(|_| Field::damaged(node.span))
}

/// Why a value cannot be decoded.
#[derive(Debug)]
struct DecodeError {
    message: String,
    /// It has been reported already: somewhere else, or in an earlier pass.
    silent: bool,
}

impl DecodeError {
    fn silent() -> Self {
        Self { message: String::new(), silent: true }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), silent: false }
    }
}

type Findings<'a> = RefCell<&'a mut Collector>;

#[derive(Clone, Copy)]
struct NodeDecoder<'a> {
    node: &'a Node,
    findings: &'a Findings<'a>,
}

impl<'a> NodeDecoder<'a> {
    fn scalar(&self) -> Result<&'a Scalar, DecodeError> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) => Ok(scalar),
            NodeKind::Damaged => Err(DecodeError::silent()),
            _ => Err(DecodeError::custom(format!("{} where a single value belongs", self.node.describe()))),
        }
    }

    /// An expression's number may be whole without being an integer: `4 / 2` is `2.0`.
    fn integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.scalar()?.value {
            Value::Integer(value) => visitor.visit_i64(value),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 2^53 fits")]
            Value::Float(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                visitor.visit_i64(value as i64)
            }
            _ => self.deserialize_any(visitor),
        }
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDecoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) => match scalar.value {
                Value::Null => visitor.visit_unit(),
                Value::Bool(value) => visitor.visit_bool(value),
                Value::Integer(value) => visitor.visit_i64(value),
                Value::Float(value) => visitor.visit_f64(value),
                Value::Text => visitor.visit_str(&scalar.text),
            },
            NodeKind::Sequence(items) => {
                visitor.visit_seq(Items { items: items.iter(), findings: self.findings })
            }
            NodeKind::Mapping(entries) => {
                visitor.visit_map(Members { entries: entries.iter(), value: None, findings: self.findings })
            }
            NodeKind::Damaged => Err(DecodeError::silent()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) if scalar.value == Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            FIELD => visitor.visit_seq(Parts {
                span: self.node.span,
                next: 0,
                value: self,
                findings: self.findings,
            }),
            TEXT => match &self.node.kind {
                NodeKind::Scalar(scalar) if scalar.value != Value::Null => visitor.visit_str(&scalar.text),
                _ => self.deserialize_any(visitor),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(StrDeserializer::new(&self.scalar()?.text))
    }

    /// Where text is asked for, an expression's number or boolean is taken as text.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) if self.node.computed && scalar.value != Value::Null => {
                visitor.visit_str(&scalar.text)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    integers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    findings: &'a Findings<'a>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.items.next() else { return Ok(None) };
        seed.deserialize(NodeDecoder { node, findings: self.findings }).map(Some)
    }
}

struct Members<'a> {
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
    findings: &'a Findings<'a>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.value);
        seed.deserialize(KeyDecoder { entry, findings: self.findings }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self.value.take().ok_or_else(|| DecodeError::custom("a value without a key"))?;
        seed.deserialize(NodeDecoder { node, findings: self.findings })
    }
}

/// A key: a string with a place.
#[derive(Clone, Copy)]
struct KeyDecoder<'a> {
    entry: &'a Entry,
    findings: &'a Findings<'a>,
}

impl<'de> Deserializer<'de> for KeyDecoder<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(&self.entry.key)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            FIELD => visitor.visit_seq(Parts {
                span: self.entry.key_span,
                next: 0,
                value: self,
                findings: self.findings,
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// What a field asks for: source, start and end of its place, then its value.
struct Parts<'a, D> {
    span: Span,
    next: u8,
    value: D,
    findings: &'a Findings<'a>,
}

impl<'de, D: Deserializer<'de, Error = DecodeError> + Copy> SeqAccess<'de> for Parts<'_, D> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let number = match self.next {
            0 => self.span.source.index(),
            1 => self.span.start,
            2 => self.span.end,
            _ => {
                return seed.deserialize(self.value).map(Some).inspect_err(|error| {
                    if !error.silent {
                        let finding =
                            Diagnostic::new(&codes::INVALID_VALUE, error.message.clone()).at(self.span, "");
                        self.findings.borrow_mut().push(finding);
                    }
                });
            }
        };
        self.next += 1;
        seed.deserialize(number.into_deserializer()).map(Some)
    }
}
