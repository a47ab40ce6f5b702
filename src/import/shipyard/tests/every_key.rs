//! Every key has a fate, and none is forgotten.

use serde_json::{Map, Value, json};

use super::support::valid;
use crate::import::Fate;
use crate::import::shipyard::{File, import, keys};

/// A document that has every key of the table, each with this value.
fn document(value: &Value) -> Value {
    let mut root = Value::Object(Map::new());
    for key in keys() {
        let path = key.path.replace(".**", ".anything").replace('*', "mine");
        put(&mut root, &path.split('.').collect::<Vec<_>>(), value);
    }
    root
}

fn put(at: &mut Value, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *at = value.clone();
        return;
    };
    if !at.is_object() {
        *at = json!({});
    }
    let below = &mut at[first.trim_end_matches("[]")];
    if first.ends_with("[]") {
        if !below.is_array() {
            *below = json!([{}]);
        }
        put(&mut below[0], rest, value);
    } else {
        put(below, rest, value);
    }
}

#[test]
fn a_configuration_with_every_key_has_a_line_for_each_whatever_its_value() {
    let values = [
        json!("word"),
        json!(1),
        json!(true),
        json!(-1.5),
        json!(["a", "b"]),
        json!([[1], {}]),
        json!({ "a": { "b": 1 } }),
        json!("00:10:00"),
        json!(9_223_372_036_854_775_807_i64),
        json!(null),
    ];
    for value in values {
        let text = document(&value).to_string();
        let imported = import(&[File { name: "all.json".into(), text }], "all").unwrap();
        let lines = &imported.report.lines;
        assert_eq!(lines.iter().filter(|line| line.fate == Fate::Unknown).count(), 0, "{value}");
        for key in keys() {
            let path = key.path.split(".**").next().unwrap().replace('*', "mine").replace("[]", "[0]");
            assert!(lines.iter().any(|line| line.key == path), "{value}: no line for {path}");
        }
        let recipe = imported.recipe.unwrap();
        assert_eq!(crate::recipe::format::format("recipe.yaml", &recipe).unwrap(), recipe, "{value}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_told_with_the_nearest_one() {
    let pool =
        "pool_specification: { id: a, vm_sise: STANDARD_D2_V3, vm_count: { dedicatd: 1 } }\npool_spec: {}\n";
    let imported = import(&[File { name: "pool.yaml".into(), text: pool.into() }], "a").unwrap();
    valid(&imported);
    let told = |key: &str| {
        let line = imported.report.lines.iter().find(|line| line.key == key).unwrap();
        assert_eq!((line.fate, line.line), (Fate::Unknown, if key == "pool_spec" { 2 } else { 1 }));
        line.note.clone()
    };
    assert!(told("pool_specification.vm_sise").contains("did you mean `vm_size`?"));
    assert!(told("pool_specification.vm_count.dedicatd").contains("did you mean `dedicated`?"));
    told("pool_spec");
}
