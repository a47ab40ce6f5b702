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
    /// It was given up, because the user stopped, before the lock was had.
    #[error("the lock of the recipe `{recipe}` was given up")]
    GivenUp {
        /// The recipe.
        recipe: RecipeName,
    },
    /// The proof of the record's URL would travel in the clear.
    #[error("{url} is not on this machine, and its signature would travel in the clear: https is needed")]
    InTheClear {
        /// The container's URL, without its signature.
        url: String,
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
                 (`sp=racwl`)"
                    .to_owned(),
            ),
            Self::Storage(error) => error.hint(),
            Self::GivenUp { .. } | Self::InTheClear { .. } => None,
        }
    }
}
