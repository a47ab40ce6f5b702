//! Which fields of the table of mutability the cases change, and whether each is of the class that the table says.

use std::collections::BTreeSet;

use batchyard::batch::ApiVersion;
use batchyard::resource::MutabilityTable;
use serde_json::Value;

/// The fields that plans changed, as kind, path and API version.
#[derive(Default)]
pub(super) struct Coverage(BTreeSet<(String, String, ApiVersion)>);

impl Coverage {
    pub(super) fn observe(&mut self, plan: &Value, version: ApiVersion) {
        for change in plan["resource_changes"].as_array().unwrap() {
            let (before, after) = (&change["change"]["before"], &change["change"]["after"]);
            let (Some(_), Some(after)) = (before.as_object(), after.as_object()) else { continue };
            let kind = change["type"].as_str().unwrap().to_owned();
            self.0.extend(after.keys().map(|path| (kind.clone(), path.clone(), version)));
        }
    }

    /// The rows that no case touches.
    pub(super) fn missing(&self, versions: &[ApiVersion]) -> Vec<String> {
        let mut missing = Vec::new();
        for &version in versions {
            let tables = [
                ("pool", MutabilityTable::of_pools(version)),
                ("job", MutabilityTable::of_jobs(version)),
                ("schedule", MutabilityTable::of_schedules(version)),
            ];
            for (kind, table) in tables {
                let inside = |path: &str, row: &str| path == row || path.starts_with(&format!("{row}."));
                let covered = |row: &str| {
                    self.0.iter().any(|(of, path, then)| of == kind && *then == version && inside(path, row))
                };
                let rows = table.rows().filter(|(row, _)| !covered(row));
                missing.extend(rows.map(|(row, _)| format!("{kind} {row} in {version}")));
            }
        }
        missing
    }
}
