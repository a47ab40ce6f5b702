//! Jobs that come again and again.

use super::account::Account;
use super::data;
use super::section::Section;
use super::task::Planned;
use crate::import::yaml::{Map, Yaml};

/// Whether a job can be one of a schedule: it has one task, and that can be the job's manager.
///
/// A schedule of Azure Batch starts one task. Batch Shipyard's was a container of its own that added the others.
pub(super) fn can_be_scheduled(job: &Section<'_>, tasks: &[Planned<'_>]) -> bool {
    let [only] = tasks else { return false };
    only.tasks.is_none()
        && !only.section.get("multi_instance").is_present()
        && !job.get("merge_task").is_present()
}

/// Says why a job is none of a schedule.
pub(super) fn refuse(job: &Section<'_>) {
    let why = "a schedule starts one task, and this job has others, too: run `batchyard apply` when they are due, from cron or a pipeline, each time with \
               another id of the job";
    job.get("recurrence").dropped(why);
    job.log().to_do(format!("`{}`: {why}", job.get("recurrence").path()));
}

/// `recurrence` of a schedule.
pub(super) fn recurrence(job: &Section<'_>) -> Map {
    let schedule = job.at("recurrence.schedule");
    let mut recurrence = Map::default();
    recurrence.put_some("interval", schedule.get("recurrence_interval").duration().map(Yaml::text));
    recurrence.put_some("start_window", schedule.get("start_window").duration().map(Yaml::text));
    for key in ["do_not_run_until", "do_not_run_after"] {
        recurrence.put_some(key, time(&schedule.get(key)).map(Yaml::text));
    }
    recurrence
}

/// A point in time as recipes write it: Batch Shipyard's are in UTC unless they say otherwise.
fn time(section: &Section<'_>) -> Option<String> {
    let text = section.word()?.replacen(' ', "T", 1);
    if text.parse::<jiff::Timestamp>().is_ok() {
        return Some(text);
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok();
    if civil.is_none() {
        section.dropped("not understood: a time such as `2027-01-31T02:30:00Z` is expected here");
    }
    Some(format!("{}Z", civil?))
}

/// The task of a job as the manager of a job of a schedule: without what only ordinary tasks have.
pub(super) fn manager(task: Map, section: &Section<'_>, job: &Section<'_>, account: &Account<'_>) -> Map {
    let mut manager = Map::default();
    manager.extend(task);
    manager.remove(&["depends_on", "exit_conditions", "outputs"]);
    let outputs = data::output_files(&section.get("output_data"), account);
    if !outputs.is_empty() {
        manager.put("output_files", Yaml::List(outputs));
    }
    manager.put("elevation", Yaml::text("admin"));
    let options = job.at("recurrence.job_manager");
    let set = |key: &str| options.get(key).switch().map(Yaml::plain);
    manager.put_some("allow_low_priority_node", set("allow_low_priority_node"));
    manager.put("run_exclusive", set("run_exclusive").unwrap_or_else(|| Yaml::plain(false)));
    manager
}
