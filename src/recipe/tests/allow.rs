//! Comments silence findings: the right ones, and no others.

use super::support::{findings, shown, with_tasks};

/// A recipe whose only task uses an image that its pool does not prefetch.
fn not_prefetched(task: &str) -> String {
    with_tasks(task).replace("container: {},", "container: { prefetch: [b:1] },")
}

#[test]
fn a_comment_silences_the_finding_of_its_line_or_of_the_line_below() {
    for task in [
        "t: { container: { image: c:1 } } # batchyard: allow image-not-prefetched it is small",
        "# batchyard: allow image-not-prefetched it is small\nt: { container: { image: c:1 } }",
        "# batchyard: allow image-not-prefetched: it is small\n# and more about it\nt: { container: { image: c:1 } }",
        "t:\n  container:\n    #batchyard: allow image-not-prefetched — it is small\n    image: c:1",
        "t:\n  container:\n    image: |- # batchyard: allow image-not-prefetched it is small\n      c:1",
        "t:\n  container:\n    # batchyard: allow image-not-prefetched it is small\n    image: >-2\n      c:1",
    ] {
        assert_eq!(findings(&not_prefetched(task)), Vec::<String>::new(), "{task}");
    }
}

#[test]
fn a_comment_silences_nothing_on_other_lines() {
    for task in [
        "# batchyard: allow image-not-prefetched it is small\nt:\n  container: { image: c:1 }",
        "# batchyard: allow image-not-prefetched it is small\n\nt: { container: { image: c:1 } }",
        "t: { container: { image: c:1 } }\n# batchyard: allow image-not-prefetched it is small",
    ] {
        let found = findings(&not_prefetched(task));
        assert_eq!(found.len(), 2, "{task}: {found:?}");
        assert!(found.contains(&"warning image-not-prefetched: c:1".to_owned()), "{task}: {found:?}");
        assert!(found.iter().any(|finding| finding.starts_with("note unused-allow: #")), "{task}: {found:?}");
    }
}

#[test]
fn a_comment_without_a_reason_or_with_a_wrong_name_silences_nothing() {
    let found = |comment: &str| {
        let text = not_prefetched(&format!("t: {{ container: {{ image: c:1 }} }} # {comment}"));
        let found = findings(&text);
        assert_eq!(found[0], "warning image-not-prefetched: c:1", "{comment}");
        assert_eq!(found.get(1..), Some(&[format!("warning invalid-allow: # {comment}")][..]), "{comment}");
        shown(&text)
    };
    assert!(found("batchyard: allow").contains("does not say what"));
    assert!(found("batchyard: allow image-not-prefetched").contains("does not say why"));
    assert!(found("batchyard: allow image-not-prefetched --").contains("does not say why"));
    assert!(found("batchyard: allow image-not-prefeched it is small").contains("`image-not-prefetched`?"));
    assert!(found("batchyard: alow image-not-prefetched it is small").contains("not understood"));
}

#[test]
fn an_error_cannot_be_allowed() {
    let text =
        with_tasks("t: { container: { image: c:1 }, slots: 2 } # batchyard: allow too-many-slots please");
    assert_eq!(
        findings(&text),
        ["too-many-slots: 2", "warning invalid-allow: # batchyard: allow too-many-slots please"]
    );
}

#[test]
fn what_only_looks_like_a_comment_is_none() {
    let text = not_prefetched(
        "t: { container: { image: c:1 }, command: [\"# batchyard: allow image-not-prefetched because\"] }",
    );
    assert_eq!(findings(&text), ["warning image-not-prefetched: c:1"]);
    let other = with_tasks("t: { container: { image: c:1 } } # batchyard: see the manual");
    assert_eq!(findings(&other), Vec::<String>::new());
}
