//! Merging trees.

use std::collections::HashMap;

use crate::recipe::document::WORDS;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::schema::Place;

/// Properties whose maps say one of several things: which one, their own keys tell.
const CHOICES: [&str; 2] = ["image", "pool"];
/// The keys of a reference to a secret, of which there is one.
const SECRET_KEYS: [&str; 3] = ["env", "file", "key_vault"];

/// Puts one tree over another: maps are merged by their keys, `null` takes away, and everything else replaces what was
/// there. Maps that stand for one of several things replace each other where they say different ones; whether they do, the
/// place tells, and no key by itself: a job may be called `pool`.
pub(super) fn merge(place: Place, base: Node, over: Node) -> Node {
    let (NodeKind::Mapping(below), NodeKind::Mapping(above)) = (&base.kind, &over.kind) else { return over };
    if is_replaced(place, below, above) {
        return over;
    }
    let (base_span, computed) = (base.span, base.computed);
    let (NodeKind::Mapping(below), NodeKind::Mapping(above)) = (base.kind, over.kind) else {
        return Node::damaged(base_span);
    };
    let entries = merge_entries(place, below, above);
    Node { span: base_span, kind: NodeKind::Mapping(entries), computed }
}

fn merge_entries(place: Place, below: Vec<Entry>, above: Vec<Entry>) -> Vec<Entry> {
    let mut positions: HashMap<String, usize> =
        below.iter().enumerate().map(|(position, entry)| (entry.key.clone(), position)).collect();
    let mut merged: Vec<Option<Entry>> = below.into_iter().map(Some).collect();
    // The values of `for_each` are lists and factories, each of which is one thing.
    let sources = place.property() == Some("for_each");
    for entry in above {
        let position = positions.get(&entry.key).copied();
        let slot = position.and_then(|position| merged.get_mut(position));
        match slot {
            Some(slot) if entry.value.is_null() => *slot = None,
            Some(slot) => {
                let value = match slot.take() {
                    Some(old) if !sources => {
                        let is_map = matches!(old.value.kind, NodeKind::Mapping(_))
                            && matches!(entry.value.kind, NodeKind::Mapping(_));
                        let key_span = if is_map { old.key_span } else { entry.key_span };
                        let value = merge(place.member(&entry.key), old.value, entry.value);
                        Entry { key: entry.key, key_span, value }
                    }
                    _ => entry,
                };
                *slot = Some(value);
            }
            None if entry.value.is_null() => {}
            None => {
                positions.insert(entry.key.clone(), merged.len());
                merged.push(Some(entry));
            }
        }
    }
    merged.into_iter().flatten().collect()
}

/// Whether a map stands for something else than the one below it.
fn is_replaced(place: Place, below: &[Entry], above: &[Entry]) -> bool {
    let disjoint = !above.iter().any(|entry| below.iter().any(|other| other.key == entry.key));
    if place.property() == Some("for_each") {
        let by_word = |entries: &[Entry]| entries.iter().any(|entry| WORDS.contains(&entry.key.as_str()));
        return by_word(below) || by_word(above);
    }
    if !disjoint || above.is_empty() || below.is_empty() {
        return false;
    }
    // What a parameter is, only its declaration tells.
    let is_reference = |entry: &Entry| {
        SECRET_KEYS.contains(&entry.key.as_str()) && matches!(entry.value.kind, NodeKind::Scalar(_))
    };
    place.takes_one_key()
        || place.property().is_some_and(|property| CHOICES.contains(&property))
        || !place.is_known() && below.iter().chain(above).all(is_reference)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diagnostic::{Collector, Sources};
    use crate::recipe::parse::parse;
    use crate::recipe::schema::Shape;

    fn merged(base: &str, over: &str) -> Json {
        let mut sources = Sources::default();
        let mut tree = |text: &str| {
            let id = sources.add("x", text);
            parse(id, &sources, &mut Collector::default()).unwrap()
        };
        let (base, over) = (tree(base), tree(over));
        merge(Place::of(Shape::Recipe), base, over).to_json()
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

    /// Puts one value over another at a place, written as a path of keys.
    fn merged_at(place: &str, base: &str, over: &str) -> Json {
        let wrapped = |value: &str| {
            let wrap = |inside: String, key: &str| format!("{{ {key}: {inside} }}");
            place.rsplit('.').fold(value.to_owned(), wrap)
        };
        let whole = merged(&wrapped(base), &wrapped(over));
        whole.pointer(&format!("/{}", place.replace('.', "/"))).unwrap().clone()
    }

    #[test]
    fn what_is_one_of_several_things_is_replaced_by_another() {
        for (place, base, over) in [
            ("registries.r.password", "{ env: A }", "{ file: b }"),
            ("jobs.j.environment.T", "{ env: A }", "{ file: b }"),
            ("parameters.token.default", "{ env: A }", "{ key_vault: b }"),
            ("pools.p.image", "{ sku: a }", "{ id: /x }"),
            ("pools.image.image", "{ sku: a }", "{ id: /x }"),
            ("jobs.j.pool", "{ id: a }", "{ auto: { keep: true } }"),
            ("schedules.s.job.pool", "{ id: a }", "{ auto: { keep: true } }"),
            ("pools.p.mounts.d", "{ nfs: { source: a } }", "{ cifs: { source: b } }"),
        ] {
            assert_eq!(merged_at(place, base, over), merged("{}", over), "{place}");
        }
        assert_eq!(
            merged_at("pools.p.image", "{ sku: a, version: \"1\" }", "{ version: \"2\" }"),
            json!({ "sku": "a", "version": "2" })
        );
    }

    #[test]
    fn what_is_only_called_like_one_of_several_things_is_merged() {
        for place in [
            "parameters.image",
            "parameters.pool",
            "jobs.image",
            "jobs.pool",
            "jobs.for_each",
            "jobs.j.tasks.pool",
            "jobs.j.tasks.key_vault",
            "pools.image",
            "registries.env",
            "registries.file",
            "schedules.pool",
            "jobs",
            "jobs.j.environment",
            "jobs.j.metadata",
        ] {
            let both = json!({ "env": "a", "file": "b" });
            assert_eq!(merged_at(place, "{ env: a }", "{ file: b }"), both, "{place}");
            let both = json!({ "range": "a", "repeat": "b" });
            assert_eq!(merged_at(place, "{ range: a }", "{ repeat: b }"), both, "{place}");
        }
        let mounts = merged_at("pools.p.mounts", "{ nfs: { nfs: {} } }", "{ cifs: { cifs: {} } }");
        assert_eq!(mounts, json!({ "nfs": { "nfs": {} }, "cifs": { "cifs": {} } }));
    }

    #[test]
    fn the_values_of_for_each_are_replaced_one_by_one() {
        let merged = |base: &str, over: &str| merged_at("jobs.j.tasks.for_each.for_each", base, over);
        assert_eq!(
            merged("{ a: { range: [1, 9] }, b: [x] }", "{ a: { repeat: 2 } }"),
            json!({ "a": { "repeat": 2 }, "b": ["x"] })
        );
        assert_eq!(merged("{ repeat: 9 }", "{ files: x }"), json!({ "files": "x" }));
        assert_eq!(merged("{ a: [1] }", "{ repeat: 1 }"), json!({ "repeat": 1 }));
    }
}
