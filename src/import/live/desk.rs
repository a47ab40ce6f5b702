//! What is at hand while an account is written down, and what is noted.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;

use super::language::Language;
use super::openness::Openness;
use super::texts;
use crate::import::log::Log;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::resource::RegistrySpec;

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The object: `pools.gpu`.
    pub address: String,
    /// What of it, by its place in the recipe; empty means all of it.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
    /// What was done with it, or why it is not there.
    pub note: String,
    /// Of how many tasks of its job the same is said.
    pub count: usize,
}

/// Among so many lines it is looked for one that says the same of another task.
const LOOK_BACK: usize = 64;

/// The job that a task is in.
fn job_of(address: &str) -> Option<&str> {
    address.split_once(".tasks.").map(|(job, _)| job)
}

/// What the whole recipe shares.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) language: Language,
    pub(super) log: Log,
    lines: RefCell<Vec<Line>>,
    /// By what they are known: host, user and identity.
    registries: RefCell<Vec<(String, RegistrySpec)>>,
    /// Variables that stand for secrets, with what tells whether two stand for the same.
    variables: RefCell<BTreeMap<String, String>>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            language: Language::new(),
            log: Log::default(),
            lines: RefCell::default(),
            registries: RefCell::default(),
            variables: RefCell::default(),
        }
    }

    /// Somebody who writes about an object.
    pub(super) fn scribe(&self, address: impl Into<String>, openness: Openness) -> Scribe<'_> {
        Scribe { desk: self, address: address.into(), openness }
    }

    /// Notes what became of an object, or of a part of it.
    pub(super) fn note(&self, address: &str, path: &str, fate: Fate, note: impl Into<String>) {
        let note = note.into();
        let (address, path) = (address.to_owned(), path.to_owned());
        let mut lines = self.lines.borrow_mut();
        // Of many tasks that are alike, one is named.
        let alike = job_of(&address).and_then(|job| {
            let mut before = lines.iter_mut().rev().take(LOOK_BACK);
            before.find(|line| {
                job_of(&line.address) == Some(job)
                    && (&line.path, line.fate, &line.note) == (&path, fate, &note)
            })
        });
        match alike {
            Some(line) => line.count += 1,
            None => lines.push(Line { address, path, fate, note, count: 1 }),
        }
    }

    pub(super) fn take_lines(&self) -> Vec<Line> {
        self.lines.take()
    }

    /// The registries, each with where its password is found.
    pub(super) fn registries(&self) -> Map {
        let mut all = Map::default();
        for (key, RegistrySpec { server, username, password: _, identity }) in self.registries.borrow().iter()
        {
            let mut registry = Map::default();
            registry.put("server", texts::text(server));
            registry.put_some("username", username.as_deref().map(texts::text));
            if let Some(identity) = identity {
                registry.put("identity", texts::text(identity));
            } else if username.is_some() {
                let name = texts::variable(&[key, "PASSWORD"]);
                self.log.variable(&name, format!("the password of the registry {server}"));
                registry.add(
                    "password",
                    Yaml::env(&name),
                    Some("the service returns no passwords".to_owned()),
                );
            }
            all.put(key, registry.long());
        }
        all
    }
}

/// Writes about one object.
#[derive(Debug)]
pub(super) struct Scribe<'a> {
    pub(super) desk: &'a Desk,
    pub(super) address: String,
    pub(super) openness: Openness,
}

impl Scribe<'_> {
    /// Notes what became of a part of the object.
    pub(super) fn note(&self, path: &str, fate: Fate, note: impl Into<String>) {
        self.desk.note(&self.address, path, fate, note);
    }

    /// The key of a registry of the recipe.
    pub(super) fn registry(&self, registry: &RegistrySpec) -> String {
        let mut known = self.desk.registries.borrow_mut();
        let wanted = RegistrySpec { password: None, ..registry.clone() };
        if let Some((key, _)) = known.iter().find(|(_, there)| *there == wanted) {
            return key.clone();
        }
        let base = texts::key(&wanted.server);
        let taken = |key: &String| known.iter().any(|(there, _)| there == key);
        let numbered = (2_usize..).map(|number| format!("{base}-{number}"));
        let key = std::iter::once(base.clone()).chain(numbered).find(|key| !taken(key)).unwrap_or(base);
        known.push((key.clone(), wanted));
        key
    }

    /// The name of an environment variable for a secret of which `value` is known, if anything is: one name for one secret.
    pub(super) fn variable(&self, wanted: &str, value: Option<&str>) -> String {
        let mut taken = self.desk.variables.borrow_mut();
        let told_by = value.map_or_else(
            || format!("{} {wanted}", self.address),
            |value| crate::resource::Digest::of(&value).to_string(),
        );
        let numbered = (2_usize..).map(|number| format!("{wanted}_{number}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        let free = |name: &String| taken.get(name).is_none_or(|known| *known == told_by);
        let name = names.find(free).unwrap_or_else(|| wanted.to_owned());
        taken.insert(name.clone(), told_by);
        name
    }
}
