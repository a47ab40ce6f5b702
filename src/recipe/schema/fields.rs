//! Every field of a recipe, from the schema: where it is, what it is, what it takes.

use std::fmt;

use serde_json::{Map, Value};

use super::generate::strict;
use crate::recipe::document::Recipe;

/// A field of a recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDoc {
    /// Where it is.
    pub path: FieldPath,
    /// What it says.
    pub description: String,
    /// What kinds of values it takes.
    pub kinds: Vec<Kind>,
    /// The words that it takes, with their meanings, where it takes some words only.
    pub words: Vec<(String, Option<String>)>,
    /// What its values mean, whatever their kind.
    pub notes: Vec<String>,
    /// Whether it must be there.
    pub is_required: bool,
    /// Its value if it is absent, where the language knows one.
    pub default: Option<Value>,
    /// Possible values.
    pub examples: Vec<Value>,
    /// The fields inside it, or, if it is a map of names or a list, inside each of its members.
    pub members: Vec<Member>,
    /// Whether the fields are those of its members.
    pub inside_each: bool,
}

/// A kind of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// What it is called: `an integer from 1 to 256`.
    pub name: String,
    /// What a value of this kind means, where the kinds mean different things.
    pub meaning: Option<String>,
}

/// A field inside another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its key; a map of names has `<name>`.
    pub key: String,
    /// What it says.
    pub description: String,
    /// Whether it must be there.
    pub is_required: bool,
}

/// Where a field is: `pools.<name>.start_task.command`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    /// A name that the author of a recipe chooses.
    Name,
    /// A position in a list.
    Item,
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(_) | Step::Name if position > 0 => f.write_str(".")?,
                _ => {}
            }
            match step {
                Step::Key(key) => f.write_str(key)?,
                Step::Name => f.write_str("<name>")?,
                Step::Item => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

impl FieldPath {
    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// The keys, without names and positions.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Name | Step::Item => None,
        })
    }

    /// The last key.
    pub fn last_key(&self) -> &str {
        self.keys().last().unwrap_or_default()
    }

    /// Whether words separated by dots mean this field; names and positions may be there or not.
    pub fn is_meant_by(&self, words: &[&str]) -> bool {
        fits(&self.0, words)
    }
}

fn fits(steps: &[Step], words: &[&str]) -> bool {
    let (Some((step, steps)), first) = (steps.split_first(), words.split_first()) else {
        return words.is_empty();
    };
    match (step, first) {
        (Step::Key(key), Some((word, rest))) => key == word && fits(steps, rest),
        (Step::Key(_), None) => false,
        (Step::Name | Step::Item, first) => {
            fits(steps, words) || first.is_some_and(|(_, rest)| fits(steps, rest))
        }
    }
}

/// All fields, in the order of the schema, outer ones before those inside.
pub fn fields() -> Vec<FieldDoc> {
    let schema = strict::<Recipe>();
    let mut walk = Walk { schema: &schema, open: Vec::new(), found: Vec::new() };
    walk.members(&schema, &FieldPath::default());
    walk.found
}

struct Walk<'a> {
    schema: &'a Value,
    /// The definitions that are being walked through: what holds itself is described once.
    open: Vec<&'a str>,
    found: Vec<FieldDoc>,
}

impl<'a> Walk<'a> {
    /// The fields of a map with known keys.
    fn members(&mut self, object: &'a Value, path: &FieldPath) {
        for (key, property) in properties(object) {
            let path = path.with(Step::Key(key.clone()));
            if self.found.iter().any(|field| field.path == path) {
                continue;
            }
            self.field(property, &path, is_required(object, key));
        }
    }

