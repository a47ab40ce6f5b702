//! Pools.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ListPage, PoolRow, StoreError};
use crate::batch::model::{
    BatchApplicationPackageReference, BatchCertificateReference, BatchNodeDeallocationOption, BatchPool,
    CERTIFICATE_REFERENCES,
};
use crate::batch::{DateTime, PoolId};

/// A pool, as the service knows it: with the passwords of its registries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PoolRecord {
    #[serde(skip)]
    pub(crate) row: PoolRow,
    /// The pool, without the properties that depend on who asks (`url`) or follow from its nodes.
    pub(crate) pool: BatchPool,
    /// Counts resizes, so that what was meant for an earlier one is told apart.
    pub(crate) round: u64,
    /// What happens to the tasks of nodes that leave in this resize.
    pub(crate) deallocation: BatchNodeDeallocationOption,
    /// When its formula is evaluated, if it has one.
    #[serde(default)]
    pub(crate) formula_clock: FormulaClock,
}

/// When a formula is evaluated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormulaClock {
    /// Counts schedules, so that what was meant for an earlier one is told apart.
    pub(crate) turn: u64,
    /// When the next evaluation is due; at once if it was never evaluated.
    pub(crate) due: Option<DateTime>,
}

impl PoolRecord {
    /// The certificates that its nodes get.
    pub(crate) fn certificate_references(&self) -> Result<Vec<BatchCertificateReference>, StoreError> {
        Ok(BatchCertificateReference::listed(&self.pool.other)?)
    }

    /// The application packages that its nodes get when they boot.
    pub(crate) fn packages(&self) -> Vec<BatchApplicationPackageReference> {
        self.pool.application_package_references.clone().unwrap_or_default()
    }

    /// What its nodes say of the certificates that they get when they boot, under the name that it has there, too.
    pub(crate) fn references_of_nodes(&self) -> Map<String, Value> {
        let references = self.pool.other.get_key_value(CERTIFICATE_REFERENCES);
        references.map(|(name, references)| (name.clone(), references.clone())).into_iter().collect()
    }
}

/// How many nodes a pool has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Dedicated nodes that stay.
    pub(crate) dedicated: i32,
    /// Spot nodes that stay.
    pub(crate) spot: i32,
    /// Dedicated nodes that are leaving.
    pub(crate) dedicated_leaving: i32,
    /// Spot nodes that are leaving.
    pub(crate) spot_leaving: i32,
}

impl Census {
    /// Nodes that are leaving.
    pub(crate) fn leaving(self) -> i32 {
        self.dedicated_leaving + self.spot_leaving
    }

    /// All nodes.
    pub(crate) fn total(self) -> i32 {
        self.dedicated + self.spot + self.leaving()
    }
}

/// The table of pools.
pub(crate) struct PoolTable<'a>(pub(crate) &'a Connection);

impl PoolTable<'_> {
    /// Adds a pool and gives it its row.
    pub(crate) fn insert(&self, record: &mut PoolRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT INTO pools (key, body) VALUES (?, ?)")?
            .execute(params![record.pool.id.key(), serde_json::to_string(record)?])?;
        record.row = PoolRow(self.0.last_insert_rowid());
        Ok(())
    }

    /// Writes a pool back.
    pub(crate) fn save(&self, record: &PoolRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE pools SET body = ? WHERE id = ?")?
            .execute(params![serde_json::to_string(record)?, record.row])?;
        Ok(())
    }

    /// Removes a pool with its samples.
    pub(crate) fn delete(&self, row: PoolRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM pools WHERE id = ?")?.execute([row])?;
        self.0.prepare_cached("DELETE FROM samples WHERE pool = ?")?.execute([row])?;
        Ok(())
    }

    /// The pool of that id.
    pub(crate) fn find(&self, id: &PoolId) -> Result<Option<PoolRecord>, StoreError> {
        self.find_key(&id.key())
    }

    /// The pool of that id in lower case.
    pub(crate) fn find_key(&self, key: &str) -> Result<Option<PoolRecord>, StoreError> {
        self.0
            .prepare_cached("SELECT id, body FROM pools WHERE key = ?")?
            .query_row([key], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The row of the pool of that id in lower case.
    pub(crate) fn row_of(&self, key: &str) -> Result<Option<PoolRow>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM pools WHERE key = ?")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// The pool of that row.
    pub(crate) fn get(&self, row: PoolRow) -> Result<Option<PoolRecord>, StoreError> {
        self.0
            .prepare_cached("SELECT id, body FROM pools WHERE id = ?")?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A page of pools.
    pub(crate) fn page(&self, page: &ListPage) -> Result<Vec<PoolRecord>, StoreError> {
        page.query(self.0, "SELECT id, body FROM pools WHERE 1", &[], read)
    }

    /// Every pool.
    pub(crate) fn all(&self) -> Result<Vec<PoolRecord>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT id, body FROM pools ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// How many pools there are.
    pub(crate) fn count(&self) -> Result<u32, StoreError> {
        Ok(self.0.prepare_cached("SELECT COUNT(*) FROM pools")?.query_row([], |row| row.get(0))?)
    }

    /// How many nodes a pool has.
    pub(crate) fn census(&self, row: PoolRow) -> Result<Census, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT dedicated, state = 'leavingpool', COUNT(*) FROM nodes WHERE pool = ? GROUP BY 1, 2",
        )?;
        let mut rows = statement.query([row])?;
        let mut census = Census::default();
        while let Some(row) = rows.next()? {
            let count: i32 = row.get(2)?;
            match (row.get(0)?, row.get(1)?) {
                (true, false) => census.dedicated = count,
                (false, false) => census.spot = count,
                (true, true) => census.dedicated_leaving = count,
                (false, true) => census.spot_leaving = count,
            }
        }
        Ok(census)
    }
}

fn read(row: &Row<'_>) -> Result<PoolRecord, StoreError> {
    let mut record: PoolRecord =
        serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    record.row = row.get(0)?;
    Ok(record)
}
