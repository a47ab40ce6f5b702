//! Environment variables whose values may be secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::batch::model::{Confidential, EnvironmentSetting};
use crate::secret::SecretRef;

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EnvironmentValue {
    /// As it stands.
    Plain(String),
    /// A secret, by reference.
    Secret(SecretRef),
}

/// Environment variables by name.
pub type EnvironmentSpec = BTreeMap<String, EnvironmentValue>;

/// The wire form of an environment; secrets are still references.
pub(super) fn to_wire(environment: &EnvironmentSpec) -> Option<Vec<EnvironmentSetting>> {
    let settings = environment.iter().map(|(name, value)| {
        let value = match value {
            EnvironmentValue::Plain(text) => Confidential::value(text.as_str()),
            EnvironmentValue::Secret(reference) => Confidential::from(reference.clone()),
        };
        EnvironmentSetting { name: name.clone(), value: Some(value) }
    });
    (!environment.is_empty()).then(|| settings.collect())
}

/// The environment of a wire object. Values come as they are: the service doesn't know which of them are secrets.
pub(super) fn from_wire(settings: Option<&Vec<EnvironmentSetting>>) -> EnvironmentSpec {
    let value = |value: &Option<Confidential>| match value {
        Some(Confidential::Reference(reference)) => EnvironmentValue::Secret(reference.clone()),
        Some(Confidential::Value(text)) => EnvironmentValue::Plain(text.expose().to_owned()),
        None => EnvironmentValue::Plain(String::new()),
    };
    settings.into_iter().flatten().map(|setting| (setting.name.clone(), value(&setting.value))).collect()
}

/// Whether a live environment is what the recipe asks for. The value of a secret is not compared.
pub(super) fn same(desired: &EnvironmentSpec, live: &EnvironmentSpec) -> bool {
    desired.len() == live.len()
        && desired.iter().zip(live).all(|((name, value), (live_name, live_value))| {
            name == live_name && (matches!(value, EnvironmentValue::Secret(_)) || value == live_value)
        })
}

/// Every secret that an environment refers to.
pub(super) fn secrets(environment: &EnvironmentSpec) -> impl Iterator<Item = &SecretRef> {
    environment.values().filter_map(|value| match value {
        EnvironmentValue::Secret(reference) => Some(reference),
        EnvironmentValue::Plain(_) => None,
    })
}

/// What stands in place of a value that may be a secret.
pub const NOT_SHOWN: &str = "(not shown)";

/// A live environment as it may be shown: the service returns the values of variables that the recipe holds as secrets, or held as
/// secrets when it was applied. What the recipe says openly may be said again.
pub(super) fn without_secrets(live: &EnvironmentSpec, desired: &EnvironmentSpec) -> EnvironmentSpec {
    let shown = |name: &str, value: &EnvironmentValue| {
        if desired.get(name) == Some(value) {
            value.clone()
        } else {
            EnvironmentValue::Plain(NOT_SHOWN.to_owned())
        }
    };
    live.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_neither_compared_nor_shown() {
        let plain = |value: &str| EnvironmentValue::Plain(value.into());
        let desired = EnvironmentSpec::from([
            ("A".into(), plain("1")),
            ("TOKEN".into(), EnvironmentValue::Secret(SecretRef::Env("T".into()))),
        ]);
        let live = EnvironmentSpec::from([("A".into(), plain("1")), ("TOKEN".into(), plain("hunter2"))]);
        assert!(same(&desired, &live));
        assert_eq!(without_secrets(&live, &desired)["TOKEN"], plain("(not shown)"));
        assert_eq!(without_secrets(&live, &desired)["A"], plain("1"));
        assert_eq!(without_secrets(&live, &EnvironmentSpec::new())["A"], plain("(not shown)"));
        let open_now = EnvironmentSpec::from([("TOKEN".into(), plain("none"))]);
        assert_eq!(without_secrets(&live, &open_now)["TOKEN"], plain("(not shown)"), "it was a secret once");
    }
}
