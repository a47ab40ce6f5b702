//! Why the record can't be used.

use crate::resource::RecipeName;
use crate::storage::StorageError;

use super::holder::Holder;

/// Why the record can't be used. The message says what happened; [`RecordError::hint`] says what to try.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Somebody else works on the recipe.
    #[error("the recipe `{recipe}` is locked: {}", said(.holder.as_deref()))]
    Locked {
        /// The recipe.
        recipe: RecipeName,
        /// Who does, if they have said so.
        holder: Option<Box<Holder>>,
    },
    /// The storage does not do what it is asked for.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(super) fn said(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "somebody holds its lock, and has not said who".to_owned(), Holder::to_string)
}

impl RecordError {
    /// What the user can try, in one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { .. } => Some(
                "--lock-timeout 10m waits for that long; the lock of somebody who died ends by itself within a minute"
                    .to_owned(),
            ),
            Self::Storage(StorageError::Refused { status: 403, .. }) => Some(
                "the signature of the record's container must be current, and allow to read, add, create, write and list \
                 (`sp=racwl`); --no-lock goes without the record"
                    .to_owned(),
            ),
            Self::Storage(error) => {
                let hint = error.hint().map(|hint| format!("{hint}; ")).unwrap_or_default();
                Some(format!("{hint}--no-lock goes without the record"))
            }
        }
    }
}
