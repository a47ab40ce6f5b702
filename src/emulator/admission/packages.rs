//! References to application packages.

use super::refusals::{invalid, missing};
use crate::batch::model::BatchApplicationPackageReference;
use crate::emulator::refusal::Refusal;

/// The most packages that a pool refers to (REST reference, `applicationPackageReferences`).
const MOST_OF_POOL: usize = 10;

/// Checks which application packages a pool refers to, but for whether they are there.
pub(super) fn packages_of_pool(
    references: Option<&[BatchApplicationPackageReference]>,
) -> Result<(), Refusal> {
    let property = "applicationPackageReferences";
    let count = references.unwrap_or_default().len();
    if count > MOST_OF_POOL {
        return Err(invalid(property, count, "a pool refers to 10 application packages at the most"));
    }
    package_references(property, references)
}

/// Checks which application packages are referred to. A task whose package is not there fails once it runs, as in Azure.
pub(super) fn package_references(
    property: &str,
    references: Option<&[BatchApplicationPackageReference]>,
) -> Result<(), Refusal> {
    let references = references.unwrap_or_default();
    let version = |reference: &BatchApplicationPackageReference| {
        reference.version.as_deref().map(str::to_ascii_lowercase)
    };
    for (position, reference) in references.iter().enumerate() {
        let id = reference.application();
        if id.is_empty() {
            return Err(missing(&format!("{property}.applicationId")));
        }
        let is_same = |other: &BatchApplicationPackageReference| {
            other.application().eq_ignore_ascii_case(id) && version(other) == version(reference)
        };
        if references.iter().take(position).any(is_same) {
            return Err(invalid(property, id, "the same package is referred to twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(references: Value) -> Result<(), Refusal> {
        let references: Vec<BatchApplicationPackageReference> = serde_json::from_value(references).unwrap();
        packages_of_pool(Some(&references))
    }

    #[test]
    fn a_package_is_referred_to_once_and_by_a_name() {
        let two =
            json!([{"applicationId": "a", "version": "1"}, {"applicationId": "a"}, {"applicationId": "b"}]);
        assert_eq!(check(two), Ok(()));
        let many: Vec<Value> = (0..11).map(|n| json!({"applicationId": format!("a{n}")})).collect();
        for references in [
            json!([{"applicationId": ""}]),
            json!([{"applicationId": "a", "version": "X"}, {"applicationId": "/some/applications/A", "version": "x"}]),
            json!(many),
        ] {
            assert_eq!(check(references.clone()).unwrap_err().status, 400, "{references}");
        }
    }
}
