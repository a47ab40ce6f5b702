//! The page that says which operations this service carries out, made from the tables that say so to the program.

use super::routes::ROUTES;
use crate::batch::operations::{FAMILIES, every_operation};

/// Where the page is, from the root of the repository.
const PAGE: &str = "docs/emulator-support.md";

fn render() -> String {
    let mut page = format!(
        "# What the embedded Azure Batch does\n\n\
         Generated from the table of operations; a test keeps it so. Of the {} operations of API version {}, {} are carried out.\n\
         The others answer 501 with the code `NotImplementedByEmulator` and their name; so do properties that would change what\n\
         runs and that the service does not act on.\n",
        every_operation().count(),
        crate::batch::ApiVersion::CURRENT,
        ROUTES.len(),
    );
    for family in FAMILIES {
        let title = family.first().map_or("", |spec| title(spec.path, spec.family()));
        page.push_str(&format!("\n## {title}\n\n| operation | request | |\n|---|---|---|\n"));
        for spec in *family {
            let route = ROUTES.iter().find(|route| route.spec.name == spec.name);
            let done = route.map_or("501", |route| if route.note.is_empty() { "yes" } else { route.note });
            page.push_str(&format!("| `{}` | `{} {}` | {done} |\n", spec.name, spec.method, spec.path));
        }
    }
    page
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
