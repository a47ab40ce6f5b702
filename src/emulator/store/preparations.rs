//! What nodes do for jobs beside the jobs' tasks: their preparation and release tasks.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;

use super::{JobRow, ListPage, NodeRow, StoreError};
use crate::batch::model::{
    BatchJobPreparationAndReleaseTaskStatus, BatchJobPreparationTaskExecutionInfo,
    BatchJobReleaseTaskExecutionInfo,
};
use crate::batch::{NodeId, PoolId};

/// How a node stands to a job that has a preparation task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The preparation task is to run before the next task of the job.
    Due,
    /// The preparation task runs.
    Running,
    /// It has succeeded.
    Ready,
    /// It has failed for good.
    Failed,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

impl FromSql for Standing {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "due" => Ok(Self::Due),
            "running" => Ok(Self::Running),
            "ready" => Ok(Self::Ready),
            "failed" => Ok(Self::Failed),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// What a node has done for a job. It stays when the node is gone, and goes with the job.
#[derive(Debug, Clone)]
pub(crate) struct PreparationRecord {
    pub(crate) job: JobRow,
    pub(crate) node: NodeRow,
    pub(crate) standing: Standing,
    pub(crate) pool_id: PoolId,
    pub(crate) node_id: NodeId,
    /// How the preparation task has run, if it ever did.
    pub(crate) preparation: Option<BatchJobPreparationTaskExecutionInfo>,
    /// How the release task has run, if it did.
    pub(crate) release: Option<BatchJobReleaseTaskExecutionInfo>,
}

impl PreparationRecord {
    /// A node that has done nothing for the job so far.
    pub(crate) fn new(job: JobRow, node: NodeRow, pool_id: PoolId, node_id: NodeId) -> Self {
        Self { job, node, standing: Standing::Due, pool_id, node_id, preparation: None, release: None }
    }

    /// What the record is sorted and looked up by among those of its job.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.pool_id.key(), self.node_id.key())
    }
}

const COLUMNS: &str = "SELECT job, node, standing, body FROM preparations";

/// The table of preparations.
pub(crate) struct PreparationTable<'a>(pub(crate) &'a Connection);

impl PreparationTable<'_> {
    /// Writes a record, whether there was one or not.
    pub(crate) fn save(&self, record: &PreparationRecord) -> Result<(), StoreError> {
        // As on the wire, so that lists can be filtered by it.
        let body = BatchJobPreparationAndReleaseTaskStatus {
            pool_id: Some(record.pool_id.clone()),
            node_id: Some(record.node_id.clone()),
            node_url: None,
            job_preparation_task_execution_info: record.preparation.clone(),
            job_release_task_execution_info: record.release.clone(),
        };
        self.0
            .prepare_cached(
                "INSERT INTO preparations (job, node, key, standing, body) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (job, node) DO UPDATE SET standing = excluded.standing, body = excluded.body",
            )?
            .execute(params![
                record.job,
                record.node,
                record.key(),
                record.standing.as_str(),
                serde_json::to_string(&body)?
            ])?;
        Ok(())
    }

    /// What a node has done for a job.
    pub(crate) fn find(&self, job: JobRow, node: NodeRow) -> Result<Option<PreparationRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE job = ? AND node = ?"))?
            .query_row(params![job, node], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// What all nodes have done for a job.
    pub(crate) fn of_job(&self, job: JobRow) -> Result<Vec<PreparationRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE job = ? ORDER BY key"))?;
        let rows = statement.query_map([job], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// What a node has done for all jobs.
    pub(crate) fn of_node(&self, node: NodeRow) -> Result<Vec<PreparationRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE node = ? ORDER BY job"))?;
        let rows = statement.query_map([node], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The nodes that could not be prepared for a job.
    pub(crate) fn failed_nodes(&self, job: JobRow) -> Result<Vec<NodeRow>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT node FROM preparations WHERE job = ? AND standing = 'failed'")?;
        let rows = statement.query_map([job], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A page of what nodes have done for a job.
    pub(crate) fn page(&self, job: JobRow, page: &ListPage) -> Result<Vec<PreparationRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE job = ?"), &[job.0], read)
    }
}

fn read(row: &Row<'_>) -> Result<PreparationRecord, StoreError> {
    let body: Body = serde_json::from_str(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
    Ok(PreparationRecord {
        job: row.get(0)?,
        node: row.get(1)?,
        standing: row.get(2)?,
        pool_id: body.pool_id,
        node_id: body.node_id,
        preparation: body.preparation,
        release: body.release,
    })
}

/// The stored body, of which the pool and the node are always there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    pool_id: PoolId,
    node_id: NodeId,
    #[serde(rename = "jobPreparationTaskExecutionInfo")]
    preparation: Option<BatchJobPreparationTaskExecutionInfo>,
    #[serde(rename = "jobReleaseTaskExecutionInfo")]
    release: Option<BatchJobReleaseTaskExecutionInfo>,
}
