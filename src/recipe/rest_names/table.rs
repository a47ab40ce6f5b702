//! The two lists.

/// A settable property of the REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::recipe) struct Property {
    /// The model: `NetworkConfiguration`.
    pub(in crate::recipe) model: &'static str,
    /// The property: `subnetId`.
    pub(in crate::recipe) name: &'static str,
    /// Where a recipe says it: `pools.*.network.subnet_id`.
    pub(in crate::recipe) path: &'static str,
}

/// A property that only other versions of the REST API have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::recipe) struct Removed {
    /// The model that had it.
    pub(in crate::recipe) model: &'static str,
    /// The property.
    pub(in crate::recipe) name: &'static str,
    /// Where it exists: `up to api-version 2024-02-01.19.0`.
    pub(in crate::recipe) exists: &'static str,
    /// What to write instead.
    pub(in crate::recipe) instead: &'static str,
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// All settable properties.
pub(in crate::recipe) fn properties() -> impl Iterator<Item = Property> {
    rows(include_str!("properties.tsv")).filter_map(|row| match row.as_slice() {
        &[model, name, path] => Some(Property { model, name, path }),
        _ => None,
    })
}

/// All properties that only other versions have.
pub(super) fn all_removed() -> impl Iterator<Item = Removed> {
    rows(include_str!("removed.tsv")).filter_map(|row| match row.as_slice() {
        &[model, name, exists, instead] => Some(Removed { model, name, exists, instead }),
        _ => None,
    })
}

/// Whether a key of a recipe is that name, in whatever case: `subnetId`, `subnet_id`, `SubnetID`.
fn is(key: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| *letter != '_').collect::<String>();
    letters(key).eq_ignore_ascii_case(&letters(name))
}

/// How an object that stands for `models` says the property that `key` is the REST API's name of: `nodes.dedicated` for
/// `targetDedicatedNodes`.
pub(in crate::recipe) fn recipe_name(models: &[String], key: &str) -> Option<&'static str> {
    let found = properties()
        .find(|property| models.iter().any(|model| model == property.model) && is(key, property.name))?;
    let base = base(found.model)?;
    let inside = found.path.strip_prefix(base)?;
    Some(inside.trim_start_matches('.')).filter(|name| !name.is_empty())
}

/// The key under which an object with certain keys says the property that the REST API calls `name`: `identity` for
/// `identityReference`.
pub fn recipe_key(name: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let keys = properties().filter(|property| property.name == name).map(|property| property.path);
    keys.filter_map(|path| path.rsplit('.').next()).find(|key| has(key))
}

/// The path of the object that a model's properties stand in: what all of their paths begin with.
fn base(model: &str) -> Option<&'static str> {
    let object = |path: &'static str| match path.rsplit_once('.') {
        Some((object, last)) if last != "*" => object,
        _ => path,
    };
    let rows = properties().filter(|property| property.model == model);
    rows.map(|property| object(property.path)).reduce(|mut common, other| {
        while !(other == common || other.strip_prefix(common).is_some_and(|rest| rest.starts_with('.'))) {
            common = common.rsplit_once('.').map_or("", |(object, _)| object);
        }
        common
    })
}

/// What is known about `key` in an object that stands for `models`, if only another version has it.
pub(in crate::recipe) fn removed(models: &[String], key: &str) -> Option<Removed> {
    all_removed().find(|row| models.iter().any(|model| model == row.model) && is(key, row.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_rest_api_lead_to_those_of_recipes() {
        let name = |models: &[&str], key| {
            recipe_name(&models.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>(), key)
        };
        assert_eq!(name(&["BatchPoolCreateOptions"], "targetDedicatedNodes"), Some("nodes.dedicated"));
        assert_eq!(name(&["BatchPoolCreateOptions"], "network_configuration"), Some("network"));
        assert_eq!(
            name(&["BatchJobCreateOptions", "BatchJobConstraints"], "maxTaskRetryCount"),
            Some("retries")
        );
        assert_eq!(
            name(&["WindowsConfiguration"], "enableAutomaticUpdates"),
            Some("enable_automatic_updates")
        );
        assert_eq!(
            name(&["NetworkConfiguration"], "publicIPAddressConfiguration"),
            Some("public_ip_address")
        );
        assert_eq!(name(&["NetworkConfiguration"], "targetDedicatedNodes"), None);
    }

    #[test]
    fn keys_are_found_among_those_that_there_are() {
        assert_eq!(recipe_key("identityReference", |key| key == "identity"), Some("identity"));
        assert_eq!(recipe_key("maxTaskRetryCount", |key| key == "retries"), Some("retries"));
        assert_eq!(recipe_key("identityReference", |key| key == "retries"), None);
    }

    #[test]
    fn every_row_has_all_of_its_columns() {
        for (table, columns) in [(include_str!("properties.tsv"), 3), (include_str!("removed.tsv"), 4)] {
            for row in rows(table) {
                assert_eq!(row.len(), columns, "{row:?}");
                assert!(row.iter().all(|column| !column.trim().is_empty()), "{row:?}");
            }
        }
    }
}
