//! Secrets, resolved at the last moment: just before the request that carries them is sent.

use std::sync::Arc;

use crate::resource::SecretValues;
use crate::secret::{Secret, SecretRef};

/// Why the value of a secret can't be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the secret ({reference}) can't be had: {reason}")]
pub struct SecretError {
    /// The reference.
    pub reference: SecretRef,
    /// Why, and what to try. Holds nothing of the value.
    pub reason: String,
}

type Resolve = dyn Fn(&SecretRef) -> Result<Secret, SecretError> + Send + Sync;

/// Finds the values of secrets.
#[derive(Clone)]
pub struct SecretSource(Arc<Resolve>);

impl SecretSource {
    /// A source that asks `resolve`.
    pub fn new(resolve: impl Fn(&SecretRef) -> Result<Secret, SecretError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(resolve))
    }

    /// The value of a reference.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn value(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        (self.0)(reference)
    }

    /// The values of those references.
    ///
    /// # Errors
    /// When one of them can't be had.
    pub fn resolve(
        &self,
        references: impl IntoIterator<Item = SecretRef>,
    ) -> Result<SecretValues, SecretError> {
        let mut values = SecretValues::default();
        for reference in references {
            let value = (self.0)(&reference)?;
            values.insert(reference, value);
        }
        Ok(values)
    }
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSource")
    }
}
