//! The places that a schema describes.

use std::collections::HashMap;

use serde_json::Value;

use super::markers::FREE_KEYS;

/// All places that a schema describes, the same one for all members of a map of names and for all items of a list.
pub(super) struct Places(Vec<Inside>);

/// What may stand inside a value.
#[derive(Default)]
pub(super) struct Inside {
    pub(super) properties: HashMap<String, usize>,
    /// The members of a map of names.
    pub(super) member: Option<usize>,
    pub(super) item: Option<usize>,
    /// Whether texts stand under keys that the language knows nothing of.
    pub(super) has_free_keys: bool,
    /// Whether a value is one of several things, and which one, its only key tells.
    pub(super) takes_one_key: bool,
    /// Whether a scalar is text for a program, and taken as it is written.
    pub(super) is_text: bool,
    /// Whether it is, or something inside is.
    pub(super) leads_to_text: bool,
}

/// The types that a schema allows where values are taken as they are written.
const AS_WRITTEN: [&str; 3] = ["string", "number", "boolean"];

/// The place of whatever the schema does not describe.
pub(super) const UNKNOWN: usize = 0;
/// The place of the whole text.
pub(super) const ROOT: usize = 1;

impl Places {
    /// The places of a schema whose definitions are under `$defs`.
    pub(super) fn of(schema: &Value) -> Self {
        let mut walk = Walk { schema, known: HashMap::new(), found: vec![Inside::default()] };
        walk.place(&[schema]);
        let mut places = Self(walk.found);
        places.trace_texts();
        places
    }

    /// Marks what leads to a text, from the texts outwards.
    fn trace_texts(&mut self) {
        loop {
            let leads: Vec<bool> = self.0.iter().map(|inside| self.leads_to_text(inside)).collect();
            if self.0.iter().zip(&leads).all(|(inside, leads)| inside.leads_to_text == *leads) {
                return;
            }
            self.0.iter_mut().zip(leads).for_each(|(inside, leads)| inside.leads_to_text = leads);
        }
    }

    fn leads_to_text(&self, inside: &Inside) -> bool {
        let mut others = inside.properties.values().chain(&inside.member).chain(&inside.item);
        inside.is_text || others.any(|at| self.inside(*at).is_some_and(|other| other.leads_to_text))
    }

    /// What may stand inside the value at a place.
    pub(super) fn inside(&self, at: usize) -> Option<&Inside> {
        self.0.get(at)
    }
}

struct Walk<'a> {
    schema: &'a Value,
    /// The places found so far, by the schemas of which a value there satisfies one.
    known: HashMap<Vec<*const Value>, usize>,
    found: Vec<Inside>,
}

impl<'a> Walk<'a> {
    /// The place of a value that satisfies one of these schemas.
    fn place(&mut self, schemas: &[&'a Value]) -> usize {
        let mut alternatives = Vec::new();
        schemas.iter().for_each(|schema| self.collect(schema, &mut alternatives));
        let key: Vec<*const Value> = alternatives.iter().map(|one| std::ptr::from_ref(*one)).collect();
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let at = self.found.len();
        // What holds itself finds its own place.
        self.known.insert(key, at);
        self.found.push(Inside::default());
        let inside = self.inside(&alternatives);
        if let Some(place) = self.found.get_mut(at) {
            *place = inside;
        }
        at
    }

    fn inside(&mut self, alternatives: &[&'a Value]) -> Inside {
        let mut properties: HashMap<&String, Vec<&'a Value>> = HashMap::new();
        let known = alternatives.iter().filter_map(|one| one.get("properties")?.as_object()).flatten();
        known.for_each(|(key, property)| properties.entry(key).or_default().push(property));
        let all = |keyword: &str| -> Vec<&'a Value> {
            let all = alternatives.iter().filter_map(|one| one.get(keyword));
            all.filter(|member| member.as_object().is_some_and(|member| !member.is_empty())).collect()
        };
        let (members, items) = (all("additionalProperties"), all("items"));
        let is_marked = alternatives.iter().any(|one| one.get(FREE_KEYS).is_some());
        Inside {
            has_free_keys: is_marked || members.iter().any(|member| self.takes_text(member)),
            takes_one_key: alternatives.iter().any(|one| one.get("maxProperties") == Some(&Value::from(1))),
            properties: properties
                .into_iter()
                .map(|(key, schemas)| (key.clone(), self.place(&schemas)))
                .collect(),
            is_text: alternatives.iter().any(|one| is_taken_as_written(one)),
            leads_to_text: false,
            member: (!members.is_empty()).then(|| self.place(&members)),
            item: (!items.is_empty()).then(|| self.place(&items)),
        }
    }

    fn takes_text(&self, schema: &'a Value) -> bool {
        let mut alternatives = Vec::new();
        self.collect(schema, &mut alternatives);
        alternatives.iter().any(|one| match one.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
            kind => kind.is_some_and(|kind| kind == "string"),
        })
    }

    /// The schemas that say something of their own, with references followed.
    fn collect(&self, schema: &'a Value, found: &mut Vec<&'a Value>) {
        if found.iter().any(|other| std::ptr::eq(*other, schema)) {
            return;
        }
        found.push(schema);
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        if let Some(definition) = name.and_then(|path| self.schema.pointer(path)) {
            self.collect(definition, found);
        }
        let branches = ["anyOf", "oneOf", "allOf"].into_iter();
        let branches = branches.filter_map(|keyword| schema.get(keyword)?.as_array()).flatten();
        branches.for_each(|branch| self.collect(branch, found));
    }
}

fn is_taken_as_written(schema: &Value) -> bool {
    let types = schema.get("type").and_then(Value::as_array);
    types.is_some_and(|types| AS_WRITTEN.iter().all(|name| types.iter().any(|allowed| allowed == name)))
}
