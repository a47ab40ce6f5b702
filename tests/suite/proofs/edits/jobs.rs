//! Edits of jobs and their tasks.

use batchyard::resource::{ChangeClass, OnChange};
use serde_json::{Value, json};

use super::{Edit, Expected, How, TaskCounts, put, take};
use crate::proofs::recipes;
use crate::support::Chance;

/// What was done, the fields that it changes, and how they can be changed.
type Done = (&'static str, Vec<String>, How);

/// Changes a job so; `None` if that can't be done with it.
type JobEdit = fn(&mut Value, &mut Chance) -> Option<Done>;

const EDITS: &[JobEdit] = &[
    |job, chance| set(job, "priority", json!(200 + chance.below(100)), How::Live),
    |job, chance| {
        // A preparation task that says nothing of retries has those of its job, and can't be changed.
        job["retries"] = json!(2 + chance.below(3));
        if job["preparation_task"].is_null() {
            return one("retries", "retries", How::Live);
        }
        Some(("retries", vec!["retries".to_owned(), "preparation_task".to_owned()], How::Never))
    },
    |job, chance| set(job, "max_wall_time", json!(format!("{}d", 2 + chance.below(9))), How::Live),
    |job, _| gone(job, "max_wall_time", How::Live),
    |job, chance| set(job, "max_parallel_tasks", json!(7 + chance.below(9)), How::Live),
    |job, _| gone(job, "max_parallel_tasks", How::Live),
    |job, chance| {
        put(&mut job["metadata"], "edited", json!(recipes::word(chance)));
        one("more metadata", "metadata.edited", How::Live)
    },
    |job, _| {
        let gone = take(job, "metadata")?;
        let names = gone.as_object()?.keys().map(|name| format!("metadata.{name}")).collect();
        Some(("no metadata", names, How::Live))
    },
    |job, _| {
        // What has become `terminatejob` stays so.
        let ends = job["on_complete"] == "terminate";
        job["on_complete"] = json!(if ends { "keep" } else { "terminate" });
        one("another end", "on_complete", if ends { How::Never } else { How::Live })
    },
    |job, chance| set(job, "display_name", json!(format!("again {}", recipes::word(chance))), How::Never),
    |job, _| gone(job, "display_name", How::Never),
    |job, chance| {
        put(&mut job["environment"], "EDITED", json!(recipes::word(chance)));
        one("one more variable", "environment.EDITED", How::Never)
    },
    |job, _| gone(job, "on_task_failure", How::Never),
    |job, chance| {
        job["preparation_task"] = recipes::beside(chance, "prepare-again");
        one("another preparation", "preparation_task", How::Never)
    },
    |job, _| if job["release_task"].is_null() { gone(job, "preparation_task", How::Never) } else { None },
    |job, chance| {
        let _ = job.get("preparation_task")?;
        job["release_task"] = recipes::beside(chance, "release-again");
        one("another release", "release_task", How::Never)
    },
    |job, _| gone(job, "release_task", How::Never),
];

/// The same in other words.
const REWORDINGS: &[JobEdit] = &[
    |job, _| super::pools::default(job, "priority", json!(0)),
    |job, _| super::pools::default(job, "retries", json!(0)),
    |job, _| super::pools::default(job, "max_parallel_tasks", json!(-1)),
    |job, _| super::pools::default(job, "on_complete", json!("keep")),
    |job, _| super::pools::default(job, "on_task_failure", json!("no_action")),
    |job, _| super::pools::default(job.get_mut("preparation_task")?, "wait", json!(true)),
    |job, _| super::pools::default(job.get_mut("release_task")?, "max_wall_time", json!("15m")),
    |job, chance| super::pools::default(any_task(job, chance)?.1, "slots", json!(1)),
    |job, chance| {
        super::pools::default(&mut any_task(job, chance)?.1["container"], "working_directory", json!("task"))
    },
    |job, chance| super::pools::default(any_task(job, chance)?.1, "elevation", json!("non_admin")),
    |job, chance| {
        let chosen =
            any_task(job, chance)?.1.get_mut("depends_on")?.as_array_mut().filter(|it| it.len() > 1)?;
        chosen.reverse();
        Some(("dependencies in another order", vec![], How::Live))
    },
];

fn one(what: &'static str, field: &str, how: How) -> Option<Done> {
    Some((what, vec![field.to_owned()], how))
}

fn set(job: &mut Value, name: &'static str, value: Value, how: How) -> Option<Done> {
    job[name] = value;
    one(name, name, how)
}

fn gone(job: &mut Value, name: &'static str, how: How) -> Option<Done> {
    take(job, name).and_then(|_| one(name, name, how))
}

fn any_task<'a>(job: &'a mut Value, chance: &mut Chance) -> Option<(String, &'a mut Value)> {
    let tasks = job["tasks"].as_object_mut()?;
    let name = chance.pick(&recipes::keys(tasks)).clone();
    let task = tasks.get_mut(&name)?;
    Some((name, task))
}

