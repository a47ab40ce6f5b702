//! Scalars that are text for a program, however they look.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::recipe::node::{Node, NodeKind, Value};

/// The types that a schema allows whose values are taken as they are written: `1.10` stays `1.10`.
const AS_WRITTEN: [&str; 3] = ["string", "number", "boolean"];

/// Where a schema has texts for programs.
pub(super) struct Texts {
    /// The parts of the schema, the whole of it first. They refer to each other by their positions.
    parts: Vec<Part>,
}

/// A part of a schema.
#[derive(Default)]
struct Part {
    /// Whether a scalar here is taken as it is written.
    is_text: bool,
    /// Whether it is, or something inside is.
    leads_to_text: bool,
    /// What else describes the same value: references and alternatives.
    same: Vec<usize>,
    /// What describes the values of keys.
    members: HashMap<String, usize>,
    /// What describes the values of all other keys.
    others: Option<usize>,
    /// What describes the items of a list.
    items: Option<usize>,
}

impl Texts {
    /// Finds them.
    pub(super) fn of(schema: &Json) -> Self {
        let mut reader = Reader { root: schema, parts: Vec::new(), referred: HashMap::new() };
        reader.read(schema);
        let mut texts = Self { parts: reader.parts };
        texts.trace();
        texts
    }

    /// Makes strings of the numbers and booleans that stand where a program's text does, so that nothing that reads the tree
    /// after this takes them for anything else.
    pub(super) fn spell_out(&self, root: &mut Node) {
        self.spell_out_part(root, 0);
    }

    fn spell_out_part(&self, node: &mut Node, position: usize) {
        let Some(part) = self.parts.get(position).filter(|part| part.leads_to_text) else { return };
        part.same.iter().for_each(|same| self.spell_out_part(node, *same));
        match &mut node.kind {
            NodeKind::Mapping(entries) => {
                for entry in entries {
                    if let Some(member) = part.members.get(&entry.key).copied().or(part.others) {
                        self.spell_out_part(&mut entry.value, member);
                    }
                }
            }
            NodeKind::Sequence(items) => {
                if let Some(member) = part.items {
                    items.iter_mut().for_each(|item| self.spell_out_part(item, member));
                }
            }
            NodeKind::Scalar(scalar) if part.is_text && scalar.value != Value::Null => {
                scalar.value = Value::Text;
            }
            NodeKind::Scalar(_) | NodeKind::Damaged => {}
        }
    }

    /// Marks what leads to a text, from the texts outwards.
    fn trace(&mut self) {
        loop {
            let leads: Vec<bool> = self.parts.iter().map(|part| self.leads(part)).collect();
            let mut changed = false;
            for (part, leads) in self.parts.iter_mut().zip(leads) {
                changed |= part.leads_to_text != leads;
                part.leads_to_text = leads;
            }
            if !changed {
                return;
            }
        }
    }

    fn leads(&self, part: &Part) -> bool {
        let mut inside = part.same.iter().chain(part.members.values()).chain(&part.others).chain(&part.items);
        part.is_text || inside.any(|other| self.parts.get(*other).is_some_and(|other| other.leads_to_text))
    }
}

/// Takes a schema apart.
struct Reader<'a> {
    root: &'a Json,
    parts: Vec<Part>,
    /// The parts that references have led to.
    referred: HashMap<&'a str, usize>,
}

impl<'a> Reader<'a> {
    /// Reads a part of the schema; its position.
    fn read(&mut self, schema: &'a Json) -> usize {
        let position = self.parts.len();
        // Its place is taken before its insides are read: they may refer back to it.
        self.parts.push(Part::default());
        self.fill(position, schema);
        position
    }

    fn fill(&mut self, position: usize, schema: &'a Json) {
        let reference = schema.get("$ref").and_then(Json::as_str);
        let mut same: Vec<usize> =
            reference.and_then(|reference| self.refer(reference)).into_iter().collect();
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let branches = schema.get(keyword).and_then(Json::as_array).into_iter().flatten();
            same.extend(branches.map(|branch| self.read(branch)));
        }
        let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
        let part = Part {
            is_text: is_taken_as_written(schema),
            leads_to_text: false,
            same,
            members: properties.map(|(key, member)| (key.clone(), self.read(member))).collect(),
            others: schema.get("additionalProperties").map(|others| self.read(others)),
            items: schema.get("items").map(|items| self.read(items)),
        };
        if let Some(place) = self.parts.get_mut(position) {
            *place = part;
        }
    }

    /// What a reference leads to; nothing if that is not part of the schema.
    fn refer(&mut self, reference: &'a str) -> Option<usize> {
        if let Some(position) = self.referred.get(reference) {
            return Some(*position);
        }
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        let position = self.parts.len();
        self.parts.push(Part::default());
        self.referred.insert(reference, position);
        self.fill(position, target);
        Some(position)
    }
}

fn is_taken_as_written(schema: &Json) -> bool {
    let types = schema.get("type").and_then(Json::as_array);
    types.is_some_and(|types| {
        AS_WRITTEN.iter().all(|name| types.iter().any(|allowed| allowed.as_str() == Some(*name)))
    })
}
