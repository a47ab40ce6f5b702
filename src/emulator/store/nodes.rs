//! Compute nodes.

use std::net::Ipv4Addr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{ListPage, NodeRow, PoolRow, StoreError};
use crate::batch::model::{
    BatchApplicationPackageReference, BatchCertificateReference, BatchNode, BatchNodeState,
};
use crate::batch::{DateTime, NodeId, PoolId};
use crate::node::InstalledPackage;

/// A node, as the service knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NodeRecord {
    #[serde(skip)]
    pub(crate) row: NodeRow,
    #[serde(skip)]
    pub(crate) pool: PoolRow,
    /// The pool's id.
    pub(crate) pool_id: PoolId,
    /// The node, without the properties that depend on who asks (`url`) or follow from its runs.
    pub(crate) node: BatchNode,
    /// The container runtime that it booted with; another one means booting anew.
    pub(crate) runtime: String,
    /// The names of the users that were added to it.
    #[serde(default)]
    pub(crate) users: Vec<String>,
    /// Its seat in the private network of its pool, if the pool's nodes communicate.
    #[serde(default)]
    pub(crate) seat: Option<u8>,
    /// Until when there is no other machine for it, if its own was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) absent_until: Option<DateTime>,
    /// The application packages that it is to have, since it booted.
    #[serde(default)]
    pub(crate) packages: Vec<BatchApplicationPackageReference>,
    /// Those that it has.
    #[serde(default)]
    pub(crate) installed: Vec<InstalledPackage>,
}

/// A node, by the names that people and by the row that the store knows it by.
#[derive(Debug, Clone)]
pub(crate) struct NodeAddress {
    pub(crate) row: NodeRow,
    pub(crate) pool_id: PoolId,
    pub(crate) node_id: NodeId,
    pub(crate) is_dedicated: bool,
}

impl NodeRecord {
    /// The certificates that it has had since it booted.
    pub(crate) fn certificate_references(&self) -> Result<Vec<BatchCertificateReference>, StoreError> {
        Ok(BatchCertificateReference::listed(&self.node.other)?)
    }

    /// How others name the node.
    pub(crate) fn address(&self) -> NodeAddress {
        NodeAddress {
            row: self.row,
            pool_id: self.pool_id.clone(),
            node_id: self.node.id.clone(),
            is_dedicated: self.node.is_dedicated.unwrap_or(true),
        }
    }
}

/// What a node does and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NodeUse {
    /// Tasks that run on it.
    pub(crate) running: i32,
    /// Slots that they take.
    pub(crate) slots: i32,
    /// Runs that have ended on it.
    pub(crate) tasks_run: i32,
    /// Of those, the ones that succeeded.
    pub(crate) tasks_succeeded: i32,
}

/// A node that takes tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FreeNode {
    pub(crate) row: NodeRow,
    pub(crate) id: NodeId,
    pub(crate) is_dedicated: bool,
    /// Slots that are free.
    pub(crate) free: i32,
    /// Its address in the private network of its pool, if it has one.
    pub(crate) address: Option<Ipv4Addr>,
}

impl FreeNode {
    /// How others name the node, which is one of that pool.
    pub(crate) fn address_in(&self, pool: &PoolId) -> NodeAddress {
        NodeAddress {
            row: self.row,
            pool_id: pool.clone(),
            node_id: self.id.clone(),
            is_dedicated: self.is_dedicated,
        }
    }
}

/// By what tasks name a node that they would rather run on; opaque to clients (REST reference, `affinityId`).
pub(crate) fn affinity_id(node: &NodeId) -> String {
    format!("TVM:{node}")
}

const COLUMNS: &str = "SELECT id, pool, body FROM nodes";

/// The table of nodes.
pub(crate) struct NodeTable<'a>(pub(crate) &'a Connection);

