//! What tasks leave on nodes, and how long it stays.

use std::time::Duration;

use super::scheduling::BATCH;
use super::{Failure, Unit};
use crate::emulator::effect::{Effect, Event};
use crate::emulator::store::{TaskPlace, TaskRecord};

/// How often tasks are looked for whose time is over. One look finds all, so nothing waits for each of a million tasks.
const LOOK: Duration = Duration::from_secs(10);

impl Unit<'_> {
    /// Removes the folders of tasks that have been kept for as long as they asked for, and looks again later.
    pub(super) fn retention_due(&mut self) -> Result<(), Failure> {
        let expired = self.tasks().expired(self.now, BATCH)?;
        for task in &expired {
            self.tasks().forget_expiry(task.row)?;
            self.clean_ended(task)?;
        }
        let are_all = i32::try_from(expired.len()).is_ok_and(|count| count < BATCH);
        let pause = if are_all { LOOK } else { Duration::ZERO };
        self.emit(Effect::Wait { pause, then: Event::RetentionDue });
        Ok(())
    }

    /// Removes the folder of a task that has ended from the nodes where it ran, if those are still there.
    pub(super) fn clean_ended(&mut self, task: &TaskRecord) -> Result<(), Failure> {
        let instances = self.subtasks().of_task(task.row)?;
        let mut places: Vec<_> = instances.into_iter().map(|instance| instance.place).collect();
        places.extend(task.life.place.clone().filter(|place| !places.contains(place)));
        places.iter().try_for_each(|place| self.clean_place(task, place))
    }

    fn clean_place(&mut self, task: &TaskRecord, place: &TaskPlace) -> Result<(), Failure> {
        let Some(pool) = self.pools().row_of(&place.pool_id.key())? else { return Ok(()) };
        let Some(node) = self.nodes().find(pool, &place.node_id)? else { return Ok(()) };
        if node.is_leaving() && self.runs().of_node(node.row)?.is_empty() {
            // It is being removed with everything on it.
            return Ok(());
        }
        let row = self.runs().clean(node.row, task)?;
        match self.runs().get(row)? {
            Some(run) => self.clean_after(&run, task.definition.id.clone()),
            None => Ok(()),
        }
    }
}
