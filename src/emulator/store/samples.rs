//! What was counted in the pools whose size a formula sets, as far back as a day.

use rusqlite::{Connection, params};

use super::{NodeTable, PoolRecord, PoolRow, StoreError};
use crate::batch::DateTime;
use crate::batch::autoscale::{SAMPLE_PERIOD, Sample};
use crate::batch::model::BatchNodeState;

/// How many samples a pool keeps: those of a day.
const KEPT: i64 = 24 * 60 * 2;

/// The table of samples. A period has one: the latest that was taken in it.
pub(crate) struct SampleTable<'a>(pub(crate) &'a Connection);

impl SampleTable<'_> {
    /// Counts the tasks and nodes of a pool. Tasks of jobs that are disabled, or on their way out, do not wait for nodes.
    pub(crate) fn take(&self, pool: &PoolRecord, now: DateTime) -> Result<Sample, StoreError> {
        let mut sample = self.tasks(pool, now)?;
        for (is_dedicated, state, count) in NodeTable(self.0).count_by_state(pool.row)? {
            let nodes =
                if is_dedicated { &mut sample.dedicated_nodes } else { &mut sample.low_priority_nodes };
            *nodes += count;
            match state {
                BatchNodeState::Idle | BatchNodeState::Running => sample.usable_nodes += count,
                BatchNodeState::Preempted => sample.preempted_nodes += count,
                _ => {}
            }
        }
        Ok(sample)
    }

    /// Each count goes over one stretch of an index: a quarter of a second for a million tasks, a tenth of what grouping takes.
    fn tasks(&self, pool: &PoolRecord, now: DateTime) -> Result<Sample, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT COALESCE(SUM((SELECT COUNT(*) FROM tasks INDEXED BY tasks_ready
                     WHERE job = jobs.id AND state = 'active' AND pending = 0 AND jobs.state = 'active')), 0),
                 COALESCE(SUM((SELECT COUNT(*) FROM tasks
                     WHERE job = jobs.id AND state IN ('running', 'preparing'))), 0),
                 COALESCE(SUM((SELECT COUNT(*) FROM tasks
                     WHERE job = jobs.id AND state = 'completed' AND result = 'success')), 0),
                 COALESCE(SUM((SELECT COUNT(*) FROM tasks
                     WHERE job = jobs.id AND state = 'completed' AND result = 'failure')), 0)
             FROM jobs WHERE pool_key = ?",
        )?;
        Ok(statement.query_row([pool.pool.id.key()], |row| {
            Ok(Sample {
                time: now,
                active_tasks: row.get(0)?,
                running_tasks: row.get(1)?,
                succeeded_tasks: row.get(2)?,
                failed_tasks: row.get(3)?,
                dedicated_nodes: 0,
                low_priority_nodes: 0,
                preempted_nodes: 0,
                usable_nodes: 0,
            })
        })?)
    }

    /// Keeps a sample, and forgets what is too old.
    pub(crate) fn keep(&self, pool: PoolRow, sample: &Sample) -> Result<(), StoreError> {
        let period = sample.time.0.as_second() / i64::try_from(SAMPLE_PERIOD.as_secs()).unwrap_or(1);
        self.0
            .prepare_cached("INSERT OR REPLACE INTO samples (pool, period, body) VALUES (?, ?, ?)")?
            .execute(params![pool, period, serde_json::to_string(sample)?])?;
        self.0
            .prepare_cached("DELETE FROM samples WHERE pool = ? AND period <= ?")?
            .execute(params![pool, period - KEPT])?;
        Ok(())
    }

    /// The samples of a pool, oldest first.
    pub(crate) fn of_pool(&self, pool: PoolRow) -> Result<Vec<Sample>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT body FROM samples WHERE pool = ? ORDER BY period")?;
        let mut rows = statement.query([pool])?;
        let mut samples = Vec::new();
        while let Some(row) = rows.next()? {
            samples.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
        }
        Ok(samples)
    }

    /// Forgets the samples of a pool.
    pub(crate) fn forget(&self, pool: PoolRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM samples WHERE pool = ?")?.execute([pool])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::store::open_for_writing;

    fn none(time: DateTime) -> Sample {
        Sample {
            time,
            active_tasks: 0,
            running_tasks: 0,
            succeeded_tasks: 0,
            failed_tasks: 0,
            dedicated_nodes: 0,
            low_priority_nodes: 0,
            preempted_nodes: 0,
            usable_nodes: 0,
        }
    }

    #[test]
    fn a_period_keeps_one_sample_and_a_pool_those_of_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_for_writing(&folder.path().join("store.db")).unwrap();
        let samples = SampleTable(&connection);
        let at = |second: i64| none(DateTime(jiff::Timestamp::from_second(second).unwrap()));
        connection.execute_batch("BEGIN").unwrap();
        for second in (0..2 * 24 * 60 * 60).step_by(10) {
            samples.keep(PoolRow(1), &at(second)).unwrap();
        }
        samples.keep(PoolRow(2), &at(5)).unwrap();
        let kept = samples.of_pool(PoolRow(1)).unwrap();
        assert_eq!(kept.len(), 2_880);
        assert_eq!(kept.last(), Some(&at(2 * 24 * 60 * 60 - 10)));
        samples.forget(PoolRow(1)).unwrap();
        assert_eq!(
            (samples.of_pool(PoolRow(1)).unwrap().len(), samples.of_pool(PoolRow(2)).unwrap().len()),
            (0, 1)
        );
    }
}
