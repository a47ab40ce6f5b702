//! How what a recipe made is doing: what makes it `Degraded`.

use std::collections::BTreeMap;

use crate::batch::JobId;
use crate::observe::{NodeTrouble, Status};
use crate::resource::LiveState;

use super::condition::{ConditionKind, Finding, Reason};
use super::inventory::FinishedWork;

/// How many troubles are told.
const TOLD: usize = 3;

/// Adds what ails the objects of a recipe to what was found about it.
pub(super) fn diagnose(finding: Finding, status: &Status, withheld: &[String]) -> Finding {
    let mut finding = finding;
    let quota: Vec<String> = status
        .pools
        .iter()
        .flat_map(|pool| pool.resize_errors.iter().map(move |problem| (pool, problem)))
        .filter(|(_, problem)| problem.code.contains("Quota"))
        .map(|(pool, problem)| format!("pool {}: {}", pool.id, first_line(&problem.to_string())))
        .collect();
    if !quota.is_empty() {
        finding = finding.and(ConditionKind::QuotaBlocked, Reason::QuotaReached, told(&quota));
    }
    let mut ails: Vec<String> = Vec::new();
    for pool in &status.pools {
        let others = pool.resize_errors.iter().filter(|problem| !problem.code.contains("Quota"));
        ails.extend(others.map(|problem| format!("pool {}: {}", pool.id, first_line(&problem.to_string()))));
        ails.extend(pool.node_troubles.iter().map(trouble));
    }
    let reason = if ails.is_empty() { Reason::TasksFailed } else { Reason::NodesTroubled };
    for job in &status.jobs {
        if job.tasks.failed > 0 {
            ails.push(format!("job {}: {} of its tasks failed", job.id, job.tasks.failed));
        }
        let held = job.held.iter().filter(|held| held.why.is_final());
        ails.extend(held.map(|held| format!("job {}: tasks can't run: {}", job.id, held.why)));
    }
    if !ails.is_empty() {
        let all: Vec<String> = std::iter::once(told(&ails)).chain(withheld.iter().cloned()).collect();
        finding = finding.and(ConditionKind::Degraded, reason, all.join("; "));
    }
    finding
}

/// What ails a node: its state, the error, what it said last, and what is known of that.
fn trouble(trouble: &NodeTrouble) -> String {
    let NodeTrouble { pool, node, state, code, message, last_words, cause, .. } = trouble;
    let label = if code.is_empty() { String::new() } else { format!("{code}: ") };
    let mut text = format!("node {node} of pool {pool} is {state}: {label}{}", first_line(message));
    if let Some(words) = last_words {
        text.push_str(&format!("; it said last: {words}"));
    }
    if let Some(cause) = cause {
        text.push_str(&format!("; {} ({})", cause.why, cause.remedy));
    }
    text
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn told(ails: &[String]) -> String {
    let mut told = ails.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    if let more @ 1.. = ails.len().saturating_sub(TOLD) {
        told.push_str(&format!("; and {more} more"));
    }
    told
}

/// The jobs of a recipe that have finished tasks, by what the account records of their tasks.
pub(super) fn finished_work(live: &LiveState, status: &Status) -> BTreeMap<JobId, FinishedWork> {
    let jobs = status.jobs.iter().filter(|job| job.tasks.completed > 0);
    jobs.filter_map(|job| {
        let tally = live.jobs.get(&job.id)?.value.ownership.as_ref()?.tasks.clone()?;
        Some((job.id.clone(), FinishedWork { tally, finished: u64::from(job.tasks.completed) }))
    })
    .collect()
}
