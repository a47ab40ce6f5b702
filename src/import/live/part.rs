//! What specs hold in the words of the REST API, in the words of recipes: the same tree under other names, by the schema of the
//! language and by the list that the language is measured by. What has no place in it is noted.

use serde::Serialize;
use serde_json::Value;

use super::desk::Scribe;
use super::language::Shape;
use super::texts;
use crate::batch::WireDuration;
use crate::batch::model::Confidential;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::recipe_key;
use crate::resource::{EnvironmentSpec, EnvironmentValue};
use crate::secret::SecretRef;

/// As many keys stand on one line,
const FEW: usize = 3;
/// if their values have no more characters than this.
const SHORT: usize = 32;

impl Scribe<'_> {
    /// Puts a part under a key of a definition of the language, unless it is at its default.
    pub(super) fn part<T: Serialize>(&self, map: &mut Map, (definition, key): (&str, &str), part: &T) {
        let value = serde_json::to_value(part).unwrap_or_default();
        let path = place_of(definition, key);
        match self.desk.language.property(definition, key) {
            Some(shape) => {
                map.put_some(key, self.raise(shape, &value, &path));
            }
            None => self.unknown(&path, &value),
        }
    }

    fn unknown(&self, path: &str, value: &Value) {
        if !is_nothing(value) {
            self.note(path, Fate::Dropped, "no recipe can say it");
        }
    }

    /// A value in the words of recipes; none if there is nothing to say.
    fn raise(&self, shape: Shape<'_>, value: &Value, path: &str) -> Option<Yaml> {
        match (shape.name, value) {
            (_, Value::Null) => None,
            ("Duration", Value::String(text)) => Some(duration(text)),
            ("Time", Value::String(text)) => Some(Yaml::text(time(text))),
            ("Command", Value::String(line)) => {
                self.warn_of_secrets_in(path, line);
                Some(texts::command(line))
            }
            ("Identity", identity) => Some(texts::text(identity.get("resourceId")?.as_str()?)),
            ("UrlOrSecret", Value::String(url)) => Some(self.url(path, url)),
            ("SecretReference", _) => Some(self.withheld(path)),
            ("ProtectedSettings", _) => None,
            (_, Value::String(word)) if !shape.words().is_empty() => self.word(shape, word, path),
            (_, Value::String(text)) => Some(texts::text(text)),
            (_, Value::Bool(_) | Value::Number(_)) => Some(Yaml::plain(value)),
            (_, Value::Array(items)) => match self.desk.language.entry(shape) {
                Some(entry) => self.entries(entry, items, path),
                None => self.list(shape, items, path),
            },
            (_, Value::Object(_)) if shape.is_map() => Some(laid_out(self.map(shape, value, path))),
            (_, Value::Object(_)) if has_only_keys(value) => Some(free(value)),
            (_, Value::Object(_)) => {
                self.note(path, Fate::Dropped, "a name in it holds `${{`, which no key of a recipe can");
                None
            }
        }
    }

    /// A word of the REST API is that of the recipe without its underscores.
    fn word(&self, shape: Shape<'_>, word: &str, path: &str) -> Option<Yaml> {
        let is_meant = |known: &&str| letters(known).eq_ignore_ascii_case(&letters(word));
        let known = shape.words().into_iter().find(is_meant).map(Yaml::text);
        if known.is_none() {
            self.note(path, Fate::Dropped, format!("recipes have no word for `{word}`"));
        }
        known
    }

    fn list(&self, shape: Shape<'_>, items: &[Value], path: &str) -> Option<Yaml> {
        let item = self.desk.language.item(shape)?;
        let place = |index: usize| format!("{path}[{index}]");
        let raised: Vec<Yaml> = { items.iter().enumerate() }
            .filter_map(|(index, value)| self.raise(item, value, &place(index)))
            .collect();
        let is_short = raised.iter().all(|item| matches!(item, Yaml::Plain(_) | Yaml::Text(_)));
        let list = Yaml::List(raised);
        let is_empty = items.is_empty();
        (!is_empty).then(|| if is_short { Yaml::Short(Box::new(list)) } else { list })
    }

    /// A map by names of one's own: a list in the REST API, whose members have a name.
    fn entries(&self, entry: Shape<'_>, items: &[Value], path: &str) -> Option<Yaml> {
        if entry.name == "TextOrSecret" {
            let text =
                |item: &Value, key| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let held = |item: &Value| match reference_in(item.get("value")) {
                Some(reference) => EnvironmentValue::Secret(reference),
                None => EnvironmentValue::Plain(text(item, "value")),
            };
            let variables = items.iter().map(|item| (text(item, "name"), held(item)));
            return self.environment(path, &variables.collect::<EnvironmentSpec>());
        }
        let mut map = Map::default();
        for item in items {
            let Some((name, item)) = named(entry, item) else {
                self.note(path, Fate::Dropped, "it has no name");
                continue;
            };
            if !texts::is_key(&name) {
                self.note(path, Fate::Dropped, format!("no recipe can have the name `{name}`"));
                continue;
            }
            let value = self.raise(entry, &item, &format!("{path}.{name}"));
            map.put(&name, value.unwrap_or_else(|| Map::default().in_short()));
        }
        (!map.is_empty()).then(|| map.long())
    }

    fn map(&self, shape: Shape<'_>, value: &Value, path: &str) -> Map {
        let mut map = Map::default();
        for (name, value) in value.as_object().into_iter().flatten() {
            let place = recipe_key(name, |key| shape.has(key));
            let Some((key, member)) =
                place.and_then(|key| Some((key, self.desk.language.member(shape, key)?)))
            else {
                self.unknown(&format!("{path}.{name}"), value);
                continue;
            };
            map.put_some(key, self.raise(member, value, &format!("{path}.{key}")));
        }
        let present = map.keys();
        for key in shape.required().filter(|key| !present.iter().any(|there| there == key)) {
            let place = format!("{path}.{key}");
            match self.desk.language.member(shape, key) {
                Some(member) if member.name == "SecretReference" => {
                    map.put(key, self.withheld(&place));
                }
                Some(member) if member.is_map() || self.desk.language.entry(member).is_some() => {
                    map.put(key, Map::default().in_short());
                }
                _ => self.note(&place, Fate::Dropped, "a recipe needs it, and the account does not say it"),
            }
        }
        if shape.name == "AzureBlob" && !present.iter().any(|key| key == "identity") {
            map.add(
                "account_key",
                self.withheld(&format!("{path}.account_key")),
                Some("or sas_key: the service returns neither".to_owned()),
            );
        }
        if shape.name == "Extension" {
            let note =
                "the service does not return protected settings: if it has any, add `protected_settings`";
            self.note(&format!("{path}.protected_settings"), Fate::Dropped, note);
        }
        map
    }
}

