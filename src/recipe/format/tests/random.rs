//! Formatting keeps meaning and comments, and settles at once, whatever the text.

use super::generator::Generator;
use crate::diagnostic::{Collector, Sources};
use crate::recipe::format::format;
use crate::recipe::parse::{comments, parse};

/// What a text means, as JSON, and its comments. `None` if it is no YAML.
fn meaning(text: &str) -> Option<(serde_json::Value, Vec<String>)> {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let id = sources.add("x", text);
    let tree = parse(id, &sources, &mut findings).filter(|_| !findings.has_errors())?;
    let comments = comments(id, &sources).into_iter().map(|comment| comment.text.trim_end().to_owned());
    Some((tree.to_json(), comments.collect()))
}

#[test]
fn random_texts_keep_their_meaning_and_their_comments_and_formatting_twice_changes_nothing() {
    let (mut texts, mut with_comments) = (0, 0);
    for seed in 0.. {
        let text = Generator::text(seed);
        // Chance may put a comment where an empty block takes it for badly indented text.
        let Some(before) = meaning(&text) else { continue };
        let formatted = match format("x", &text) {
            Ok(formatted) => formatted,
            Err(report) => panic!("seed {seed}: {:?}\n{text}", report.diagnostics),
        };
        assert_eq!(meaning(&formatted), Some(before.clone()), "seed {seed}:\n{text}\nbecame\n{formatted}");
        assert_eq!(format("x", &formatted).ok(), Some(formatted), "seed {seed}:\n{text}");
        texts += 1;
        with_comments += usize::from(!before.1.is_empty());
        if texts == TEXTS {
            assert!(seed < 2 * TEXTS as u64, "{seed} seeds for {texts} texts");
            break;
        }
    }
    assert!(with_comments * 4 > TEXTS * 3, "{with_comments} texts have comments");
}

/// How many texts are made.
const TEXTS: usize = 400;