impl NodeTable<'_> {
    /// Adds a node and gives it its row.
    pub(crate) fn insert(&self, record: &mut NodeRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT INTO nodes (pool, key, state, dedicated, body) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![
                record.pool,
                record.node.id.key(),
                state(record),
                record.node.is_dedicated.unwrap_or(true),
                serde_json::to_string(record)?,
            ])?;
        record.row = NodeRow(self.0.last_insert_rowid());
        Ok(())
    }

    /// Writes a node back.
    pub(crate) fn save(&self, record: &NodeRecord) -> Result<(), StoreError> {
        self.0.prepare_cached("UPDATE nodes SET state = ?, body = ? WHERE id = ?")?.execute(params![
            state(record),
            serde_json::to_string(record)?,
            record.row
        ])?;
        Ok(())
    }

    /// Removes a node.
    pub(crate) fn delete(&self, row: NodeRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM nodes WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// Counts a run that has ended.
    pub(crate) fn count_run(&self, row: NodeRow, succeeded: bool) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "UPDATE nodes SET tasks_run = tasks_run + 1, tasks_succeeded = tasks_succeeded + ? WHERE id = ?",
            )?
            .execute(params![succeeded, row])?;
        Ok(())
    }

    /// The node of that id in a pool.
    pub(crate) fn find(&self, pool: PoolRow, id: &NodeId) -> Result<Option<NodeRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE pool = ? AND key = ?"))?
            .query_row(params![pool, id.key()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The node of that row.
    pub(crate) fn get(&self, row: NodeRow) -> Result<Option<NodeRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE id = ?"))?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The application packages of its pool that a node has.
    pub(crate) fn installed(&self, row: NodeRow) -> Result<Vec<InstalledPackage>, StoreError> {
        let packages: Option<String> = self
            .0
            .prepare_cached("SELECT json_extract(body, '$.installed') FROM nodes WHERE id = ?")?
            .query_row([row], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(packages.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default())
    }

    /// The pool that a node belongs to.
    pub(crate) fn pool_of(&self, row: NodeRow) -> Result<Option<PoolRow>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT pool FROM nodes WHERE id = ?")?;
        Ok(statement.query_row([row], |row| row.get(0)).optional()?)
    }

    /// A page of a pool's nodes.
    pub(crate) fn page(&self, pool: PoolRow, page: &ListPage) -> Result<Vec<NodeRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE pool = ?"), &[pool.0], read)
    }

    /// How many nodes of a pool are in which state, dedicated ones and Spot ones.
    pub(crate) fn count_by_state(
        &self,
        pool: PoolRow,
    ) -> Result<Vec<(bool, BatchNodeState, u32)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT dedicated, state, COUNT(*) FROM nodes WHERE pool = ? GROUP BY 1, 2")?;
        let rows = statement.query_map([pool], |row| {
            let state = BatchNodeState::from(row.get_ref(1)?.as_str()?);
            Ok((row.get(0)?, state, row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All nodes of a pool.
    pub(crate) fn of_pool(&self, pool: PoolRow) -> Result<Vec<NodeRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE pool = ? ORDER BY id"))?;
        let rows = statement.query_map([pool], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Every node of the account.
    pub(crate) fn all(&self) -> Result<Vec<NodeRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} ORDER BY id"))?;
        let rows = statement.query_map([], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The nodes that have certificates.
    pub(crate) fn with_certificates(&self) -> Result<Vec<NodeRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!(
            "{COLUMNS} WHERE json_array_length(body, '$.node.certificateReferences') > 0 ORDER BY id"
        ))?;
        let rows = statement.query_map([], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// What a node does and has done.
    pub(crate) fn usage(&self, row: NodeRow) -> Result<NodeUse, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT COUNT(runs.id), COALESCE(SUM(runs.slots), 0), tasks_run, tasks_succeeded
             FROM nodes LEFT JOIN runs ON runs.node = nodes.id AND runs.slots > 0 WHERE nodes.id = ?",
        )?;
        Ok(statement.query_row([row], |row| {
            Ok(NodeUse {
                running: row.get(0)?,
                slots: row.get(1)?,
                tasks_run: row.get::<_, Option<i32>>(2)?.unwrap_or_default(),
                tasks_succeeded: row.get::<_, Option<i32>>(3)?.unwrap_or_default(),
            })
        })?)
    }

    /// The nodes of a pool that take tasks and have free slots, of `slots` each.
    pub(crate) fn free(&self, pool: PoolRow, slots: i32) -> Result<Vec<FreeNode>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, json_extract(body, '$.node.id'), dedicated,
                    ?2 - COALESCE((SELECT SUM(slots) FROM runs WHERE node = nodes.id), 0) AS free,
                    json_extract(body, '$.node.ipAddress')
             FROM nodes WHERE pool = ?1 AND state IN ('idle', 'running') AND free > 0
             AND json_extract(body, '$.node.schedulingState') IS NOT 'disabled' ORDER BY id",
        )?;
        let mut rows = statement.query(params![pool, slots])?;
        let mut nodes = Vec::new();
        while let Some(row) = rows.next()? {
            nodes.push(FreeNode {
                row: row.get(0)?,
                id: NodeId::new(row.get::<_, String>(1)?)?,
                is_dedicated: row.get(2)?,
                free: row.get(3)?,
                address: row.get::<_, Option<String>>(4)?.and_then(|address| address.parse().ok()),
            });
        }
        Ok(nodes)
    }

    /// How many nodes of a pool take tasks and have an address in its private network, whether they are free or not.
    pub(crate) fn count_reachable(&self, pool: PoolRow) -> Result<i32, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT COUNT(*) FROM nodes WHERE pool = ? AND state IN ('idle', 'running')
             AND json_extract(body, '$.node.schedulingState') IS NOT 'disabled'
             AND json_extract(body, '$.node.ipAddress') IS NOT NULL",
        )?;
        Ok(statement.query_row([pool], |row| row.get(0))?)
    }
}

fn state(record: &NodeRecord) -> &str {
    record.node.state.as_ref().map_or("unknown", |state| state.as_str())
}

fn read(row: &Row<'_>) -> Result<NodeRecord, StoreError> {
    let mut record: NodeRecord =
        serde_json::from_str(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?;
    record.row = row.get(0)?;
    record.pool = row.get(1)?;
    Ok(record)
}
