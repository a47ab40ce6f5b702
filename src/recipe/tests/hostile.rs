//! Texts that nobody should write, but somebody will.

use proptest::prelude::*;

use super::support::{findings, load_with, with_tasks};
use crate::recipe::{LoadRequest, load};
use crate::view;

#[test]
fn alias_bombs_are_stopped() {
    let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (previous, name) in ('a'..='y').zip('b'..='z') {
        let aliases = vec![format!("*{previous}"); 10].join(",");
        text.push_str(&format!("{name}: &{name} [{aliases}]\n"));
    }
    let findings = findings(&text);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("too-large"), "{findings:?}");
}

#[test]
fn an_alias_of_itself_is_no_loop() {
    assert_eq!(
        findings("api_version: batchyard/v1\nname: x\ndescription: &a [*a]\n"),
        ["wrong-type: [*a]", "syntax: *a"]
    );
}

#[test]
fn depth_is_limited() {
    let indented: String = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    for text in
        ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), indented, "? ".repeat(100_000)]
    {
        assert_eq!(findings(&text).len(), 1);
    }
}

#[test]
fn aliases_cannot_go_around_the_depth_limit() {
    let mut text = format!("a: &a {}x{}\n", "[".repeat(40), "]".repeat(40));
    text.push_str(&format!("b: {}*a{}\n", "[".repeat(40), "]".repeat(40)));
    let findings = findings(&text);
    assert!(findings.len() == 1 && findings[0].starts_with("too-large"), "{findings:?}");
}

#[test]
fn what_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    for bytes in [&b"name: \xff\xfe"[..], &b"\x00\x01\x02"[..], &[0xef, 0xbb, 0xbf][..], &b"name: \xc3"[..]] {
        std::fs::write(&path, bytes).unwrap();
        let report = load(&LoadRequest { path: path.clone(), ..LoadRequest::default() }).unwrap_err();
        assert!(!view::diagnostics::human(&report, false).is_empty());
    }
    std::fs::write(&path, vec![b'#'; 33 * 1024 * 1024]).unwrap();
    let report = load(&LoadRequest { path, ..LoadRequest::default() }).unwrap_err();
    assert_eq!(report.diagnostics[0].code.name, "too-large");
}

#[test]
fn a_terminal_cannot_be_steered_by_a_recipe() {
    let text = "api_version: batchyard/v1\nname: \"\\e[31mred\"\n\"\\e[2J\": 1\n";
    let report = load_with(text, &[]).unwrap_err();
    assert!(!view::diagnostics::human(&report, false).contains('\u{1b}'));
}

fn start() -> String {
    with_tasks(
        "t:\n  for_each: { s: { range: [1, 3] } }\n  id: \"t${{ item.s }}\"\n  container: { image: \"b:${{ params.n }}\" }\n  command: |\n    a ${{ item.s }}\nu:\n  container: { image: b:1, mounts: [task] }\n  depends_on: [t]\n  environment: { A: { env: B }, C: 1 }\n",
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_answered(text in "[-a-z0-9:{}\\[\\],&*#|>'\"$ \t\n!%@`~?é]{0,80}") {
        if let Err(report) = load_with(&text, &[]) {
            prop_assert!(!view::diagnostics::human(&report, true).is_empty());
        }
    }

    #[test]
    fn a_recipe_with_a_slip_is_answered(at in 0_usize..700, cut in 0_usize..4, put in "[-a-z:{}\\[\\],&*#|>'\"$ \t\n]{0,4}") {
        let start = start();
        let mut text: Vec<char> = start.chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Err(report) = load_with(&text, &[]) {
            prop_assert!(report.error_count() > 0);
            prop_assert!(!view::diagnostics::human(&report, false).is_empty());
        }
    }

    #[test]
    fn any_expression_is_answered(expression in "[a-z0-9.+*/%~|()\\[\\]{}'\"<>=, -]{0,40}") {
        let text = with_tasks(&format!("t:\n  for_each: {{ s: [1] }}\n  container: {{ image: b:1 }}\n  command: |\n    ${{{{ {expression} }}}}\n"));
        if let Err(report) = load_with(&text, &[]) {
            prop_assert!(!view::diagnostics::human(&report, false).is_empty());
        }
    }
}
