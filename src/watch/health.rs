//! How what a recipe made is doing: what makes it `Degraded`.

use std::collections::BTreeMap;

use crate::batch::{JobId, PoolId};
use crate::observe::{NodeTrouble, PoolStatus, Problem, Status};
use crate::resource::LiveState;

use super::condition::{ConditionKind, Finding, Reason};
use super::inventory::FinishedWork;

/// How many troubles are told.
const TOLD: usize = 3;

/// Adds what ails the objects of a recipe to what was found about it.
pub(super) fn diagnose(finding: Finding, status: &Status, withheld: &[String]) -> Finding {
    let mut finding = finding;
    let (mut quota, mut ails): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for pool in &status.pools {
        if is_short_of_quota(pool) {
            ails.push(format!("pool {} has {} of {} nodes", pool.id, there(pool), pool.target_nodes));
        }
        for problem in &pool.resize_errors {
            let text = format!("pool {}: {}", pool.id, first_line(&problem.to_string()));
            if is_about_quota(problem) { quota.push(text) } else { ails.push(text) }
        }
        ails.extend(pool.node_troubles.iter().map(trouble));
    }
    if status.pools.iter().any(is_short_of_quota) {
        finding = finding.but(ConditionKind::QuotaBlocked, Reason::QuotaReached, told(&quota));
    }
    let have_failed = status.jobs.iter().any(|job| job.tasks.failed > 0);
    let reason = match ails.is_empty() {
        false => Reason::NodesTroubled,
        true if have_failed => Reason::TasksFailed,
        true => Reason::TasksHeld,
    };
    for job in &status.jobs {
        if job.tasks.failed > 0 {
            ails.push(format!("job {}: {} of its tasks failed", job.id, job.tasks.failed));
        }
        let held = job.held.iter().filter(|held| held.why.is_final());
        ails.extend(held.map(|held| {
            let hint = held.why.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("job {}: tasks can't run: {}{hint}", job.id, held.why)
        }));
    }
    if !ails.is_empty() {
        let all: Vec<String> = std::iter::once(told(&ails)).chain(withheld.iter().cloned()).collect();
        finding = finding.and(ConditionKind::Degraded, reason, all.join("; "));
    }
    finding
}

/// The pools that have fewer nodes than they ask for, because of the account's quota.
pub(super) fn short_of_quota(status: &Status) -> Vec<PoolId> {
    status.pools.iter().filter(|pool| is_short_of_quota(pool)).map(|pool| pool.id.clone()).collect()
}

fn is_short_of_quota(pool: &PoolStatus) -> bool {
    pool.resize_errors.iter().any(is_about_quota)
        && there(pool) < usize::try_from(pool.target_nodes).unwrap_or(0)
}

/// How many nodes a pool has, in whatever state.
fn there(pool: &PoolStatus) -> usize {
    pool.nodes.values().sum()
}

fn is_about_quota(problem: &Problem) -> bool {
    problem.code.contains("Quota")
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
