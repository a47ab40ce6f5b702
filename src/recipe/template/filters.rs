//! The filters that the engine does not bring along.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde_json::Value as Json;

use super::convert::{as_text, from_json, to_json};
use crate::recipe::document::{DurationText, SizeText};
use crate::recipe::files::{basename, dirname, extension, stem};

/// All filters, ours and the engine's, for "did you mean".
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "basename",
    "batch",
    "bool",
    "bytes",
    "capitalize",
    "chain",
    "count",
    "default",
    "dictsort",
    "digest",
    "dirname",
    "extension",
    "first",
    "float",
    "format",
    "fromjson",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "seconds",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "stem",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];

pub(super) fn add_to(engine: &mut Environment<'static>) {
    engine.add_filter("basename", |path: &str| basename(path).to_owned());
    engine.add_filter("dirname", |path: &str| dirname(path).to_owned());
    engine.add_filter("stem", |path: &str| stem(path).to_owned());
    engine.add_filter("extension", |path: &str| extension(path).to_owned());
    engine.add_filter("digest", digest);
    engine.add_filter("tojson", tojson);
    engine.add_filter("fromjson", fromjson);
    engine.add_filter("seconds", seconds);
    engine.add_filter("bytes", bytes);
}

/// The BLAKE3 hash of a text, in 64 hexadecimal digits.
fn digest(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => {
            let text = as_text(to_json(value).map_err(invalid)?);
            Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
        }
        other => Err(invalid(format!("`digest` takes a text, not a {other}; `tojson` makes one of it"))),
    }
}

/// The value as JSON, on one line. Unlike templates of web pages, nothing is escaped that JSON leaves alone.
fn tojson(value: &Value) -> Result<String, Error> {
    Ok(to_json(value).map_err(invalid)?.to_string())
}

/// The value that a JSON text stands for.
fn fromjson(text: &str) -> Result<Value, Error> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| invalid(format!("this is no JSON: {error}")))?;
    Ok(from_json(&json))
}

/// The seconds of a duration: `1h30m` is 5400.
fn seconds(value: &Value) -> Result<Value, Error> {
    let text = value.as_str().ok_or_else(|| invalid("`seconds` takes a duration such as 1h30m"))?;
    let duration = DurationText::parse(text).ok_or_else(|| invalid(DurationText::EXPECTED))?.0;
    Ok(match (duration.subsec_nanos(), i64::try_from(duration.as_secs())) {
        (0, Ok(whole)) => Value::from(whole),
        _ => Value::from(duration.as_secs_f64()),
    })
}

/// The bytes of a size: `1KiB` is 1024.
fn bytes(value: &Value) -> Result<Value, Error> {
    if value.is_integer() {
        return Ok(value.clone());
    }
    let text = value.as_str().ok_or_else(|| invalid("`bytes` takes a size such as 512MiB"))?;
    Ok(Value::from(SizeText::parse(text).ok_or_else(|| invalid(SizeText::EXPECTED))?.0))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
