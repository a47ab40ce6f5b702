//! Where a value stands, as the schema sees it: whether a key is a property that the language knows, or a name that the
//! author of a recipe chose. `registries: { settings: … }` is a registry with an unfortunate name, no settings.

use std::collections::HashMap;

use serde_json::Value;

use super::markers::FREE_KEYS;
use super::validator::Shape;

/// A place in a text of some shape.
#[derive(Clone, Copy)]
pub struct Place {
    places: &'static Places,
    at: usize,
    property: Option<&'static str>,
}

/// All places that a schema describes, the same one for all members of a map of names and for all items of a list.
pub(super) struct Places(Vec<Inside>);

/// What may stand inside a value.
#[derive(Default)]
struct Inside {
    properties: HashMap<String, usize>,
    /// The members of a map of names.
    member: Option<usize>,
    item: Option<usize>,
    /// Whether texts stand under keys that the language knows nothing of.
    has_free_keys: bool,
    /// Whether a value is one of several things, and which one, its only key tells.
    takes_one_key: bool,
}

/// The place of whatever the schema does not describe.
const UNKNOWN: usize = 0;
/// The place of the whole text.
const ROOT: usize = 1;

impl Place {
    /// The place of the whole text.
    pub fn of(shape: Shape) -> Self {
        Self { places: &shape.compiled().places, at: ROOT, property: None }
    }

    fn inside(self) -> Option<&'static Inside> {
        self.places.0.get(self.at)
    }

    /// The place of the value under a key.
    pub fn member(self, key: &str) -> Self {
        let known = self.inside().and_then(|inside| inside.properties.get_key_value(key));
        let (property, at) = match known {
            Some((key, at)) => (Some(key.as_str()), Some(*at)),
            None => (None, self.inside().and_then(|inside| inside.member)),
        };
        Self { places: self.places, at: at.unwrap_or(UNKNOWN), property }
    }

    /// The place of the items of a list.
    pub fn item(self) -> Self {
        let at = self.inside().and_then(|inside| inside.item).unwrap_or(UNKNOWN);
        Self { places: self.places, at, property: None }
    }

    /// The property whose value stands here; none if it stands under a name, or under a key that the language does not have.
    pub fn property(self) -> Option<&'static str> {
        self.property
    }

    /// Whether a key is a name that says nothing about the text under it, as those of environment variables are.
    pub fn is_free_key(self, key: &str) -> bool {
        self.inside().is_some_and(|inside| inside.has_free_keys && !inside.properties.contains_key(key))
    }

    /// Whether a map here stands for one of several things, and has one key, which says for which.
    pub fn takes_one_key(self) -> bool {
        self.inside().is_some_and(|inside| inside.takes_one_key)
    }

    /// Whether the schema knows which keys a map has here.
    pub fn is_known(self) -> bool {
        let is_described = |inside: &Inside| {
            !inside.properties.is_empty() || inside.member.is_some() || inside.has_free_keys
        };
        self.inside().is_some_and(is_described)
    }
}

impl Places {
    /// The places of a schema whose definitions are under `$defs`.
    pub(super) fn of(schema: &Value) -> Self {
        let mut walk = Walk { schema, known: HashMap::new(), found: vec![Inside::default()] };
        walk.place(&[schema]);
        Self(walk.found)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Place {
        path.split('.').fold(Place::of(Shape::Recipe), |place, key| place.member(key))
    }

    #[test]
    fn a_key_is_a_property_or_a_name_by_where_it_stands() {
        assert_eq!(at("jobs.image.pool").property(), Some("pool"));
        for name in ["jobs.pool", "jobs.j.tasks.image", "parameters.image", "pools.p.mounts.pool", "image"] {
            assert_eq!(at(name).property(), None, "{name}");
        }
        assert_eq!(at("defaults.container.image").property(), Some("image"));
        assert_eq!(at("schedules.s.job.pool").property(), Some("pool"));
        assert_eq!(at("schedules.s.job.pool.auto.pool.image").property(), Some("image"));
    }

    #[test]
    fn texts_under_names_of_ones_own_are_known_from_properties() {
        for free in ["jobs.j.environment", "jobs.j.metadata", "pools.p.metadata", "defaults.environment"] {
            assert!(at(free).is_free_key("password"), "{free}");
        }
        for named in ["registries", "registries.settings", "parameters", "jobs.j.tasks", "registry.settings"]
        {
            assert!(!at(named).is_free_key("password"), "{named}");
        }
        let extension = at("pools.p.extensions").item();
        let extension = if extension.is_known() { extension } else { at("pools.p.extensions.e") };
        assert!(extension.member("settings").is_free_key("password"));
        assert!(!extension.member("protected_settings").is_free_key("password"));
        assert!(!Place::of(Shape::Project).member("parameters").is_free_key("password"));
    }

    #[test]
    fn one_of_several_things_is_known_by_its_only_key() {
        for one in ["registries.r.password", "pools.p.mounts.m", "jobs.j.environment.key_vault"] {
            assert!(at(one).takes_one_key(), "{one}");
        }
        for many in ["jobs.env", "registries.file", "jobs.j.environment", "pools.p.mounts", "nowhere"] {
            assert!(!at(many).takes_one_key(), "{many}");
        }
    }
}