/// The reference that a value stands for, if it is one.
fn reference_in(value: Option<&Value>) -> Option<SecretRef> {
    match serde_json::from_value(value?.clone()).ok()? {
        Confidential::Reference(reference) => Some(reference),
        Confidential::Value(_) => None,
    }
}

/// Where the keys of a definition stand in their object.
fn place_of(definition: &str, key: &str) -> String {
    let inside = match definition {
        "StartTask" => "start_task.",
        "ManagerTask" => "manager_task.",
        "PreparationTask" => "preparation_task.",
        "ReleaseTask" => "release_task.",
        "AutoPool" => "pool.auto.",
        _ => "",
    };
    format!("{inside}{key}")
}

/// A member with its name taken out.
fn named(entry: Shape<'_>, item: &Value) -> Option<(String, Value)> {
    let mut members = item.as_object()?.clone();
    if entry.name == "FileSystem" {
        let settings = members.values_mut().find_map(Value::as_object_mut)?;
        let folder = settings.remove("relativeMountPath")?;
        return Some((folder.as_str()?.to_owned(), Value::Object(members)));
    }
    let name = members.remove("name")?.as_str()?.to_owned();
    let value = if entry.is_map() { Value::Object(members) } else { members.remove("value")? };
    Some((name, value))
}

fn duration(text: &str) -> Yaml {
    let limit = text.parse::<WireDuration>().ok().and_then(WireDuration::limit);
    limit.map_or_else(|| texts::text(text), |limit| Yaml::text(texts::duration(limit)))
}

/// A point in time without the parts of a second that say nothing.
fn time(text: &str) -> String {
    match text.strip_suffix('Z') {
        Some(time) if time.contains('.') => format!("{}Z", time.trim_end_matches('0').trim_end_matches('.')),
        _ => text.to_owned(),
    }
}

/// A map of few short words on one line, any other with a key a line.
fn laid_out(mut map: Map) -> Yaml {
    let keys = map.keys();
    let is_short = |value: Option<&mut Yaml>| match value {
        Some(Yaml::Text(text)) => text.len() <= SHORT && !text.contains('\n'),
        value => matches!(value, Some(Yaml::Plain(_))),
    };
    if keys.len() <= FEW && keys.iter().all(|key| is_short(map.get_mut(key))) {
        map.in_short()
    } else {
        map.long()
    }
}

/// A value of somebody else's making.
fn free(value: &Value) -> Yaml {
    match value {
        Value::String(content) => texts::text(content),
        Value::Array(items) => Yaml::List(items.iter().map(free).collect()),
        Value::Object(members) => {
            let mut map = Map::default();
            for (name, value) in members {
                map.put(name, free(value));
            }
            laid_out(map)
        }
        other => Yaml::plain(other),
    }
}

/// Whether all names in a value can be keys.
fn has_only_keys(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().all(|(name, member)| texts::is_key(name) && has_only_keys(member))
        }
        Value::Array(items) => items.iter().all(has_only_keys),
        _ => true,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn letters(word: &str) -> String {
    word.chars().filter(|letter| *letter != '_').collect()
}
