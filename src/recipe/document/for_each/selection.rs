//! Choices of files and of blobs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::diagnostic::Span;
use crate::recipe::document::Field;

/// Which files.
#[derive(Debug, Clone, PartialEq)]
pub enum FileSelection {
    /// Those whose paths match.
    Matching(Patterns),
    /// Those whose paths match, with exceptions.
    Except(FilePatterns),
}

/// Which files, with exceptions.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilePatterns {
    /// Patterns of which a file's path must match one.
    pub include: Field<Patterns>,
    /// Patterns of which a file's path may match none.
    pub exclude: Option<Field<Patterns>>,
}

/// Which blobs of a container.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "container": "https://myaccount.blob.core.windows.net/input",
    "prefix": "images/",
    "include": "**/*.png",
}]))]
pub struct BlobSelection {
    /// The URL of the container, without a signature: what it takes to read it is no part of a recipe.
    #[schemars(
        regex(pattern = r"^https?://[^/?#]+/[^?#]+$"),
        extend("patternErrorMessage" = "expected the URL of a container without `?` and what follows it: \
                                        https://<account>.blob.core.windows.net/<container>")
    )]
    pub container: Field<String>,
    /// What the names begin with: only these are listed.
    pub prefix: Option<Field<String>>,
    /// Patterns of which a blob's name must match one; all if absent.
    pub include: Option<Field<Patterns>>,
    /// Patterns of which a blob's name may match none.
    pub exclude: Option<Field<Patterns>>,
}

/// One or more patterns of paths: `*` and `?` stay inside a folder, `**` goes through all folders.
#[derive(Debug, Clone, PartialEq)]
pub enum Patterns {
    /// One, whose place is that of the whole.
    One(String),
    /// Several.
    Several(Vec<Field<String>>),
}

impl Patterns {
    /// The patterns with their places; `whole` is the place of all of them.
    pub fn placed(&self, whole: Span) -> Vec<(&str, Span)> {
        match self {
            Self::One(pattern) => vec![(pattern, whole)],
            Self::Several(patterns) => patterns
                .iter()
                .filter_map(|pattern| Some((pattern.get()?.as_str(), pattern.span())))
                .collect(),
        }
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternsVisitor)
    }
}

struct PatternsVisitor;

impl<'de> Visitor<'de> for PatternsVisitor {
    type Value = Patterns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern or a list of patterns")
    }

    fn visit_str<E: Error>(self, pattern: &str) -> Result<Patterns, E> {
        Ok(Patterns::One(pattern.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Patterns, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Patterns::Several)
    }
}

impl<'de> Deserialize<'de> for FileSelection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FileSelectionVisitor)
    }
}

struct FileSelectionVisitor;

impl<'de> Visitor<'de> for FileSelectionVisitor {
    type Value = FileSelection;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern, a list of patterns, or a map")
    }

    fn visit_str<E: Error>(self, pattern: &str) -> Result<FileSelection, E> {
        PatternsVisitor.visit_str(pattern).map(FileSelection::Matching)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<FileSelection, A::Error> {
        PatternsVisitor.visit_seq(items).map(FileSelection::Matching)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileSelection, A::Error> {
        FilePatterns::deserialize(MapAccessDeserializer::new(map)).map(FileSelection::Except)
    }
}

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A pattern of paths or a list of them: `*` and `?` stay inside a folder, `**` goes through \
                            all folders.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
            ],
            "examples": ["data/*.csv", ["**/*.png", "**/*.jpg"]],
        })
    }
}

impl JsonSchema for FileSelection {
    fn schema_name() -> Cow<'static, str> {
        "FileSelection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The files under the recipe's folder whose paths match, in the order of their paths.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
                generator.subschema_for::<FilePatterns>(),
            ],
            "examples": ["data/*.csv", { "include": "**/*.csv", "exclude": "old/**" }],
        })
    }
}
