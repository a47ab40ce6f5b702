//! Random edits of a recipe, each with what a plan must say of it. The classes are written down here once more, from the REST
//! reference: this is what the planner's own table is held against.

mod jobs;
mod pools;

use std::collections::{BTreeMap, BTreeSet};

use batchyard::resource::{ChangeClass, OnChange};
use serde_json::{Map, Value, json};

use super::recipes;
use crate::support::Chance;

/// What is known of the account when a recipe is edited.
#[derive(Debug, Default)]
pub struct Facts {
    /// Jobs that have ended, and schedules, by their keys.
    pub over: BTreeSet<String>,
    /// Of these, jobs that were ended by a task before they had been told to end by themselves: they never will be.
    pub ended_early: BTreeSet<String>,
    /// Pools that have nodes or a formula, by their keys.
    pub populated: BTreeSet<String>,
    /// Of jobs that end with their tasks and have not ended: the names of the tasks that have not completed.
    pub waiting: BTreeMap<String, BTreeSet<String>>,
}

/// How a field can be changed, as the reference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// While it works.
    Live,
    /// While it works; nodes take it over when they reboot.
    Reboot,
    /// While the job is disabled.
    WhileDisabled,
    /// While the pool has no nodes.
    AtZeroNodes,
    /// Not at all.
    Never,
}

/// How many tasks do what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    pub add: u64,
    pub replace: u64,
    pub rerun: u64,
    pub delete: u64,
}

/// What a plan must say of an edit.
#[derive(Debug, Default)]
pub struct Expected {
    /// What was done, for people.
    pub edits: Vec<String>,
    /// The class of every resource that changes, by its address.
    pub classes: BTreeMap<String, ChangeClass>,
    /// Where the fields that change begin, by the address of their resource.
    pub fields: BTreeMap<String, Vec<String>>,
    /// What tasks do, by their address.
    pub tasks: BTreeMap<String, TaskCounts>,
    /// What must be permitted, by the address of the resource.
    pub needs: BTreeMap<String, OnChange>,
    /// Whether what is no longer in the recipe is to go.
    pub prune: bool,
}

impl Expected {
    fn change(&mut self, address: &str, class: ChangeClass, fields: Vec<String>) {
        self.classes.insert(address.to_owned(), class);
        self.fields.insert(address.to_owned(), fields);
    }
}

/// A recipe under edit.
pub struct Edit<'a> {
    pub recipe: &'a mut Value,
    pub chance: &'a mut Chance,
    pub facts: &'a Facts,
    pub expected: Expected,
}

/// Edits one to three resources of a recipe.
pub fn edit(recipe: &mut Value, chance: &mut Chance, facts: &Facts) -> Expected {
    let mut edit = Edit { recipe, chance, facts, expected: Expected::default() };
    let mut touched = BTreeSet::new();
    let wanted = 1 + edit.chance.below(3);
    for _ in 0..200 {
        if edit.expected.edits.len() >= wanted {
            break;
        }
        edit.one(&mut touched);
    }
    edit.expected
}