/// What is done to one task of a job.
const TASK_EDITS: &[fn(&mut Value, &mut Chance)] = &[
    |task, chance| task["container"]["image"] = json!(format!("edited:{}", chance.below(1_000))),
    |task, _| task["container"]["run_options"] = json!("--ipc=host"),
    |task, _| task["container"]["working_directory"] = json!("image"),
    |task, chance| put(&mut task["environment"], "EDITED", json!(recipes::word(chance))),
    |task, _| put(&mut task["environment"], "EDITED", json!({"env": recipes::SECRET})),
    |task, _| task["retries"] = json!(4),
    |task, _| task["max_wall_time"] = json!("5h"),
    |task, _| task["retention"] = json!("9d"),
    |task, _| task["display_name"] = json!("another name"),
    |task, _| {
        if let Some(conditions) = task.get_mut("exit_conditions") {
            conditions["exit_codes"][0]["code"] = json!(99);
        }
    },
    |task, chance| {
        let command = task["command"].as_array_mut().unwrap();
        command.push(json!(recipes::word(chance)));
    },
];

impl Edit<'_> {
    pub(super) fn job_edit(&mut self, key: &str) -> Option<&'static str> {
        let pools = recipes::keys(self.recipe["pools"].as_object()?);
        let job = &mut self.recipe["jobs"][key];
        let before = job.clone();
        let done = if self.chance.percent(8) {
            let other = self.chance.pick(&pools).clone();
            job["pool"] = json!(other);
            one("another pool", "pool", How::WhileDisabled)
        } else {
            let edits = if self.chance.percent(20) { REWORDINGS } else { EDITS };
            let edit = *self.chance.pick(edits);
            edit(job, self.chance)
        };
        let Some((what, fields, how)) = done.filter(|_| *job != before) else {
            *job = before;
            return None;
        };
        let address = format!("jobs.{key}");
        match how {
            _ if fields.is_empty() => {}
            // What it was never told can't be taken back.
            How::Never if fields == ["on_complete"] && self.facts.ended_early.contains(key) => {}
            // Nothing is done to a job that is over and has no new work.
            _ if self.facts.over.contains(key) => {}
            How::WhileDisabled => self.expected.change(&address, ChangeClass::UpdateWhileDisabled, fields),
            How::Live => self.expected.change(&address, ChangeClass::UpdateLive, fields),
            _ => self.expected.replace_job(&address, fields),
        }
        Some(what)
    }

    pub(super) fn task_edit(&mut self, key: &str) -> Option<&'static str> {
        let idle = self.recipe["jobs"][key]["pool"]
            .as_str()
            .is_some_and(|pool| recipes::is_idle(&self.recipe["pools"][pool]));
        let over = self.facts.over.contains(key);
        let mut ends = false;
        let job = &mut self.recipe["jobs"][key];
        let address = format!("jobs.{key}.tasks");
        let (what, counts) = match self.chance.below(10) {
            0..2 => {
                let mut task = recipes::task(self.chance, idle);
                if job["uses_task_dependencies"] != true {
                    take(&mut task, "exit_conditions");
                }
                job["tasks"]["t9"] = task;
                ("one more task", TaskCounts { add: 1, ..TaskCounts::default() })
            }
            2..4 => {
                let name = leaf(job, self.chance)?;
                let task = take(&mut job["tasks"], &name)?;
                ("one task less", TaskCounts { delete: instances(&task), ..TaskCounts::default() })
            }
            4 => {
                let name = leaf(job, self.chance)?;
                let range = job["tasks"][&name].get_mut("for_each")?.get_mut("range")?;
                range[1] = json!(range[1].as_i64()? + 1);
                ("one more of its kind", TaskCounts { add: 1, ..TaskCounts::default() })
            }
            _ => {
                let edit = *self.chance.pick(TASK_EDITS);
                let (name, task) = any_task(job, self.chance)?;
                let before = task.clone();
                edit(task, self.chance);
                if *task == before {
                    return None;
                }
                let again = after(job, &name);
                let count = |name: &String| instances(&job["tasks"][name]);
                let (own, rerun) = (count(&name), again.iter().map(count).sum::<u64>());
                // What is to be deleted is all that keeps the job from ending.
                ends = self.facts.waiting.get(key).is_some_and(|waiting| {
                    waiting.iter().all(|waiting| *waiting == name || again.contains(waiting))
                });
                ("another task", TaskCounts { replace: own + rerun, rerun, ..TaskCounts::default() })
            }
        };
        if !over && !ends {
            self.expected.change(&address, ChangeClass::UpdateLive, vec![]);
            self.expected.tasks.insert(address, counts);
        } else if counts.add + counts.replace > 0 {
            let job = format!("jobs.{key}");
            self.expected.next_generation(&job);
        }
        Some(what)
    }
}

