//! What findings and fields are, for programs.

use serde_json::{Value, json};

use crate::diagnostic::Code;
use crate::recipe::schema::FieldDoc;

/// A kind of finding.
pub fn code(code: &Code) -> Value {
    let examples =
        code.examples.iter().map(|example| json!({ "bad": example.marked().0, "good": example.good }));
    json!({
        "code": code.name,
        "severity": code.severity.as_str(),
        "summary": code.summary,
        "explanation": code.explanation,
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// A field of recipes.
pub fn field(field: &FieldDoc) -> Value {
    let words = field.words.iter().map(|(word, meaning)| json!({ "word": word, "meaning": meaning }));
    let kinds = field.kinds.iter().map(|kind| json!({ "kind": kind.name, "meaning": kind.meaning }));
    let members = field.members.iter().map(|member| {
        json!({ "key": member.key, "description": member.description, "required": member.is_required })
    });
    json!({
        "field": field.path.to_string(),
        "description": field.description,
        "kinds": kinds.collect::<Vec<_>>(),
        "words": words.collect::<Vec<_>>(),
        "notes": field.notes,
        "required": field.is_required,
        "default": field.default,
        "examples": field.examples,
        "members": members.collect::<Vec<_>>(),
        "inside_each": field.inside_each,
    })
}
