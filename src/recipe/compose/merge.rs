//! Merging trees.

use std::collections::HashMap;

use crate::recipe::document::WORDS;
use crate::recipe::node::{Entry, Node, NodeKind, Value};
use crate::recipe::secrets::FREE_MAPS;

/// Keys whose maps say one of several things: which one, their own keys tell.
const CHOICES: [&str; 2] = ["image", "pool"];
/// The keys of a reference to a secret, of which there is one.
const SECRET_KEYS: [&str; 3] = ["env", "file", "key_vault"];
/// What a shared folder is, of which there is one.
const FILE_SYSTEM_KEYS: [&str; 4] = ["azure_blob", "azure_file_share", "nfs", "cifs"];

/// Puts one tree over another: maps are merged by their keys, `null` takes away, and everything else replaces what was
/// there. Maps that stand for one of several things replace each other where they say different ones.
pub(super) fn merge(base: Node, over: Node) -> Node {
    merge_under("", base, over)
}

fn merge_under(key: &str, base: Node, over: Node) -> Node {
    let (NodeKind::Mapping(below), NodeKind::Mapping(above)) = (&base.kind, &over.kind) else { return over };
    if is_replaced(key, below, above) {
        return over;
    }
    let (base_span, computed) = (base.span, base.computed);
    let (NodeKind::Mapping(below), NodeKind::Mapping(above)) = (base.kind, over.kind) else {
        return Node::damaged(base_span);
    };
    let entries = merge_entries(key, below, above);
    Node { span: base_span, kind: NodeKind::Mapping(entries), computed }
}

fn merge_entries(key: &str, below: Vec<Entry>, above: Vec<Entry>) -> Vec<Entry> {
    let mut positions: HashMap<String, usize> =
        below.iter().enumerate().map(|(position, entry)| (entry.key.clone(), position)).collect();
    let mut merged: Vec<Option<Entry>> = below.into_iter().map(Some).collect();
    // The values of `for_each` are lists and factories, each of which is one thing.
    let sources = key == "for_each";
    for entry in above {
        let position = positions.get(&entry.key).copied();
        let slot = position.and_then(|position| merged.get_mut(position));
        match slot {
            Some(slot) if is_null(&entry.value) => *slot = None,
            Some(slot) => {
                let value = match slot.take() {
                    Some(old) if !sources => {
                        let is_map = matches!(old.value.kind, NodeKind::Mapping(_))
                            && matches!(entry.value.kind, NodeKind::Mapping(_));
                        let key_span = if is_map { old.key_span } else { entry.key_span };
                        let value = merge_under(&entry.key, old.value, entry.value);
                        Entry { key: entry.key, key_span, value }
                    }
                    _ => entry,
                };
                *slot = Some(value);
            }
            None if is_null(&entry.value) => {}
            None => {
                positions.insert(entry.key.clone(), merged.len());
                merged.push(Some(entry));
            }
        }
    }
    merged.into_iter().flatten().collect()
}

/// Whether a map stands for something else than the one below it.
fn is_replaced(key: &str, below: &[Entry], above: &[Entry]) -> bool {
    let disjoint = !above.iter().any(|entry| below.iter().any(|other| other.key == entry.key));
    if key == "for_each" {
        let by_word = |entries: &[Entry]| entries.iter().any(|entry| WORDS.contains(&entry.key.as_str()));
        return by_word(below) || by_word(above);
    }
    if !disjoint || above.is_empty() || below.is_empty() || FREE_MAPS.contains(&key) {
        return false;
    }
    let all_of =
        |entries: &[Entry], keys: &[&str]| entries.iter().all(|entry| keys.contains(&entry.key.as_str()));
    let both = |keys: &[&str]| all_of(below, keys) && all_of(above, keys);
    let texts =
        |entries: &[Entry]| entries.iter().all(|entry| matches!(entry.value.kind, NodeKind::Scalar(_)));
    CHOICES.contains(&key) || both(&FILE_SYSTEM_KEYS) || both(&SECRET_KEYS) && texts(below) && texts(above)
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Scalar(scalar) if scalar.value == Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diagnostic::{Collector, Sources};
    use crate::recipe::parse::parse;

    fn merged(base: &str, over: &str) -> Json {
        let mut sources = Sources::default();
        let mut tree = |text: &str| {
            let id = sources.add("x", text);
            parse(id, &sources, &mut Collector::default()).unwrap()
        };
        let (base, over) = (tree(base), tree(over));
        merge(base, over).to_json()
    }

    #[test]
    fn maps_merge_lists_replace_and_null_takes_away() {
        assert_eq!(
            merged("{ a: 1, b: { c: 1, d: 2 } }", "{ b: { d: 3, e: 4 } }"),
            json!({ "a": 1, "b": { "c": 1, "d": 3, "e": 4 } })
        );
        assert_eq!(
            merged("{ a: [1, 2], b: 1 }", "{ a: [3], b: { c: 1 } }"),
            json!({ "a": [3], "b": { "c": 1 } })
        );
        assert_eq!(
            merged("{ a: 1, b: { c: 1, d: 2 } }", "{ a: null, b: { c: ~ }, x: null }"),
            json!({ "b": { "d": 2 } })
        );
        assert_eq!(merged("{ a: { b: 1 } }", "{ a: {} }"), json!({ "a": { "b": 1 } }));
        assert_eq!(merged("{ a: { b: 1 } }", "{ a: x }"), json!({ "a": "x" }));
    }

    #[test]
    fn what_is_one_of_several_things_is_replaced_by_another() {
        assert_eq!(
            merged("{ password: { env: A } }", "{ password: { file: b } }"),
            json!({ "password": { "file": "b" } })
        );
        assert_eq!(
            merged("{ environment: { env: a } }", "{ environment: { file: b } }"),
            json!({ "environment": { "env": "a", "file": "b" } })
        );
        assert_eq!(
            merged("{ environment: { T: { env: a } } }", "{ environment: { T: { file: b } } }"),
            json!({ "environment": { "T": { "file": "b" } } })
        );
        assert_eq!(
            merged("{ image: { sku: a, version: \"1\" } }", "{ image: { version: \"2\" } }"),
            json!({ "image": { "sku": "a", "version": "2" } })
        );
        assert_eq!(
            merged("{ image: { sku: a } }", "{ image: { id: /x } }"),
            json!({ "image": { "id": "/x" } })
        );
        assert_eq!(
            merged("{ mounts: { d: { nfs: { source: a } } } }", "{ mounts: { d: { cifs: { source: b } } } }"),
            json!({ "mounts": { "d": { "cifs": { "source": "b" } } } })
        );
    }

    #[test]
    fn the_values_of_for_each_are_replaced_one_by_one() {
        assert_eq!(
            merged("{ for_each: { a: { range: [1, 9] }, b: [x] } }", "{ for_each: { a: { repeat: 2 } } }"),
            json!({ "for_each": { "a": { "repeat": 2 }, "b": ["x"] } })
        );
        assert_eq!(
            merged("{ for_each: { repeat: 9 } }", "{ for_each: { files: x } }"),
            json!({ "for_each": { "files": "x" } })
        );
        assert_eq!(
            merged("{ for_each: { a: [1] } }", "{ for_each: { repeat: 1 } }"),
            json!({ "for_each": { "repeat": 1 } })
        );
    }
}
