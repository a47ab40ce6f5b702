//! What happens while a plan is applied, passed on.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::apply::{ApplyEvent, Observer, Outcome};
use crate::resource::RecipeName;

use super::event::WatchEvent;
use super::options::Tools;

/// Passes what happens on, and counts what is written.
pub(super) struct Telling<'a> {
    recipe: &'a RecipeName,
    tools: &'a Tools,
    writes: AtomicUsize,
}

impl<'a> Telling<'a> {
    pub(super) fn new(recipe: &'a RecipeName, tools: &'a Tools) -> Self {
        Self { recipe, tools, writes: AtomicUsize::new(0) }
    }

    /// How many steps have changed the account so far.
    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }
}

impl Observer for Telling<'_> {
    fn on(&self, event: ApplyEvent<'_>) {
        if matches!(event, ApplyEvent::StepEnded { outcome: Outcome::Done, .. }) {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        self.tools.observer.on(WatchEvent::Apply { recipe: self.recipe, event: &event });
    }
}
