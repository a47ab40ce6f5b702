//! The page of the documentation, with the table of all keys.

use std::fmt::Write as _;

use crate::import::Fate;
use crate::import::shipyard::keys;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import-shipyard.md");
const START: &str = "<!-- The tables below are written by the test `import::shipyard::tests::page`; change src/import/shipyard/keys.tsv instead. -->";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn the_page_of_keys_is_current() {
    let written = std::fs::read_to_string(PAGE).unwrap();
    let (before, _) = written.split_once(START).expect("the page says where its tables begin");
    let page = format!("{before}{START}\n{}", tables());
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap();
    assert!(
        written == page,
        "docs/import-shipyard.md is out of date; write it anew with INSTA_UPDATE=always"
    );
}

fn tables() -> String {
    let mut text = String::new();
    let parts = [
        ("credentials.yaml", &["credentials"][..]),
        ("config.yaml", &["batch_shipyard", "data_replication", "global_resources"]),
        ("pool.yaml", &["pool_specification"]),
        ("jobs.yaml", &["job_specifications[]"]),
        (
            "fs.yaml, slurm.yaml, monitor.yaml, federation.yaml",
            &["remote_fs", "slurm", "monitoring", "federation"],
        ),
    ];
    let mut written = 0;
    for (file, roots) in parts {
        writeln!(text, "\n## {file}\n\n| key | | |\n|---|---|---|").unwrap();
        for key in keys() {
            if roots.iter().any(|root| key.path.split('.').next() == Some(root)) {
                assert_ne!(key.fate, Fate::Unknown);
                writeln!(
                    text,
                    "| `{}` | {} | {} |",
                    key.path,
                    key.fate.as_str(),
                    key.note.replace('|', "\\|")
                )
                .unwrap();
                written += 1;
            }
        }
    }
    assert_eq!(written, keys().len(), "every key is in one of the tables");
    text
}
