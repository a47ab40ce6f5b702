//! What all documents have in common.

use serde_json::{Map, Value, json};

/// The version of all documents; the first number changes when a reader would break.
pub const FORMAT_VERSION: &str = "1.0";

/// A document of a kind: its members, and by which version they are to be read.
pub fn document(kind: &str, members: Value) -> Value {
    let mut document = Map::new();
    document.insert("format_version".to_owned(), json!(FORMAT_VERSION));
    document.insert("type".to_owned(), json!(kind));
    if let Value::Object(members) = members {
        document.extend(members);
    }
    Value::Object(document)
}

/// The first line of a stream. The lines after it are of its version and don't repeat it.
pub fn begin(command: &str) -> Value {
    document("begin", json!({ "command": command, "tool": tool() }))
}

/// The program and its version.
pub fn tool() -> &'static str {
    concat!("batchyard/", env!("CARGO_PKG_VERSION"))
}
