//! What makes the tasks of one name.

use minijinja::Value;

use super::axes::{Axes, in_id};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::recipe::codes;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::template::Body;

/// A task of the recipe, which `for_each` may multiply.
#[derive(Debug)]
pub struct TaskTemplate {
    /// Its name in the recipe.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Names of the tasks that must succeed first, and where they stand.
    pub depends_on: Vec<(String, Span)>,
    /// What multiplies it.
    pub(super) expansion: Expansion,
    /// The id, if the recipe gives one: place of the key, and the value.
    pub(super) id: Option<(Span, Body)>,
    /// Everything but `for_each`, `id` and `depends_on`.
    pub(super) body: Body,
    /// The values of `params` and `recipe`.
    pub(super) constants: Vec<(&'static str, Value)>,
}

/// What multiplies a task.
#[derive(Debug)]
pub(super) enum Expansion {
    /// Nothing: it is one task.
    Single,
    /// A `for_each`.
    Product(Axes),
    /// A `for_each` with a mistake in it: how many tasks there are cannot be said.
    Damaged,
}

/// One task.
#[derive(Debug)]
pub struct TaskInstance {
    /// Its id.
    pub id: String,
    /// The task without expressions, ready to be decoded; it has no `for_each` and no `depends_on`.
    pub node: Node,
}

impl TaskTemplate {
    /// Number of tasks. Zero if that cannot be said.
    pub fn count(&self) -> u64 {
        match &self.expansion {
            Expansion::Single => 1,
            Expansion::Product(axes) => axes.count(),
            Expansion::Damaged => 0,
        }
    }

    /// The id of a task.
    ///
    /// # Errors
    /// When an expression has no value for it.
    pub fn id(&self, index: u64, sources: &Sources) -> Result<String, Box<Diagnostic>> {
        let combination = self.combination(index);
        self.id_node(&combination, sources).map(|entry| text_of(&entry.value))
    }

    /// A task.
    ///
    /// # Errors
    /// When an expression has no value for it.
    pub fn instance(&self, index: u64, sources: &Sources) -> Result<TaskInstance, Box<Diagnostic>> {
        let combination = self.combination(index);
        let id_entry = self.id_node(&combination, sources)?;
        let id = text_of(&id_entry.value);
        let mut node = match &self.body {
            Body::Fixed(node) => node.clone(),
            body => body.instantiate(&self.context(&combination, Some(&id)), sources)?,
        };
        if let NodeKind::Mapping(entries) = &mut node.kind {
            entries.push(id_entry);
        }
        Ok(TaskInstance { id, node })
    }

    /// Which task it is, for people: `seed = 3, model = small`.
    pub fn describe(&self, index: u64) -> Option<String> {
        let values: Vec<String> =
            self.combination(index).into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Where it is said what ids its tasks have.
    pub fn id_span(&self) -> Span {
        match &self.id {
            Some((_, Body::Fixed(node))) => node.span,
            Some((_, Body::Computed { span, .. } | Body::Sequence(span, _) | Body::Mapping(span, _))) => {
                *span
            }
            None => self.name_span,
        }
    }

    /// Where its properties are written, by their paths: `command`, `container.image`. The empty path is the task itself.
    pub fn places(&self) -> Vec<(String, Span)> {
        let mut places = vec![(String::new(), self.name_span)];
        places.extend(self.id.iter().map(|(key_span, _)| ("id".to_owned(), *key_span)));
        places.extend(self.depends_on.first().map(|(_, span)| ("depends_on".to_owned(), *span)));
        places.extend(self.body.places());
        places
    }

    fn combination(&self, index: u64) -> Vec<(&str, Value)> {
        match &self.expansion {
            Expansion::Product(axes) => axes.combination(index),
            Expansion::Single | Expansion::Damaged => Vec::new(),
        }
    }

    fn id_node(&self, combination: &[(&str, Value)], sources: &Sources) -> Result<Entry, Box<Diagnostic>> {
        let (key_span, value) = match &self.id {
            Some((key_span, Body::Fixed(node))) => (*key_span, node.clone()),
            Some((key_span, body)) => {
                (*key_span, body.instantiate(&self.context(combination, None), sources)?)
            }
            None => (self.name_span, Node::computed_text(self.name_span, self.default_id(combination)?)),
        };
        Ok(Entry { key: "id".to_owned(), key_span, value })
    }

    fn default_id(&self, combination: &[(&str, Value)]) -> Result<String, Box<Diagnostic>> {
        let mut id = self.name.clone();
        for (key, value) in combination {
            let part = in_id(value).ok_or_else(|| {
                Box::new(
                    Diagnostic::new(&codes::INVALID_ID, format!("`item.{key}` cannot be part of an id"))
                        .at(self.name_span, "these tasks have no `id` of their own")
                        .help("give the task an `id` that tells its items apart"),
                )
            })?;
            id.push('-');
            id.push_str(&part);
        }
        Ok(id)
    }

    fn context(&self, combination: &[(&str, Value)], id: Option<&str>) -> Value {
        let mut task = vec![("name", Value::from(self.name.as_str()))];
        task.extend(id.map(|id| ("id", Value::from(id))));
        let item =
            Value::from_pairs(combination.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let varying = [("item", item), ("task", Value::from_pairs(task))];
        Value::from_pairs(self.constants.iter().cloned().chain(varying))
    }
}

fn text_of(node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar(scalar) => scalar.text.clone(),
        _ => String::new(),
    }
}
