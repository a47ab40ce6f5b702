//! The page of the documentation that tells everything a recipe can say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::Value;

use crate::recipe::document::Recipe;
use crate::recipe::rest_names::{Property, properties};
use crate::recipe::schema;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/recipe-reference.md");

const INTRODUCTION: &str = "# What a recipe can say

<!-- Written by the test `recipe::tests::reference`; change the types in src/recipe/document instead. -->

Every key of the language, from the outside in. The column *REST* names the property of Azure Batch's REST API (api-version
2025-06-01) that a key stands for; a key without one is Batchyard's own. All keys are optional unless they are **bold**. Wherever a
value is no structure of its own, it may be an expression, `${{ params.nodes }}`; only what is known before any expression is may
not: `api_version`, `name`, `extends` and all of `parameters`.

How the names came about: a recipe says a property under its REST name in `snake_case`, without the words *configuration*,
*settings*, *reference* and *info* at its end; and what has a short form, such as `nodes`, `prefetch`, `slots` or `retries`, has
only that. Whoever writes the REST name gets told the other.
";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn the_reference_of_recipes_is_current() {
    let page = Page::of(&schema::strict::<Recipe>()).text;
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "docs/recipe-reference.md is out of date; write it anew with INSTA_UPDATE=always"
    );
    let links: BTreeSet<&str> = page.split("](#").skip(1).filter_map(|link| link.split(')').next()).collect();
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_lowercase).collect();
    let lost: Vec<_> = links.iter().filter(|link| !headings.contains(**link)).collect();
    assert_eq!(lost, Vec::<&&str>::new(), "links without a heading");
}

/// The page while it is written: one section for each definition of the schema, in the order in which they are met.
struct Page<'a> {
    root: &'a Value,
    text: String,
    /// Sections to come, with the path at which a recipe first reaches them.
    coming: VecDeque<(String, String)>,
    met: BTreeSet<String>,
    /// The REST properties that paths stand for.
    rest: BTreeMap<&'static str, Vec<String>>,
}

impl<'a> Page<'a> {
    fn of(root: &'a Value) -> Page<'a> {
        let mut rest: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for property in properties().filter(|property| !is_spread(property)) {
            rest.entry(property.path).or_default().push(property.name.to_owned());
        }
        let mut page =
            Page { root, text: INTRODUCTION.to_owned(), coming: VecDeque::new(), met: BTreeSet::new(), rest };
        page.text.push_str("\n## Recipe\n");
        page.section(root, "");
        while let Some((name, path)) = page.coming.pop_front() {
            let schema = &page.root["$defs"][&name];
            writeln!(page.text, "\n## {name}").unwrap();
            page.section(schema, &path);
        }
        page
    }

    fn section(&mut self, schema: &'a Value, path: &str) {
        if let Some(description) = schema["description"].as_str() {
            let place = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
            writeln!(self.text, "\n{place}{}", flowing(description)).unwrap();
        }
        if schema.get("properties").is_some() {
            self.properties(schema, path);
        } else if let Some(words) = schema["oneOf"].as_array() {
            self.text.push('\n');
            for word in words {
                let meaning = word["description"].as_str().unwrap_or_default();
                writeln!(self.text, "- `{}`: {}", as_text(&word["const"]), flowing(meaning)).unwrap();
            }
        } else {
            self.alternatives(schema, path);
        }
        self.examples(schema);
    }

    fn properties(&mut self, schema: &'a Value, path: &str) {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.text.push_str("\n| key | value | default | REST | |\n|---|---|---|---|---|\n");
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let name =
                if required.contains(&key.as_str()) { format!("**`{key}`**") } else { format!("`{key}`") };
            let kind = self.kind(property, &inner);
            let default =
                property.get("default").map(|value| format!("`{}`", as_text(value))).unwrap_or_default();
            let rest = self.rest_of(&inner);
            let description = flowing(property["description"].as_str().unwrap_or_default());
            let row = [name, kind, default, rest, description].map(|cell| cell.replace('|', "\\|"));
            writeln!(self.text, "| {} |", row.join(" | ")).unwrap();
        }
    }

