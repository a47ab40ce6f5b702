//! How often the requests of a family are sent again, together.
//!
//! Each request is patient by itself. A thousand of them that are patient at the same time send a service that struggles eight
//! thousand requests, and keep it down. So the requests of a family (`Pools`, `Tasks`) have a budget in common: sending one
//! again takes from it, and an answer gives a little back. When it is spent, a request that fails has failed, until answers
//! come again. One family does not spend what another one has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many answers make up for one request that was sent again.
const ANSWERS_PER_RETRY: u32 = 10;

/// What is left of the budgets.
#[derive(Debug)]
pub(super) struct RetryBudgets {
    /// A whole budget, counted in answers.
    whole: u32,
    /// What was taken from that, by family.
    spent: Mutex<HashMap<&'static str, u32>>,
}

impl RetryBudgets {
    /// Budgets of so many retries each.
    pub(super) fn new(retries: u32) -> Self {
        Self { whole: retries.saturating_mul(ANSWERS_PER_RETRY), spent: Mutex::default() }
    }

    /// Takes a retry out of the family's budget; `false` if there is none left.
    pub(super) fn take(&self, family: &'static str) -> bool {
        self.change(family, |spent| {
            let after = spent.saturating_add(ANSWERS_PER_RETRY);
            if after <= self.whole { (after, true) } else { (spent, false) }
        })
    }

    /// Gives back a part of a retry, for an answer.
    pub(super) fn give_back(&self, family: &'static str) {
        self.change(family, |spent| (spent.saturating_sub(1), ()));
    }

    fn change<T>(&self, family: &'static str, change: impl FnOnce(u32) -> (u32, T)) -> T {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = spent.entry(family).or_default();
        let (after, outcome) = change(*entry);
        *entry = after;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_spends_its_own_budget_and_earns_it_back_by_answers() {
        let budgets = RetryBudgets::new(2);
        assert!(budgets.take("Pools") && budgets.take("Pools"));
        assert!(!budgets.take("Pools"));
        assert!(budgets.take("Jobs"));
        for _ in 0..ANSWERS_PER_RETRY {
            assert!(!budgets.take("Pools"));
            budgets.give_back("Pools");
        }
        assert!(budgets.take("Pools"));
        assert!(!budgets.take("Pools"));
    }

    #[test]
    fn a_budget_never_grows_beyond_the_whole() {
        let budgets = RetryBudgets::new(1);
        for _ in 0..100 {
            budgets.give_back("Pools");
        }
        assert!(budgets.take("Pools"));
        assert!(!budgets.take("Pools"));
    }
}
