//! Each version has the operations that its official document has: neither fewer nor more, with the same statuses.

use std::collections::BTreeMap;
use std::path::Path;

use batchyard::batch::operations::{every_operation, retired_operations};
use batchyard::batch::{ApiVersion, OperationSpec};
use serde_json::Value;

/// The versions whose documents are beside the repository.
const DOCUMENTED: &[ApiVersion] =
    &[ApiVersion::V2017_09_01, ApiVersion::V2018_12_01, ApiVersion::V2022_10_01, ApiVersion::V2024_02_01];

/// The status of success by method and path, without the names of placeholders.
type Operations = BTreeMap<(String, String), String>;

fn without_names(path: &str) -> String {
    let names = regex::Regex::new(r"\{[^}]*\}").unwrap();
    names.replace_all(path, "{}").to_lowercase()
}

fn documented(version: ApiVersion) -> Option<Operations> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/reference/spec")
        .join(version.as_str())
        .join("BatchService.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: the official document of {version} is not beside the repository");
        return None;
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| {
            let mut statuses = operation["responses"].as_object().unwrap().keys();
            let success = statuses.find(|status| status.starts_with('2')).unwrap();
            ((method.to_uppercase(), without_names(path)), success.clone())
        })
    });
    Some(operations.collect())
}

fn ours(version: ApiVersion) -> Operations {
    let row = |spec: &OperationSpec| {
        ((spec.method.to_string(), without_names(spec.path)), spec.success.to_string())
    };
    every_operation().chain(retired_operations()).filter(|spec| spec.is_in(version)).map(row).collect()
}

#[test]
fn each_version_has_the_operations_of_its_document() {
    for version in DOCUMENTED {
        let Some(documented) = documented(*version) else { return };
        assert!(documented.len() > 70, "{version}: {}", documented.len());
        let ours = ours(*version);
        let missing: Vec<_> = documented.iter().filter(|(key, _)| !ours.contains_key(key)).collect();
        let invented: Vec<_> = ours.iter().filter(|(key, _)| !documented.contains_key(key)).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{version}: missing {missing:?}, invented {invented:?}"
        );
        assert_eq!(ours, documented, "{version}");
    }
}