    fn field(&mut self, property: &'a Value, path: &FieldPath, is_required: bool) {
        let alternatives = self.alternatives(property);
        let text =
            |key: &str| property.get(key).or_else(|| alternatives.iter().find_map(|one| one.schema.get(key)));
        let description = text("description").and_then(Value::as_str).unwrap_or_default();
        let own = [description];
        let mut field = FieldDoc {
            path: path.clone(),
            description: unwrapped(description),
            kinds: Vec::new(),
            words: Vec::new(),
            notes: Vec::new(),
            is_required,
            default: text("default").cloned(),
            examples: text("examples").and_then(Value::as_array).cloned().unwrap_or_default(),
            members: Vec::new(),
            inside_each: false,
        };
        let is_shared = |note: &&&str| alternatives.iter().all(|other| other.descriptions.contains(note));
        for one in &alternatives {
            field.words.extend(words(one.schema));
            let notes = one.descriptions.iter().filter(|note| !own.contains(note));
            let (shared, special): (Vec<&&str>, Vec<&&str>) = notes.partition(is_shared);
            shared.into_iter().for_each(|note| push_new(&mut field.notes, unwrapped(note)));
            let special: Vec<String> = special.into_iter().map(|note| unwrapped(note)).collect();
            let meaning = (!special.is_empty()).then(|| special.join(" "));
            push_new(&mut field.kinds, Kind { name: kind(one.schema), meaning });
        }
        field.members = members(&alternatives);
        if field.members.is_empty() {
            let inner = alternatives.iter().flat_map(|one| self.inner(one.schema)).map(|(_, one)| one);
            field.members = members(&inner.collect::<Vec<_>>());
            field.inside_each = true;
        }
        if !field.words.is_empty() {
            field.kinds.retain(|kind| kind.name != "a word");
        }
        self.found.push(field);
        for one in alternatives {
            self.enter(one, |walk, schema| walk.inside(schema, path));
        }
    }

    /// The fields inside a value: of a map with known keys, of the members of a map of names, of the items of a list.
    fn inside(&mut self, schema: &'a Value, path: &FieldPath) {
        self.members(schema, path);
        for (step, one) in self.inner(schema) {
            self.enter(one, |walk, schema| walk.inside(schema, &path.with(step)));
        }
    }

    /// Goes into a schema, unless it is inside itself.
    fn enter(&mut self, one: Alternative<'a>, go: impl FnOnce(&mut Self, &'a Value)) {
        if one.names.iter().any(|name| self.open.contains(name)) {
            return;
        }
        let depth = self.open.len();
        self.open.extend(one.names);
        go(self, one.schema);
        self.open.truncate(depth);
    }

    /// What the members of a map of names, and the items of a list, may be.
    fn inner(&self, schema: &'a Value) -> Vec<(Step, Alternative<'a>)> {
        let members = [("additionalProperties", Step::Name), ("items", Step::Item)].into_iter();
        let members = members.filter_map(|(keyword, step)| Some((schema.get(keyword)?, step)));
        members
            .filter(|(member, _)| member.is_object())
            .flat_map(|(member, step)| {
                self.alternatives(member).into_iter().map(move |one| (step.clone(), one))
            })
            .collect()
    }

    /// The schemas of which a value satisfies one, references followed; that nothing may stand there is none of them.
    fn alternatives(&self, schema: &'a Value) -> Vec<Alternative<'a>> {
        let mut found = Vec::new();
        self.collect(schema, Alternative { schema, names: Vec::new(), descriptions: Vec::new() }, &mut found);
        found
    }

    fn collect(&self, schema: &'a Value, so_far: Alternative<'a>, found: &mut Vec<Alternative<'a>>) {
        let mut one = Alternative { schema, ..so_far };
        let is_word = schema.get("const").is_some();
        one.descriptions.extend(schema.get("description").and_then(Value::as_str).filter(|_| !is_word));
        if let Some(name) =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"))
        {
            let definition = self.schema.get("$defs").and_then(|definitions| definitions.get(name));
            if let Some(definition) = definition.filter(|_| !one.names.contains(&name)) {
                one.names.push(name);
                self.collect(definition, one, found);
            }
            return;
        }
        let branches: Vec<&Value> = ["anyOf", "oneOf", "allOf"]
            .into_iter()
            .filter_map(|keyword| schema.get(keyword)?.as_array())
            .flatten()
            .collect();
        if branches.is_empty() && schema.get("type").and_then(Value::as_str) != Some("null") {
            found.push(one);
            return;
        }
        for branch in branches {
            self.collect(branch, one.clone(), found);
        }
    }
}

/// One of the schemas that a value may satisfy.
#[derive(Clone)]
struct Alternative<'a> {
    schema: &'a Value,
    /// The definitions that lead to it.
    names: Vec<&'a str>,
    /// What is said on the way.
    descriptions: Vec<&'a str>,
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn is_required(schema: &Value, key: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|required| required.iter().any(|one| one == key))
}

