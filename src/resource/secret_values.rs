//! References to secrets in requests, and the values that take their places just before a request is sent.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::batch::model::SECRET_MARKER;
use crate::secret::{Secret, SecretRef};

/// A reference whose value is not at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of the secret ({0}) is not known")]
pub struct UnresolvedSecret(pub SecretRef);

/// Values of secrets, resolved just before they are sent.
#[derive(Debug, Default)]
pub struct SecretValues(BTreeMap<SecretRef, Secret>);

impl SecretValues {
    /// Remembers the value of a reference.
    pub fn insert(&mut self, reference: SecretRef, value: Secret) {
        self.0.insert(reference, value);
    }

    /// The same request with values in the places of references.
    ///
    /// # Errors
    /// When the value of a reference is not known.
    pub fn fill<T: Serialize + DeserializeOwned>(&self, request: T) -> Result<T, UnresolvedSecret> {
        let Some(first) = references(&request).into_iter().next() else { return Ok(request) };
        let mut body = serde_json::to_value(&request).unwrap_or_default();
        self.fill_in(&mut body)?;
        // A reference and its value stand for the same field, so what could be written can be read.
        serde_json::from_value(body).map_err(|_| UnresolvedSecret(first))
    }

    fn fill_in(&self, value: &mut Value) -> Result<(), UnresolvedSecret> {
        if let Some(reference) = reference_in(value) {
            let secret = self.0.get(&reference).ok_or(UnresolvedSecret(reference))?;
            *value = Value::from(secret.expose());
            return Ok(());
        }
        match value {
            Value::Object(members) => members.values_mut().try_for_each(|member| self.fill_in(member)),
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.fill_in(item)),
            _ => Ok(()),
        }
    }
}

/// The reference that a value stands for, if it is one.
pub(super) fn reference_in(value: &Value) -> Option<SecretRef> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    serde_json::from_value(members.get(SECRET_MARKER)?.clone()).ok()
}

/// Every reference to a secret in a request.
pub(super) fn references<T: Serialize>(request: &T) -> Vec<SecretRef> {
    // Most requests hold none; of a million tasks each is asked. A quote inside a text is escaped, so only a key looks like this.
    let text = serde_json::to_string(request).unwrap_or_default();
    if !text.contains(&format!("\"{SECRET_MARKER}\":")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    collect(&serde_json::from_str(&text).unwrap_or_default(), &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<SecretRef>) {
    if let Some(reference) = reference_in(value) {
        found.push(reference);
        return;
    }
    match value {
        Value::Object(members) => members.values().for_each(|member| collect(member, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::{Confidential, EnvironmentSetting, UserAccount};

    fn account(password: Confidential) -> UserAccount {
        UserAccount {
            name: "u".into(),
            password: Some(password),
            elevation_level: None,
            linux_user_configuration: None,
            windows_user_configuration: None,
        }
    }

    #[test]
    fn values_take_the_places_of_references() {
        let reference = SecretRef::Env("PASSWORD".into());
        let request = vec![account(reference.clone().into())];
        assert_eq!(references(&request), std::slice::from_ref(&reference));
        let unknown = SecretValues::default().fill(request.clone()).unwrap_err();
        assert_eq!(unknown, UnresolvedSecret(reference.clone()));
        let mut values = SecretValues::default();
        values.insert(reference, Secret::new("hunter2"));
        assert_eq!(values.fill(request).unwrap(), [account(Confidential::value("hunter2"))]);
    }

    #[test]
    fn a_text_that_looks_like_a_reference_is_none() {
        let text = r#"{"$secret":{"env":"A"}}"#;
        let setting = EnvironmentSetting { name: text.into(), value: Some(Confidential::value(text)) };
        assert_eq!(references(&setting), []);
        assert_eq!(SecretValues::default().fill(setting.clone()).unwrap(), setting);
    }
}