impl Expected {
    /// A job that is over gets another generation: nothing is deleted, so nothing has to be permitted.
    fn next_generation(&mut self, address: &str) {
        let anything = vec![String::new()];
        self.change(address, ChangeClass::Create, anything);
        self.change(&format!("{address}.tasks"), ChangeClass::Create, vec![]);
    }

    fn replace_job(&mut self, address: &str, fields: Vec<String>) {
        self.change(address, ChangeClass::Replace, fields);
        self.change(&format!("{address}.tasks"), ChangeClass::Create, vec![]);
        self.needs.insert(address.to_owned(), OnChange::Recreate);
    }
}

/// A task that no other waits for, if there is more than one task.
fn leaf(job: &Value, chance: &mut Chance) -> Option<String> {
    let tasks = job["tasks"].as_object().filter(|tasks| tasks.len() > 1)?;
    let leaves: Vec<String> = tasks.keys().filter(|name| after(job, name).is_empty()).cloned().collect();
    (!leaves.is_empty()).then(|| chance.pick(&leaves).clone())
}

/// The tasks that wait for one, and those that wait for them.
fn after(job: &Value, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let tasks = job["tasks"].as_object().unwrap();
    loop {
        let waits = |task: &Value| {
            let on = task["depends_on"].as_array().cloned().unwrap_or_default();
            on.iter().any(|on| *on == name || found.iter().any(|found| on == found))
        };
        let more = tasks.iter().find(|(other, task)| !found.contains(other) && waits(task));
        let Some((other, _)) = more else { return found };
        found.push(other.clone());
    }
}

/// How many tasks one of a recipe stands for.
fn instances(task: &Value) -> u64 {
    let values = &task["for_each"];
    let few = |value: &Value| value.as_u64().unwrap();
    let Some((kind, rule)) = values.as_object().and_then(|values| values.iter().next()) else { return 1 };
    match kind.as_str() {
        "repeat" => few(rule),
        "range" => few(&rule[1]),
        "product" => 2 * few(&rule["x"]["range"][1]),
        "zip" | "permutations" => 2,
        "random" => few(&rule["count"]),
        "list" | "combinations" | "matrix" => 3,
        other => panic!("nobody says how many tasks `{other}` makes"),
    }
}
