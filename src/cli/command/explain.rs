//! `explain`: what a finding means, or what a field of recipes is.

use serde_json::json;

use crate::cli::args::ExplainArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::diagnostic::Code;
use crate::exit_code::ExitCode;
use crate::recipe::schema::{FieldDoc, fields};
use crate::recipe::{all_codes, similar_names};
use crate::view::{human, json};

pub(super) fn run(context: &Context, args: &ExplainArgs) -> Result<ExitCode, CommandError> {
    let codes: Vec<&'static Code> = all_codes().collect();
    match args.subject.as_deref().filter(|_| !args.list) {
        None => list(context, codes)?,
        Some(subject) => match codes.iter().find(|code| code.name == subject) {
            Some(code) => show_code(context, code)?,
            None => {
                let fields = fields();
                let found = meant(&fields, subject);
                if found.is_empty() {
                    return Err(unknown(subject, &codes, &fields));
                }
                show_fields(context, subject, &found)?;
            }
        },
    }
    Ok(ExitCode::Success)
}

fn list(context: &Context, mut codes: Vec<&Code>) -> Result<(), CommandError> {
    codes.sort_by_key(|code| code.name);
    if context.printer.is_json() {
        let codes: Vec<_> = codes.into_iter().map(json::code).collect();
        context.printer.json(&json::document("explanation", json!({ "codes": codes })))?;
    } else {
        human::codes(&mut context.printer.stdout(), &codes)?;
    }
    Ok(())
}

fn show_code(context: &Context, code: &Code) -> Result<(), CommandError> {
    if context.printer.is_json() {
        context.printer.json(&json::document("explanation", json!({ "codes": [json::code(code)] })))?;
    } else {
        human::code(&mut context.printer.stdout(), code)?;
    }
    Ok(())
}

/// The fields that a path means from the root on; if there is none, the map that the last word is a name in; or else those whose
/// paths end like it.
fn meant<'a>(fields: &'a [FieldDoc], subject: &str) -> Vec<&'a FieldDoc> {
    let subject = subject.replace("[]", "");
    let words: Vec<&str> = subject.split('.').collect();
    let exact: Vec<&FieldDoc> = fields.iter().filter(|field| field.path.is_meant_by(&words)).collect();
    if !exact.is_empty() {
        return exact;
    }
    if let Some(field) = fields.iter().find(|field| is_name_in(field, &words)) {
        return vec![field];
    }
    let ends_alike = |field: &&FieldDoc| {
        let keys: Vec<&str> = field.path.keys().collect();
        keys.ends_with(&words)
    };
    fields.iter().filter(ends_alike).collect()
}

/// Whether words mean a member of a map of names: the map, and a name, unless that is a misspelt key of a member.
fn is_name_in(field: &FieldDoc, words: &[&str]) -> bool {
    let Some((name, map)) = words.split_last() else { return false };
    let holds_names = field.kinds.iter().any(|kind| kind.name == "a map of names");
    let keys = || field.members.iter().map(|member| member.key.as_str());
    holds_names && field.path.is_meant_by(map) && similar_names(name, keys()).is_empty()
}

fn show_fields(context: &Context, subject: &str, found: &[&FieldDoc]) -> Result<(), CommandError> {
    if context.printer.is_json() {
        let fields: Vec<_> = found.iter().map(|field| json::field(field)).collect();
        context.printer.json(&json::document("explanation", json!({ "fields": fields })))?;
        return Ok(());
    }
    let mut out = context.printer.stdout();
    match found {
        [first, others @ ..] if others.iter().all(|other| is_alike(first, other)) => {
            human::field(&mut out, first, others)?;
        }
        _ => human::fields(&mut out, subject, found)?,
    }
    Ok(())
}

/// Whether two fields differ in nothing but their places.
fn is_alike(one: &FieldDoc, other: &FieldDoc) -> bool {
    FieldDoc { path: other.path.clone(), ..one.clone() } == *other
}

fn unknown(subject: &str, codes: &[&Code], fields: &[FieldDoc]) -> CommandError {
    let message = format!("there is neither a finding nor a field called `{subject}`");
    let last = subject.rsplit('.').next().unwrap_or(subject);
    let mut near = if subject.contains('.') { called_alike(subject, fields) } else { Vec::new() };
    if near.is_empty() {
        let names =
            codes.iter().map(|code| code.name).chain(fields.iter().map(|field| field.path.last_key()));
        near = similar_names(last, names);
    }
    // What begins as the subject does is most likely meant.
    near.sort_by_key(|path| (path.split('.').next() != subject.split('.').next(), path.len()));
    near.dedup();
    near.truncate(5);
    let hint = match near.as_slice() {
        [] => "`batchyard explain --list` lists the findings; `pools` and `jobs` are fields to begin with"
            .to_owned(),
        near => format!("did you mean `{}`?", near.join("`, `")),
    };
    CommandError::new(ExitCode::Usage, message).hint(Some(hint))
}

/// The fields that end like a path, those first that have all of its keys.
fn called_alike(subject: &str, fields: &[FieldDoc]) -> Vec<String> {
    let words: Vec<&str> = subject.split('.').collect();
    let called_so = fields.iter().filter(|field| Some(&field.path.last_key()) == words.last());
    let mut ranked: Vec<_> = called_so
        .map(|field| {
            let mut keys = field.path.keys();
            let has_all = words.iter().all(|word| keys.any(|key| key == *word));
            (
                !has_all,
                field.path.keys().count(),
                field.path.to_string().replace(".<name>", "").replace("[]", ""),
            )
        })
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, _, path)| path).collect()
}
