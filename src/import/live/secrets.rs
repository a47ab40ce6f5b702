//! What may be written down, and what only a reference may stand for.

use super::desk::Scribe;
use super::openness::Openness;
use super::texts;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::known_secret;
use crate::resource::{EnvironmentSpec, EnvironmentValue};
use crate::secret::SecretRef;

impl Scribe<'_> {
    /// Environment variables.
    pub(super) fn environment(&self, path: &str, environment: &EnvironmentSpec) -> Option<Yaml> {
        let mut map = Map::default();
        for (name, value) in environment {
            if !texts::is_key(name) || name.contains('=') || name.contains(char::is_whitespace) {
                let note = format!("no recipe can name the environment variable `{name}`");
                self.note(path, Fate::Dropped, note);
                continue;
            }
            let (value, beside) = self.environment_value(path, name, value);
            map.add(name, value, beside);
        }
        (!map.is_empty()).then(|| map.long())
    }

    fn environment_value(&self, path: &str, name: &str, value: &EnvironmentValue) -> (Yaml, Option<String>) {
        let value = match value {
            EnvironmentValue::Plain(value) => value,
            EnvironmentValue::Secret(SecretRef::Env(variable)) => {
                self.desk.log.variable(variable, format!("the secret {name} of {}", self.address));
                return (Yaml::env(variable), None);
            }
            // Nothing that was read refers to anything, and what is found out refers to variables.
            EnvironmentValue::Secret(_) => return (Yaml::env(name), None),
        };
        if !self.openness.hides(name, value) {
            return (texts::text(value), None);
        }
        let wanted = if texts::is_variable(name) { name.to_owned() } else { texts::variable(&[name]) };
        let variable = self.variable(&wanted, Some(value));
        self.desk.log.variable(&variable, format!("the value of {name} of {}", self.address));
        let comment = match self.openness {
            Openness::Secretive => "may be a secret: the recipe that made this has some",
            _ => "looks like a secret",
        };
        self.note(&format!("{path}.{name}"), Fate::Changed, format!("{comment}; it refers to {variable}"));
        (Yaml::env(&variable), Some(comment.to_owned()))
    }

    /// A URL, or a reference to one that holds a signature.
    pub(super) fn url(&self, path: &str, url: &str) -> Yaml {
        let has_query = url.contains('?');
        let is_secret = match self.openness {
            Openness::Open => false,
            Openness::Unknown => known_secret(url).is_some(),
            Openness::Secretive => has_query || known_secret(url).is_some(),
        };
        if !is_secret {
            return texts::text(url);
        }
        let variable = self.variable(&texts::variable(&[self.name(), last(path)]), Some(url));
        let address = url.split('?').next().unwrap_or_default();
        self.desk.log.variable(&variable, format!("the URL {address} with a signature"));
        self.note(path, Fate::Changed, format!("the URL holds a signature; it refers to {variable}"));
        Yaml::env(&variable)
    }

    /// A reference to a secret that the service doesn't return.
    pub(super) fn withheld(&self, path: &str) -> Yaml {
        let parts: Vec<&str> = path.split('.').rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
        let variable = self.variable(&texts::variable(&parts), None);
        self.desk.log.variable(&variable, format!("the secret {path} of {}", self.address));
        self.note(path, Fate::Changed, format!("the service does not return it; it refers to {variable}"));
        Yaml::env(&variable)
    }

    /// Says so if a command line holds what looks like a secret: only the command itself can say it.
    pub(super) fn warn_of_secrets_in(&self, path: &str, line: &str) {
        let words = crate::batch::command_line::split(line).unwrap_or_default();
        let arguments = crate::recipe::secret_arguments(words.iter().map(|word| (word.as_str(), ())));
        if known_secret(line).is_some() || !arguments.is_empty() {
            let what = "holds what looks like a secret, and the recipe says it as openly as the account does";
            let address = self.address.split_once(".tasks.").map_or(self.address.as_str(), |(job, _)| job);
            self.desk.log.to_do(format!(
                "{address}: a {path} {what}: pass it to the command in an environment variable that refers to it"
            ));
        }
    }

    /// The id of the object.
    fn name(&self) -> &str {
        self.address.rsplit('.').next().unwrap_or_default()
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}
