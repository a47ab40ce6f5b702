//! What is noted while a configuration is read.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;

use super::report::Fate;

/// An environment variable that the recipe refers to, because what it stands for is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it holds, and how to come by it.
    pub holds: String,
}

/// Notes about keys, and about what is left to do.
#[derive(Default)]
pub(super) struct Log {
    notes: RefCell<BTreeMap<String, (Fate, String)>>,
    variables: RefCell<Vec<Variable>>,
    to_do: RefCell<Vec<String>>,
    secrets: RefCell<Vec<String>>,
}

impl std::fmt::Debug for Log {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("notes", &self.notes).finish_non_exhaustive()
    }
}

impl Log {
    /// Notes what became of a key and of all that is below it. What is noted of a key first counts.
    pub(super) fn note(&self, key: &str, fate: Fate, note: impl Into<String>) {
        self.notes.borrow_mut().entry(key.to_owned()).or_insert_with(|| (fate, note.into()));
    }

    /// What was noted of a key, or of the nearest one above it.
    pub(super) fn noted(&self, key: &str) -> Option<(Fate, String)> {
        let notes = self.notes.borrow();
        let mut above = key;
        loop {
            if let Some(note) = notes.get(above) {
                return Some(note.clone());
            }
            let end = above.rfind(['.', '['])?;
            above = above.get(..end)?;
        }
    }

    /// Asks for an environment variable, once.
    pub(super) fn variable(&self, name: &str, holds: impl Into<String>) {
        let mut variables = self.variables.borrow_mut();
        if !variables.iter().any(|variable| variable.name == name) {
            variables.push(Variable { name: name.to_owned(), holds: holds.into() });
        }
    }

    /// The number of a secret among those that have been met, by which its variable is called: the same one each time.
    pub(super) fn number_of_secret(&self, secret: &str) -> usize {
        let mut secrets = self.secrets.borrow_mut();
        let known = secrets.iter().position(|known| known == secret);
        known.unwrap_or_else(|| {
            secrets.push(secret.to_owned());
            secrets.len() - 1
        }) + 1
    }

    /// Notes something that only the user can do, once.
    pub(super) fn to_do(&self, what: impl Into<String>) {
        let what = what.into();
        let mut to_do = self.to_do.borrow_mut();
        if !to_do.contains(&what) {
            to_do.push(what);
        }
    }

    /// Takes the variables and what is to do.
    pub(super) fn take_rest(&self) -> (Vec<Variable>, Vec<String>) {
        (self.variables.take(), self.to_do.take())
    }
}
