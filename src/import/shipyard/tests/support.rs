//! The words that these tests are written in.

use crate::diagnostic::Report;
use crate::import::Fate;
use crate::import::shipyard::{File, Imported, import};
use crate::recipe::{LoadRequest, Loaded, load};

/// Credentials with one storage account.
pub(super) const CREDENTIALS: &str = "\
credentials:
  batch: { account_key: c2VjcmV0a2V5, account_service_url: https://mine.westeurope.batch.azure.com }
  storage:
    link: { account: mystore, account_key: c3RvcmFnZXNlY3JldA==, endpoint: core.windows.net }
";

/// A pool of two nodes that talk to each other.
pub(super) const POOL: &str = "\
pool_specification:
  id: cluster
  vm_configuration: { platform_image: { publisher: Canonical, offer: UbuntuServer, sku: 18.04-LTS } }
  vm_size: STANDARD_D2_V3
  vm_count: { dedicated: 2, low_priority: 0 }
  inter_node_communication_enabled: true
";

/// What comes of files.
pub(super) fn of(files: &[(&str, &str)]) -> Imported {
    let files: Vec<File> = files
        .iter()
        .map(|(name, text)| File { name: (*name).to_owned(), text: (*text).to_owned() })
        .collect();
    import(&files, "folder").unwrap()
}

/// What comes of jobs on that pool.
pub(super) fn of_jobs(jobs: &str) -> Imported {
    of(&[("credentials.yaml", CREDENTIALS), ("pool.yaml", POOL), ("jobs.yaml", jobs)])
}

/// What comes of one job with one task, of which `task` are the keys beside its image.
pub(super) fn of_task(task: &str) -> Imported {
    of_jobs(&format!(
        "job_specifications:\n- id: j\n  tasks:\n  - docker_image: busybox:1\n{}",
        indented(task, 4)
    ))
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

/// The recipe as `validate` reads it.
pub(super) fn loaded(imported: &Imported) -> Result<Loaded, Report> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    std::fs::write(&path, imported.recipe.as_deref().unwrap()).unwrap();
    load(&LoadRequest { path, ..LoadRequest::default() })
}

/// The text of a recipe that is valid and laid out as `fmt` would.
#[track_caller]
pub(super) fn valid(imported: &Imported) -> &str {
    let recipe = imported.recipe.as_deref().unwrap();
    if let Err(report) = loaded(imported) {
        let messages: Vec<&str> = report.diagnostics.iter().map(|finding| finding.message.as_str()).collect();
        panic!("{messages:#?}\n{recipe}");
    }
    assert_eq!(crate::recipe::format::format("recipe.yaml", recipe).unwrap(), recipe);
    recipe
}

/// Asserts that a valid recipe holds some text.
#[track_caller]
pub(super) fn holds(imported: &Imported, expected: &[&str]) {
    let recipe = valid(imported);
    for expected in expected {
        assert!(recipe.contains(expected), "there is no\n{expected}\nin\n{recipe}");
    }
}

/// What became of a key.
#[track_caller]
pub(super) fn fate(imported: &Imported, key: &str) -> (Fate, String) {
    let line = imported.report.lines.iter().find(|line| line.key == key);
    line.map(|line| (line.fate, line.note.clone()))
        .unwrap_or_else(|| panic!("no line for {key}: {:#?}", imported.report))
}

/// Asserts what became of a key, and a part of what is said of it.
#[track_caller]
pub(super) fn became(imported: &Imported, key: &str, expected: Fate, part: &str) {
    let (fate, note) = fate(imported, key);
    assert!(fate == expected && note.contains(part), "{key}: {fate:?}, {note}");
}