impl Edit<'_> {
    /// One more edit, unless what is picked has been edited or can't be so.
    fn one(&mut self, touched: &mut BTreeSet<String>) {
        let kind =
            *self.chance.pick(&["pools", "pools", "jobs", "jobs", "tasks", "tasks", "schedules", "recipe"]);
        let section = if kind == "tasks" { "jobs" } else { kind };
        if kind == "recipe" {
            if touched.insert("recipe".to_owned())
                && let Some(what) = self.recipe_edit(touched)
            {
                self.expected.edits.push(what);
            }
            return;
        }
        let Some(keys) = self.recipe[section].as_object().map(recipes::keys).filter(|keys| !keys.is_empty())
        else {
            return;
        };
        let key = self.chance.pick(&keys).clone();
        let address = format!("{section}.{key}");
        if touched.contains(&address) {
            return;
        }
        let done = match kind {
            "pools" => self.pool_edit(&key, touched),
            "jobs" => self.job_edit(&key),
            "tasks" => self.task_edit(&key),
            _ => self.schedule_edit(&key),
        };
        if let Some(what) = done {
            self.expected.edits.push(format!("{address}: {what}"));
            touched.insert(address);
        }
    }

    fn schedule_edit(&mut self, key: &str) -> Option<&'static str> {
        let schedule = &mut self.recipe["schedules"][key];
        let (what, field, how) = match self.chance.below(5) {
            0 => {
                schedule["recurrence"]["interval"] = json!(format!("{}m", 300 + self.chance.below(100)));
                ("another interval", "recurrence", How::Live)
            }
            1 => {
                schedule["job"]["priority"] = json!(200 + self.chance.below(100));
                ("another priority of its jobs", "job", How::Live)
            }
            2 => {
                schedule["job"]["manager_task"]["command"] =
                    json!(["manage", recipes::word(self.chance), "again"]);
                ("another command of its jobs", "job", How::Live)
            }
            3 => {
                put(&mut schedule["metadata"], "edited", json!(recipes::word(self.chance)));
                ("more metadata", "metadata.edited", How::Live)
            }
            _ => {
                schedule["display_name"] = json!(format!("again {}", recipes::word(self.chance)));
                ("another name", "display_name", How::Never)
            }
        };
        let address = format!("schedules.{key}");
        let class = if how == How::Never || self.facts.over.contains(key) {
            self.expected.needs.insert(address.clone(), OnChange::Recreate);
            ChangeClass::Replace
        } else {
            ChangeClass::UpdateLive
        };
        self.expected.change(&address, class, vec![field.to_owned()]);
        Some(what)
    }

    /// Resources that come and go.
    fn recipe_edit(&mut self, touched: &mut BTreeSet<String>) -> Option<String> {
        match self.chance.below(4) {
            0 => {
                self.recipe["pools"]["p9"] = recipes::pool(self.chance);
                self.expected.change("pools.p9", ChangeClass::Create, vec![String::new()]);
                touched.insert("pools.p9".to_owned());
                Some("one more pool".to_owned())
            }
            1 => {
                let pools = recipes::keys(self.recipe["pools"].as_object()?);
                let pool = self.chance.pick(&pools).clone();
                let idle = recipes::is_idle(&self.recipe["pools"][&pool]);
                self.recipe["jobs"]["j9"] = recipes::job(self.chance, &pool, idle);
                self.expected.change("jobs.j9", ChangeClass::Create, vec![String::new()]);
                self.expected.change("jobs.j9.tasks", ChangeClass::Create, vec![]);
                touched.insert("jobs.j9".to_owned());
                Some("one more job".to_owned())
            }
            2 => {
                let jobs = recipes::keys(self.recipe["jobs"].as_object()?);
                let free: Vec<_> =
                    jobs.iter().filter(|key| !touched.contains(&format!("jobs.{key}"))).collect();
                if free.is_empty() || jobs.len() < 2 {
                    return None;
                }
                let key = (*self.chance.pick(&free)).clone();
                self.recipe["jobs"].as_object_mut()?.remove(&key);
                self.goes(format!("jobs.{key}"), touched)
            }
            _ => {
                let schedules = self.recipe["schedules"].as_object_mut().filter(|it| !it.is_empty())?;
                let key = recipes::keys(schedules).first()?.clone();
                if touched.contains(&format!("schedules.{key}")) {
                    return None;
                }
                self.recipe.as_object_mut()?.remove("schedules");
                self.goes(format!("schedules.{key}"), touched)
            }
        }
    }

    fn goes(&mut self, address: String, touched: &mut BTreeSet<String>) -> Option<String> {
        touched.insert(address.clone());
        self.expected.prune = self.chance.percent(60);
        if self.expected.prune {
            self.expected.change(&address, ChangeClass::Destroy, vec![]);
        }
        Some(format!("{address} is taken out, and {}pruned", if self.expected.prune { "" } else { "not " }))
    }
}

/// Sets a member of a map that need not be there.
fn put(map: &mut Value, name: &str, value: Value) {
    if map.is_null() {
        *map = Value::Object(Map::new());
    }
    map[name] = value;
}

/// Takes a member away, if it is there.
fn take(map: &mut Value, name: &str) -> Option<Value> {
    map.as_object_mut()?.remove(name)
}
