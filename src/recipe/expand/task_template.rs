//! What makes the tasks of one name.

use minijinja::Value;

use super::dependency::Dependency;
use super::items::ItemSet;
use crate::batch::MAX_ID_LENGTH;
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::template::Body;

/// A task of the recipe, which `for_each` may multiply.
#[derive(Debug)]
pub struct TaskTemplate {
    /// Its name in the recipe.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The tasks that must succeed first.
    pub depends_on: Vec<Dependency>,
    /// What multiplies it.
    pub(super) expansion: Expansion,
    /// Whether ids that the recipe does not give hold the values of the items.
    pub(super) ids_hold_values: bool,
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
    Items(ItemSet),
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

/// One of the tasks of a template: its position, and its item, if there is a `for_each`.
struct Item {
    index: u64,
    value: Option<Value>,
}

impl TaskTemplate {
    /// Number of tasks. Zero if that cannot be said.
    pub fn count(&self) -> u64 {
        match &self.expansion {
            Expansion::Single => 1,
            Expansion::Items(items) => items.count(),
            Expansion::Damaged => 0,
        }
    }

    /// Whether it can be said how many tasks there are.
    pub fn is_understood(&self) -> bool {
        !matches!(self.expansion, Expansion::Damaged)
    }

    /// The id of a task.
    ///
    /// # Errors
    /// When an expression has no value for it.
    pub fn id(&self, index: u64, sources: &Sources) -> Result<String, Box<Diagnostic>> {
        self.id_node(&self.item(index), sources).map(|entry| text_of(&entry.value))
    }

    /// A task.
    ///
    /// # Errors
    /// When an expression has no value for it.
    pub fn instance(&self, index: u64, sources: &Sources) -> Result<TaskInstance, Box<Diagnostic>> {
        let item = self.item(index);
        let id_entry = self.id_node(&item, sources)?;
        let id = text_of(&id_entry.value);
        let mut node = match &self.body {
            Body::Fixed(node) => node.clone(),
            body => body.instantiate(&self.context(&item, Some(&id)), sources)?,
        };
        if let NodeKind::Mapping(entries) = &mut node.kind {
            entries.push(id_entry);
        }
        Ok(TaskInstance { id, node })
    }

    /// Which task it is, for people: `seed = 3, model = small`.
    pub fn describe(&self, index: u64) -> Option<String> {
        match &self.expansion {
            Expansion::Items(items) => Some(items.describe(index)),
            Expansion::Single | Expansion::Damaged => None,
        }
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
        places.extend(self.depends_on.first().map(|first| ("depends_on".to_owned(), first.span)));
        places.extend(self.body.places());
        places
    }

    fn item(&self, index: u64) -> Item {
        let value = match &self.expansion {
            Expansion::Items(items) => Some(items.value(index)),
            Expansion::Single | Expansion::Damaged => None,
        };
        Item { index, value }
    }

    fn id_node(&self, item: &Item, sources: &Sources) -> Result<Entry, Box<Diagnostic>> {
        let (key_span, value) = match &self.id {
            Some((key_span, Body::Fixed(node))) => (*key_span, node.clone()),
            Some((key_span, body)) => (*key_span, body.instantiate(&self.context(item, None), sources)?),
            None => (self.name_span, Node::computed_text(self.name_span, self.default_id(item.index))),
        };
        Ok(Entry { key: "id".to_owned(), key_span, value })
    }

    /// The name with the item's values; or, if some item's values cannot stand in an id, with its number. Which of the two
    /// is decided for all tasks together, so that ids look alike.
    fn default_id(&self, index: u64) -> String {
        let Expansion::Items(items) = &self.expansion else { return self.name.clone() };
        if self.ids_hold_values
            && let Some(part) = items.id_part(index)
        {
            return format!("{}-{part}", self.name);
        }
        format!("{}-{:05}", self.name, index + 1)
    }

    fn context(&self, item: &Item, id: Option<&str>) -> Value {
        let mut task =
            vec![("name", Value::from(self.name.as_str())), ("number", Value::from(item.index + 1))];
        task.extend(id.map(|id| ("id", Value::from(id))));
        let item = item.value.clone().map(|value| ("item", value));
        let varying = item.into_iter().chain([("task", Value::from_pairs(task))]);
        Value::from_pairs(self.constants.iter().cloned().chain(varying))
    }
}

/// Whether the values of all items can stand in ids behind a name.
pub(super) fn values_fit_ids(name: &str, expansion: &Expansion) -> bool {
    let Expansion::Items(items) = expansion else { return false };
    items.longest_id_part().is_some_and(|length| name.len() + 1 + length <= MAX_ID_LENGTH)
}

fn text_of(node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar(scalar) => scalar.text.clone(),
        _ => String::new(),
    }
}
