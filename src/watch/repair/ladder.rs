//! Which remedy a node gets: first it is booted anew, then made anew, then removed. Within a budget, and not at all where many nodes
//! fail alike, because then it is the recipe that ails. Pure: the account is for others to look at and to change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::batch::{DateTime, NodeId, PoolId};
use crate::observe::{NodeTrouble, PoolStatus};

/// How long a remedy counts against the budget, and how long a node is remembered.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How far node trouble is to be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairOptions {
    /// How many remedies a pool gets in an hour.
    pub budget: u32,
}

/// What is done with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// It is booted anew.
    Reboot,
    /// It is made anew from its image.
    Reimage,
    /// It is removed; the pool gets another one.
    Remove,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reboot => "reboot",
            Self::Reimage => "reimage",
            Self::Remove => "remove",
        })
    }
}

impl Remedy {
    /// What comes after this one did not help.
    fn next(self) -> Self {
        match self {
            Self::Reboot => Self::Reimage,
            Self::Reimage | Self::Remove => Self::Remove,
        }
    }

    /// What is tried first: what is written on a disk survives booting.
    fn first_for(trouble: &NodeTrouble) -> Self {
        if trouble.code.eq_ignore_ascii_case("DiskFull") { Self::Reimage } else { Self::Reboot }
    }
}

/// What was done, so that each node climbs the ladder and no pool is treated without end. It is kept for the next process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct CaseBook {
    /// The last remedy of each node.
    nodes: BTreeMap<PoolId, BTreeMap<NodeId, (Remedy, DateTime)>>,
    /// When each pool was given remedies.
    spent: BTreeMap<PoolId, Vec<DateTime>>,
    /// Pools that lost nodes since they were last as the recipe wants them.
    pub(in super::super) reduced: BTreeSet<PoolId>,
}

/// What a pool's nodes are to get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Prescription {
    pub(in super::super) treatments: Vec<(NodeTrouble, Remedy)>,
    /// Why some or all get nothing.
    pub(in super::super) withheld: Option<String>,
}

impl CaseBook {
    /// What the nodes of a pool get.
    pub(in super::super) fn prescribe(
        &self,
        pool: &PoolStatus,
        options: RepairOptions,
        now: Timestamp,
    ) -> Prescription {
        let mut ailing = BTreeMap::<&NodeId, &NodeTrouble>::new();
        for trouble in &pool.node_troubles {
            ailing.entry(&trouble.node).or_insert(trouble);
        }
        if let Some((cause, count)) = common_cause(ailing.values().copied()) {
            let all: usize = pool.nodes.values().sum();
            if count >= 2 && count * 2 >= all {
                let withheld = format!(
                    "pool {}: {count} of {all} nodes fail alike ({cause}): no node is mended until the recipe is",
                    pool.id
                );
                return Prescription { treatments: Vec::new(), withheld: Some(withheld) };
            }
        }
        let recent = self.spent.get(&pool.id).into_iter().flatten().filter(|at| is_recent(**at, now)).count();
        let left = usize::try_from(options.budget).unwrap_or(usize::MAX).saturating_sub(recent);
        let withheld = (ailing.len() > left).then(|| {
            format!("pool {}: {recent} remedies in an hour are as many as its budget allows", pool.id)
        });
        let remedy = |trouble: &NodeTrouble| {
            let known = self.nodes.get(&pool.id).and_then(|nodes| nodes.get(&trouble.node));
            let last = known.filter(|(_, at)| is_recent(*at, now));
            last.map_or_else(|| Remedy::first_for(trouble), |(last, _)| last.next())
        };
        let treatments =
            ailing.into_values().take(left).map(|trouble| (trouble.clone(), remedy(trouble))).collect();
        Prescription { treatments, withheld }
    }

    /// Takes note of a remedy that was given, well or not.
    pub(in super::super) fn note(&mut self, pool: &PoolId, node: &NodeId, remedy: Remedy, now: Timestamp) {
        for nodes in self.nodes.values_mut() {
            nodes.retain(|_, (_, at)| is_recent(*at, now));
        }
        self.nodes.retain(|_, nodes| !nodes.is_empty());
        for spent in self.spent.values_mut() {
            spent.retain(|at| is_recent(*at, now));
        }
        self.spent.retain(|_, spent| !spent.is_empty());
        self.nodes.entry(pool.clone()).or_default().insert(node.clone(), (remedy, DateTime(now)));
        self.spent.entry(pool.clone()).or_default().push(DateTime(now));
        if remedy == Remedy::Remove {
            self.reduced.insert(pool.clone());
        }
    }
}

