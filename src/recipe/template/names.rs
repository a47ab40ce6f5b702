//! Which names an expression may use, checked before anything is evaluated.

use std::collections::BTreeMap;
use std::ops::Range;

use super::engine::{is_function, why_absent};
use super::expression::Expression;
use crate::recipe::suggest;

/// The names that exist at a place of the recipe.
#[derive(Debug, Clone)]
pub struct Names {
    /// Declared parameters; `None` if the declarations cannot be read.
    pub params: Option<BTreeMap<String, Parameter>>,
    /// What `item` has.
    pub item: Members,
    /// What `task` has.
    pub task: Members,
}

/// What is known of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// It has a value.
    Usable,
    /// It is a reference to a secret.
    Secret,
    /// It has no usable value, which has been reported.
    Damaged,
}

/// What a name has that differs from task to task.
#[derive(Debug, Clone)]
pub enum Members {
    /// It does not exist here; why.
    Absent(&'static str),
    /// These.
    Known(Vec<String>),
    /// Whatever the value has; evaluation tells.
    Any,
    /// That cannot be said, because of a mistake elsewhere.
    Unknown,
}

/// What checking an expression's names says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every name is known; `later` if some become known only for each task.
    Known {
        /// Whether the expression must wait for `item` or `task`.
        later: bool,
    },
    /// The value depends on something that has been complained about already.
    Damaged,
    /// These names do not exist.
    Undefined(Vec<Undefined>),
}

/// A name that does not exist.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undefined {
    /// The name as written.
    pub name: String,
    /// Where it stands in the scalar's text.
    pub range: Range<usize>,
    /// What to try.
    pub help: String,
}

impl Names {
    pub(super) fn check(&self, expression: &Expression) -> Verdict {
        let mut undefined = Vec::new();
        let (mut damaged, mut later) = (false, false);
        for path in &expression.names {
            let mut segments = path.split('.');
            let root = segments.next().unwrap_or_default();
            let member = segments.next();
            let help = match root {
                "params" => self.parameter(member, &mut damaged),
                "recipe" => member.and_then(|name| missing("property", "recipe", name, &["name".to_owned()])),
                "item" | "task" => {
                    later = true;
                    let (members, what) = if root == "item" {
                        (&self.item, "key of `for_each`")
                    } else {
                        (&self.task, "property")
                    };
                    match members {
                        Members::Absent(reason) => Some((*reason).to_owned()),
                        Members::Known(keys) => member.and_then(|name| missing(what, root, name, keys)),
                        Members::Any => None,
                        Members::Unknown => {
                            damaged = true;
                            None
                        }
                    }
                }
                _ if is_function(root) => None,
                _ => Some(self.unknown_root(root)),
            };
            if let Some(help) = help {
                let name = [Some(root), member].into_iter().flatten().collect::<Vec<_>>().join(".");
                undefined.push(Undefined { range: expression.find(&name), name, help });
            }
        }
        if !undefined.is_empty() {
            undefined.sort_by_key(|name| name.range.start);
            return Verdict::Undefined(undefined);
        }
        if damaged { Verdict::Damaged } else { Verdict::Known { later } }
    }

    fn parameter(&self, member: Option<&str>, damaged: &mut bool) -> Option<String> {
        let Some(params) = &self.params else {
            *damaged = true;
            return None;
        };
        match member {
            Some(name) => {
                *damaged |= params.get(name) == Some(&Parameter::Damaged);
                missing("parameter", "params", name, params.keys())
            }
            None => {
                *damaged |= params.values().any(|parameter| *parameter == Parameter::Damaged);
                None
            }
        }
    }

    fn unknown_root(&self, root: &str) -> String {
        if self.params.iter().any(|params| params.contains_key(root)) {
            return format!("a parameter's value is `params.{root}`");
        }
        if matches!(&self.item, Members::Known(keys) if keys.iter().any(|key| key == root)) {
            return format!("a value of `for_each` is `item.{root}`");
        }
        let why = why_absent(root);
        why.unwrap_or("expressions know `params`, `recipe`, and inside tasks `item` and `task`").to_owned()
    }

    /// The secret that an expression uses, as it is written there.
    pub(super) fn secret_in(&self, expression: &Expression) -> Option<String> {
        let params = self.params.as_ref()?;
        let mut secrets = params
            .iter()
            .filter(|(_, parameter)| **parameter == Parameter::Secret)
            .map(|(name, _)| format!("params.{name}"));
        secrets.find(|name| expression.uses(name))
    }
}

/// What to try if a member does not exist.
fn missing<'a>(
    what: &str,
    root: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a String>,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
    if known.contains(&name) {
        return None;
    }
    Some(match suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{root}.{near}`?"),
        None if known.is_empty() => format!("the recipe declares no {what}"),
        None => format!("known here: {}", suggest::list(known.iter().map(|name| format!("{root}.{name}")))),
    })
}
