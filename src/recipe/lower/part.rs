//! Parts that recipes and the REST API describe alike: the same tree under other names.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::model::{AutoUserScope, AutoUserSpecification, ElevationLevel, UserIdentity};
use crate::recipe::document::{Entries, Field, Text, Word, optional};
use crate::resource::{MetadataSpec, normal, normal_list};

/// A part in the words of the REST API, in normal form. `None` if something in it could not be understood.
pub(super) fn part<D: Serialize, T: Serialize + DeserializeOwned>(
    field: Option<&Field<D>>,
) -> Option<Option<T>> {
    match field {
        Some(field) => Some(normal(Some(translated(field)?))),
        None => Some(None),
    }
}

/// The members of a list or of a map in the words of the REST API, in normal form.
pub(super) fn parts<D: Serialize, T: Serialize + DeserializeOwned>(
    field: Option<&Field<D>>,
) -> Option<Vec<T>> {
    match field {
        Some(field) => Some(normal_list(Some(translated(field)?))),
        None => Some(Vec::new()),
    }
}

/// The same, absent where there is nothing.
pub(super) fn some_parts<D: Serialize, T: Serialize + DeserializeOwned>(
    field: Option<&Field<D>>,
) -> Option<Option<Vec<T>>> {
    parts(field).map(|list| (!list.is_empty()).then_some(list))
}

fn translated<D: Serialize, T: DeserializeOwned>(field: &Field<D>) -> Option<T> {
    serde_json::from_value(serde_json::to_value(field).ok()?).ok()
}

/// The paths in plans of properties that others may change.
pub(super) fn ignored<T: Copy>(
    field: Option<&Field<Vec<Field<T>>>>,
    path: impl Fn(T) -> &'static str,
) -> Option<Vec<&'static str>> {
    let Some(field) = field else { return Some(Vec::new()) };
    field.get()?.iter().map(|property| property.get().map(|property| path(*property))).collect()
}

/// Names and values for the user.
pub(super) fn metadata(field: Option<&Field<Entries<Text>>>) -> Option<MetadataSpec> {
    let items = crate::recipe::document::entries(field).iter();
    items.map(|entry| Some((entry.name.clone(), entry.value.get()?.0.clone()))).collect()
}

/// Who a task runs as, in normal form.
pub(super) fn user(
    name: Option<&Field<String>>,
    scope: Option<&Field<Word<AutoUserScope>>>,
    elevation: Option<&Field<Word<ElevationLevel>>>,
) -> Option<Option<UserIdentity>> {
    let auto_user = AutoUserSpecification {
        scope: optional(scope)?.map(|scope| scope.value()),
        elevation_level: optional(elevation)?.map(|level| level.value()),
    };
    let username = optional(name)?;
    let auto_user = username.is_none().then_some(auto_user);
    Some(normal(Some(UserIdentity { username, auto_user })))
}
