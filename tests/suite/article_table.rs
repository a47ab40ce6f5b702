//! The page that maps what the article says to tests names none that is not there.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

/// Every function of the sources of tests, ours and those against the official SDKs, and every rule.
fn known() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let function = Regex::new(r"(?:fn|def) ([a-z0-9_]+)\(").unwrap();
    let mut known = BTreeSet::new();
    let mut folders = vec![root.join("src"), root.join("tests/suite"), root.join("tests/conformance")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
                let source = std::fs::read_to_string(entry).unwrap();
                known.extend(function.captures_iter(&source).map(|found| found[1].to_owned()));
            }
        }
    }
    let rules = std::fs::read_to_string(root.join("docs/rules.md")).unwrap();
    let rule = Regex::new(r"(?m)^### ([a-z-]+)$").unwrap();
    known.extend(rule.captures_iter(&rules).map(|found| found[1].to_owned()));
    known
}

#[test]
fn every_sentence_of_the_article_has_tests_that_exist() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/container-article.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (known, name) = (known(), Regex::new("`([a-z0-9_-]+)`").unwrap());
    let mut sentences = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| the article")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [says, tests, place] = cells[..] else { panic!("{row}") };
        if says.starts_with("**") {
            continue;
        }
        sentences += 1;
        let named: Vec<_> = name.captures_iter(tests).map(|found| found[1].to_owned()).collect();
        assert!(!named.is_empty() && !place.is_empty(), "{row}");
        for test in named {
            assert!(known.contains(&test), "`{test}` is not there: {row}");
        }
    }
    assert!(sentences >= 25, "{sentences}");
}
