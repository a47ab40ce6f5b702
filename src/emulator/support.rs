//! The page that says which operations this service carries out and which properties it refuses, made from the tables that say so to the program.

use super::admission::{REASONS, REFUSED};
use super::routes::{RETIRED_ROUTES, ROUTES, Route};
use crate::batch::OperationSpec;
use crate::batch::operations::{FAMILIES, every_operation, retired_operations};

/// Where the page is, from the root of the repository.
const PAGE: &str = "docs/emulator-support.md";

fn render() -> String {
    let mut page = format!(
        "# What the embedded Azure Batch does\n\n\
         Generated from the table of operations; a test keeps it so. Of the {} operations of API version {}, {} are carried out.\n\
         The others answer 501 with the code `NotImplementedByEmulator` and their name; so do [properties](#properties-that-are-refused)\n\
         that would change what runs and that the service does not act on.\n",
        every_operation().count(),
        crate::batch::ApiVersion::CURRENT,
        ROUTES.len(),
    );
    for family in FAMILIES {
        let title = family.first().map_or("", |spec| title(spec.path, spec.family()));
        page.push_str(&format!("\n## {title}\n\n| operation | request | |\n|---|---|---|\n"));
        for spec in *family {
            let done = done(ROUTES, spec);
            page.push_str(&format!("| `{}` | `{} {}` | {done} |\n", spec.name, spec.method, spec.path));
        }
    }
    page.push_str(
        "\n## Operations of older versions\n\n\
         The present version has these no more. Clients that speak an older one get them, up to the version that is named here;\n\
         of the properties that versions have or lack, each client sees those of its own.\n\n\
         | operation | request | until | |\n|---|---|---|---|\n",
    );
    for spec in retired_operations() {
        let (until, done) = (spec.version(), done(RETIRED_ROUTES, spec));
        let row = format!("| `{}` | `{} {}` | {until} | {done} |\n", spec.name, spec.method, spec.path);
        page.push_str(&row);
    }
    page.push_str(
        "\n## Properties that are refused\n\n\
         A request that asks for one of these answers 501 with the code `NotImplementedByEmulator` and the property's name, and\n\
         changes nothing. So a recipe that says one, by the key that [the reference](recipe-reference.md) gives under that REST name,\n\
         can be validated and planned on the local account but not applied to it; the step that needs it fails. Empty lists and texts\n\
         and `false` ask for nothing and pass.\n\n\
         | of | refused |\n|---|---|\n",
    );
    for refused in REFUSED {
        let names: Vec<_> = refused.properties.iter().map(|name| format!("`{name}`")).collect();
        page.push_str(&format!("| {} | {} |\n", refused.of, names.join(", ")));
    }
    page.push_str("\nSome of it this machine can't do:\n\n");
    for (property, why) in REASONS {
        page.push_str(&format!("- `{property}`: {why}.\n"));
    }
    page
}

/// What the page says of an operation: that it is carried out, what is different about it, or that it is not.
fn done(routes: &'static [Route], spec: &OperationSpec) -> &'static str {
    match routes.iter().find(|route| route.spec.name == spec.name) {
        None => "501",
        Some(route) if route.note.is_empty() => "yes",
        Some(route) => route.note,
    }
}

fn title(path: &str, family: &'static str) -> &'static str {
    match (path.contains("/files"), family) {
        (true, "Tasks") => "Files of tasks",
        (true, _) => "Files of nodes",
        (false, "JobSchedules") => "Job schedules",
        (false, family) => family,
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn the_page_on_what_is_supported_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = render();
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is out of date; write it anew with INSTA_UPDATE=always");
}
