//! Commands.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::{Field, TEXT, Text};
use crate::batch::command_line;

/// The command of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A line that is split at blanks, with quotes as in a shell.
    Line(String),
    /// The program and its arguments.
    Arguments(Vec<Field<Text>>),
}

impl Command {
    /// The one line that Batch takes: a list is quoted so that splitting the line gives back the list. `None` if a part could not
    /// be understood.
    pub fn line(&self) -> Option<String> {
        match self {
            Self::Line(line) => Some(line.trim().to_owned()),
            Self::Arguments(arguments) => {
                let arguments: Option<Vec<&str>> =
                    arguments.iter().map(|argument| argument.get().map(|text| text.0.as_str())).collect();
                Some(command_line::join(&arguments?))
            }
        }
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = self.line().ok_or_else(|| S::Error::custom("an argument that could not be understood"))?;
        serializer.serialize_str(&line)
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT, CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = Command;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list")
    }

    fn visit_str<E: Error>(self, line: &str) -> Result<Command, E> {
        Ok(Command::Line(line.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Command, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Command::Arguments)
    }
}

impl JsonSchema for Command {
    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A program and its arguments, as a list or as one line that is split at blanks.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": generator.subschema_for::<Text>() }],
            "examples": [["python", "/app/train.py", "--lr=0.1"], "python /app/train.py --lr=0.1"],
        })
    }
}