    /// The REST properties of a path, or of what stands in it under a name of one's own. What a default says is said of a task.
    fn rest_of(&self, path: &str) -> String {
        let path = match path.strip_prefix("defaults.") {
            Some(inner) => format!("jobs.*.tasks.*.{inner}"),
            None => path.to_owned(),
        };
        let named = format!("{path}.*");
        let rows = self.rest.get(path.as_str()).or_else(|| self.rest.get(named.as_str()));
        let mut names: Vec<&str> = rows.into_iter().flatten().map(String::as_str).collect();
        names.dedup();
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    fn alternatives(&mut self, schema: &'a Value, path: &str) {
        let branches: Vec<&Value> = ["anyOf", "allOf"]
            .into_iter()
            .filter_map(|keyword| schema[keyword].as_array())
            .flatten()
            .filter(|branch| branch["propertyNames"].is_null() || branch["$ref"].is_string())
            .collect();
        if branches.is_empty() {
            return;
        }
        self.text.push('\n');
        for branch in branches {
            let kind = self.kind(branch, path);
            let description = branch["description"].as_str().map(flowing).unwrap_or_default();
            let separator = if description.is_empty() { "" } else { ": " };
            writeln!(self.text, "- {kind}{separator}{description}").unwrap();
        }
    }

    /// What a value is, in a few words.
    fn kind(&mut self, schema: &'a Value, path: &str) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return self.link(name, path);
        }
        for keyword in ["anyOf", "allOf"] {
            if let Some(branches) = schema[keyword].as_array() {
                let known: Vec<String> = branches
                    .iter()
                    .filter(|branch| branch["type"] != "null" && branch["propertyNames"].is_null())
                    .map(|branch| self.kind(branch, path))
                    .collect();
                return known.join(" or ");
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
            }
            _ => vec!["anything"],
        };
        if let Some(words) = schema["enum"].as_array() {
            let words = words.iter().filter(|word| !word.is_null());
            return words.map(|word| format!("`{}`", as_text(word))).collect::<Vec<_>>().join(", ");
        }
        match kinds.as_slice() {
            ["array"] if schema["items"].is_object() => {
                format!("list: {}", self.kind(&schema["items"], &format!("{path}[]")))
            }
            ["array"] => "list".to_owned(),
            ["object"] if schema["additionalProperties"].is_object() => {
                format!("map: {}", self.kind(&schema["additionalProperties"], &format!("{path}.*")))
            }
            ["object"] if schema["properties"].is_object() => {
                let keys = schema["properties"].as_object().into_iter().flatten();
                let keys: Vec<String> = keys
                    .map(|(key, inner)| {
                        self.kind(inner, &format!("{path}.{key}"));
                        format!("`{key}`")
                    })
                    .collect();
                format!("{{ {} }}", keys.join(", "))
            }
            ["object"] => "map".to_owned(),
            kinds => kinds.join(" or "),
        }
    }

    fn link(&mut self, name: &str, path: &str) -> String {
        if self.met.insert(name.to_owned()) {
            self.coming.push_back((name.to_owned(), path.to_owned()));
        }
        format!("[{name}](#{})", name.to_lowercase())
    }

    fn examples(&mut self, schema: &Value) {
        let examples: Vec<String> =
            schema["examples"].as_array().into_iter().flatten().map(as_text).collect();
        if !examples.is_empty() {
            let list = examples.iter().map(|example| format!("`{example}`")).collect::<Vec<_>>();
            writeln!(self.text, "\nFor example {}.", list.join(", ")).unwrap();
        }
    }
}

/// Whether a recipe says the members of a property one by one in the object of the property's own model, as `retries` for
/// `constraints.maxTaskRetryCount` of a job: it has no key then.
fn is_spread(property: &Property) -> bool {
    let is_below = |path: &str| path.strip_prefix(property.path).is_some_and(|rest| rest.starts_with('.'));
    let mut others = properties()
        .filter(|other| other.model == property.model && other.path != property.path)
        .map(|other| other.path)
        .peekable();
    others.peek().is_some() && others.all(is_below)
}

/// A description without the line breaks of the source.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.lines().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
