//! Values of expressions to values of recipes, and back.

use minijinja::Value;
use minijinja::value::ValueKind;
use serde_json::{Map, Value as Json};

/// The most values that an expression may produce.
const MOST_VALUES: usize = 100_000;
/// The most bytes of all texts that an expression may produce.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// The deepest nesting of what an expression produces.
const DEEPEST: usize = 32;

/// The value of a recipe that an expression has produced; an error says why it is none.
pub(super) fn to_json(value: &Value) -> Result<Json, String> {
    Conversion { values: MOST_VALUES, bytes: MOST_BYTES }.convert(value, 0)
}

/// A value inside text, as YAML and JSON write it.
pub(super) fn as_text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// How much may still be produced. A list may hold one long text many times, at no cost to the engine.
struct Conversion {
    values: usize,
    bytes: usize,
}

impl Conversion {
    fn convert(&mut self, value: &Value, depth: usize) -> Result<Json, String> {
        self.values = self
            .values
            .checked_sub(1)
            .ok_or_else(|| format!("the expression produces more than {MOST_VALUES} values"))?;
        if depth > DEEPEST {
            return Err(format!("the expression produces values nested deeper than {DEEPEST} levels"));
        }
        match value.kind() {
            ValueKind::Undefined => Err("the expression has no value".to_owned()),
            ValueKind::None => Ok(Json::Null),
            ValueKind::Bool => Ok(Json::Bool(value.is_true())),
            ValueKind::Number => number(value),
            ValueKind::String => self.text(value.as_str().unwrap_or_default()).map(Json::String),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| error.to_string())?;
                items.map(|item| self.convert(&item, depth + 1)).collect()
            }
            ValueKind::Map => {
                let mut map = Map::new();
                for key in value.try_iter().map_err(|error| error.to_string())? {
                    let name =
                        key.as_str().ok_or("the expression produces a map with a key that is no string")?;
                    let member = value.get_item(&key).map_err(|error| error.to_string())?;
                    map.insert(self.text(name)?, self.convert(&member, depth + 1)?);
                }
                Ok(Json::Object(map))
            }
            other => Err(format!("the expression produces something that is no value of a recipe: {other}")),
        }
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        self.bytes = self
            .bytes
            .checked_sub(text.len())
            .ok_or_else(|| format!("the expression produces more than {} MiB of text", MOST_BYTES >> 20))?;
        Ok(text.to_owned())
    }
}

fn number(value: &Value) -> Result<Json, String> {
    if value.is_integer() {
        return value.as_i64().map(Json::from).ok_or_else(|| format!("the integer {value} is out of range"));
    }
    let number = f64::try_from(value.clone()).ok().and_then(serde_json::Number::from_f64);
    number.map(Json::Number).ok_or_else(|| format!("{value} is not a finite number"))
}

/// A value that expressions can use.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::from(value),
            (None, value) => Value::from(value.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json).collect(),
        Json::Object(entries) => {
            Value::from_pairs(entries.iter().map(|(key, value)| (key.clone(), from_json(value))))
        }
    }
}