/// The fields inside values that satisfy one of these. Which of them must be there depends on the kind, if there are several.
fn members(alternatives: &[Alternative<'_>]) -> Vec<Member> {
    let maps: Vec<&Value> =
        alternatives.iter().map(|one| one.schema).filter(|one| one.get("properties").is_some()).collect();
    let member = |map: &Value, key: &str, property: &Value| Member {
        key: key.to_owned(),
        description: unwrapped(property.get("description").and_then(Value::as_str).unwrap_or_default()),
        is_required: maps.len() == 1 && is_required(map, key),
    };
    maps.iter().flat_map(|map| properties(map).map(|(key, property)| member(map, key, property))).collect()
}

/// A text of several lines with its paragraphs in one line each.
fn unwrapped(text: &str) -> String {
    let paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// The words that a schema allows.
fn words(schema: &Value) -> Vec<(String, Option<String>)> {
    let meaning = schema.get("description").and_then(Value::as_str).map(unwrapped);
    let one = schema.get("const").and_then(Value::as_str).map(|word| (word.to_owned(), meaning));
    let several = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(several.filter_map(|word| Some((word.as_str()?.to_owned(), None)))).collect()
}

/// What kind of value a schema describes, in words.
fn kind(schema: &Value) -> String {
    if schema.get("const").is_some() || schema.get("enum").is_some() {
        return "a word".to_owned();
    }
    let types = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        _ => Vec::new(),
    };
    let names: Vec<String> = types.into_iter().map(|name| type_name(name, schema)).collect();
    if names.is_empty() { "any value".to_owned() } else { names.join(" or ") }
}

fn type_name(name: &str, schema: &Value) -> String {
    let number = |keyword: &str| schema.get(keyword).map(Value::to_string);
    match name {
        "string" => "a string".to_owned(),
        "boolean" => "a boolean".to_owned(),
        "integer" | "number" => {
            let name = if name == "integer" { "an integer" } else { "a number" };
            match (number("minimum"), number("maximum")) {
                (Some(least), Some(most)) => format!("{name} from {least} to {most}"),
                (Some(least), None) => format!("{name}, at least {least}"),
                (None, Some(most)) => format!("{name}, at most {most}"),
                (None, None) => name.to_owned(),
            }
        }
        "array" => "a list".to_owned(),
        "object" if schema.get("additionalProperties").is_some_and(Value::is_object) => {
            "a map of names".to_owned()
        }
        "object" => "a map".to_owned(),
        _ => "nothing".to_owned(),
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(words: &str) -> FieldDoc {
        let words: Vec<&str> = words.split('.').collect();
        fields().into_iter().find(|field| field.path.is_meant_by(&words)).unwrap()
    }

    #[test]
    fn every_field_has_a_path_of_its_own_and_says_what_it_is() {
        let fields = fields();
        let mut paths: Vec<String> = fields.iter().map(|field| field.path.to_string()).collect();
        assert!(paths.len() > 60, "{}", paths.len());
        for field in &fields {
            assert!(
                !field.description.is_empty() && !field.kinds.is_empty() | !field.words.is_empty(),
                "{field:?}"
            );
        }
        paths.sort();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }

    #[test]
    fn names_and_positions_may_be_there_or_not() {
        let slots = field("pools.slots_per_node");
        assert_eq!(slots.path.to_string(), "pools.<name>.slots_per_node");
        assert_eq!(field("pools.gpu.slots_per_node"), slots);
        let names = |field: &FieldDoc| field.kinds.iter().map(|kind| kind.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&slots), ["an integer from 1 to 256"]);
        assert_eq!((slots.default, slots.is_required), (Some(Value::from(1)), false));
        let options = field("jobs.train.tasks.epoch.container.run_options");
        assert_eq!(options.path.to_string(), "jobs.<name>.tasks.<name>.container.run_options");
        assert!(
            options.examples.iter().any(|example| example.as_str().is_some_and(|text| text.contains("--rm")))
        );
    }

    #[test]
    fn words_have_meanings_and_maps_have_members() {
        let directory = field("jobs.tasks.container.working_directory");
        assert!(directory.words.iter().any(|(word, meaning)| word == "image" && meaning.is_some()));
        let pool = field("pools");
        assert_eq!(pool.kinds, [Kind { name: "a map of names".into(), meaning: None }]);
        let for_each = field("jobs.tasks.for_each");
        let meanings: Vec<_> = for_each.kinds.iter().map(|kind| kind.meaning.is_some()).collect();
        assert_eq!(meanings, [false, true, true], "{for_each:?}");
        assert_eq!(for_each.notes.len(), 1, "what all kinds mean is said once: {for_each:?}");
        let container = field("jobs.tasks.container");
        assert!(container.members.iter().any(|member| member.key == "image" && member.is_required));
    }
}
