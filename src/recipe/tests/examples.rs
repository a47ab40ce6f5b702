//! What `explain` shows is true: a bad example has exactly its finding at the marked place, its correction has none.

use super::support::{Finding, complete, found};
use crate::recipe::{explain, rules};

#[test]
fn every_example_of_a_mistake_has_its_finding_at_the_marked_place_and_nothing_else() {
    let mut wrong = Vec::new();
    for (code, example) in explain::all().flat_map(|code| code.examples.iter().map(move |e| (code, e))) {
        let (text, marked) = example.marked();
        assert!(!marked.is_empty(), "{code}: nothing is marked in\n{}", example.bad);
        let expected = [Finding { code: code.name, start: marked.start, end: marked.end }];
        let found = found(&complete(&text));
        if found.findings != expected {
            wrong.push(format!("{code}: expected {expected:?}, found\n{}\n{}", found.shown, example.bad));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_correction_has_no_finding_at_all() {
    let mut wrong = Vec::new();
    for (code, example) in explain::all().flat_map(|code| code.examples.iter().map(move |e| (code, e))) {
        assert_ne!(example.marked().0, example.good, "{code}: nothing is corrected");
        let found = found(&complete(example.good));
        if !found.findings.is_empty() {
            wrong.push(format!("{code}:\n{}\n{}", found.shown, example.good));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_rule_has_an_example_and_a_file_of_its_name() {
    let table = include_str!("../rules/table.rs");
    for rule in rules::ALL {
        let code = &rule.code;
        assert!(!code.examples.is_empty(), "{code} has no example");
        assert!(!rule.checks.is_empty(), "{code} looks at nothing");
        let module = code.name.replace('-', "_");
        assert!(table.contains(&format!("    &{module}::RULE,\n")), "{code} is not in {module}.rs");
    }
    assert!(rules::ALL.is_sorted_by_key(|rule| rule.code.name), "the rules are not sorted by name");
}