/// A time that is far ahead was noted by a clock that went wrong.
fn is_recent(at: DateTime, now: Timestamp) -> bool {
    now.duration_since(at.0).abs() < WINDOW
}

/// What most of the troubles have in common, and how many have it.
fn common_cause<'a>(troubles: impl Iterator<Item = &'a NodeTrouble>) -> Option<(&'a str, usize)> {
    let mut causes = BTreeMap::<(&str, &str), usize>::new();
    for trouble in troubles {
        *causes.entry((&trouble.state, &trouble.code)).or_default() += 1;
    }
    let ((state, code), count) = causes.into_iter().max_by_key(|(_, count)| *count)?;
    Some((if code.is_empty() { state } else { code }, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::{AllocationState, BatchPoolState};

    fn pool(all: usize, ailing: &[(&str, &str)]) -> PoolStatus {
        let id = PoolId::new("p").unwrap();
        let trouble = |(node, code): &(&str, &str)| NodeTrouble {
            pool: id.clone(),
            node: NodeId::new(*node).unwrap(),
            state: "starttaskfailed".into(),
            code: (*code).into(),
            message: String::new(),
            details: Vec::new(),
            last_words: None,
            cause: None,
        };
        let node_troubles: Vec<_> = ailing.iter().map(trouble).collect();
        PoolStatus {
            id: id.clone(),
            state: BatchPoolState::Active,
            allocation_state: AllocationState::Steady,
            autoscale: false,
            target_nodes: i32::try_from(all).unwrap(),
            slots_per_node: 1,
            nodes: [("idle".to_owned(), all - ailing.len()), ("starttaskfailed".to_owned(), ailing.len())]
                .into(),
            resize_errors: Vec::new(),
            node_troubles,
            communicates: false,
            able: Vec::new(),
            coming: 0,
        }
    }

    fn remedies(book: &CaseBook, pool: &PoolStatus, now: Timestamp) -> Vec<Remedy> {
        let options = RepairOptions { budget: 3 };
        book.prescribe(pool, options, now).treatments.into_iter().map(|(_, remedy)| remedy).collect()
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn a_node_climbs_the_ladder_until_the_budget_is_spent() {
        let mut book = CaseBook::default();
        let ailing = pool(8, &[("n1", "FailureExitCode")]);
        let node = ailing.node_troubles[0].node.clone();
        for (minute, remedy) in [(0, Remedy::Reboot), (5, Remedy::Reimage), (10, Remedy::Remove)] {
            assert_eq!(remedies(&book, &ailing, at(minute)), [remedy]);
            book.note(&ailing.id, &node, remedy, at(minute));
        }
        assert!(book.reduced.contains(&ailing.id));
        let kept = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<CaseBook>(&kept).unwrap(), book, "{kept}");
        let spent = book.prescribe(&ailing, RepairOptions { budget: 3 }, at(20));
        assert_eq!(spent.treatments, []);
        assert!(spent.withheld.unwrap().contains("3 remedies in an hour"));
        assert_eq!(remedies(&book, &ailing, at(70)), [Remedy::Reboot], "an hour later it begins anew");
    }

    #[test]
    fn a_full_disk_is_not_booted_away() {
        let ailing = pool(8, &[("n1", "DiskFull")]);
        assert_eq!(remedies(&CaseBook::default(), &ailing, at(0)), [Remedy::Reimage]);
    }

    #[test]
    fn nodes_that_fail_alike_are_left_alone() {
        let ailing = pool(4, &[("n1", "FailureExitCode"), ("n2", "FailureExitCode")]);
        let withheld = CaseBook::default().prescribe(&ailing, RepairOptions { budget: 9 }, at(0));
        assert_eq!(withheld.treatments, []);
        assert!(withheld.withheld.unwrap().contains("2 of 4 nodes fail alike (FailureExitCode)"));
        let unlike = pool(5, &[("n1", "FailureExitCode"), ("n2", "DiskFull")]);
        assert_eq!(remedies(&CaseBook::default(), &unlike, at(0)).len(), 2);
    }
}
