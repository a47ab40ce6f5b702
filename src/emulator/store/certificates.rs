//! Certificates.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{CertificateRow, ListPage, StoreError};
use crate::batch::model::{BatchCertificate, BatchCertificateFormat, BatchCertificateState, Confidential};
use crate::batch::{DateTime, Thumbprint};

/// A certificate, as the service knows it: with its data and the password that opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CertificateRecord {
    #[serde(skip)]
    pub(crate) row: CertificateRow,
    pub(crate) thumbprint: Thumbprint,
    /// The certificate, without the property that depends on who asks (`url`).
    pub(crate) certificate: BatchCertificate,
    /// What was added, in base64.
    pub(crate) data: Confidential,
    pub(crate) format: BatchCertificateFormat,
    pub(crate) password: Option<Confidential>,
    pub(crate) e_tag: String,
    pub(crate) last_modified: DateTime,
}

impl CertificateRecord {
    /// Its state.
    pub(crate) fn state(&self) -> BatchCertificateState {
        self.certificate.state.clone().unwrap_or(BatchCertificateState::Active)
    }
}

const COLUMNS: &str = "SELECT id, body FROM certificates";

/// The table of certificates.
pub(crate) struct CertificateTable<'a>(pub(crate) &'a Connection);

impl CertificateTable<'_> {
    /// Adds a certificate and gives it its row.
    pub(crate) fn insert(&self, record: &mut CertificateRecord) -> Result<(), StoreError> {
        self.0.prepare_cached("INSERT INTO certificates (key, state, body) VALUES (?, ?, ?)")?.execute(
            params![record.thumbprint.as_str(), record.state().as_str(), serde_json::to_string(record)?],
        )?;
        record.row = CertificateRow(self.0.last_insert_rowid());
        Ok(())
    }

    /// Writes a certificate back.
    pub(crate) fn save(&self, record: &CertificateRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE certificates SET state = ?, body = ? WHERE id = ?")?
            .execute(params![record.state().as_str(), serde_json::to_string(record)?, record.row])?;
        Ok(())
    }

    /// Removes a certificate.
    pub(crate) fn delete(&self, row: CertificateRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM certificates WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// The certificate of that thumbprint.
    pub(crate) fn find(&self, thumbprint: &Thumbprint) -> Result<Option<CertificateRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE key = ?"))?
            .query_row([thumbprint.as_str()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The certificate of that row.
    pub(crate) fn get(&self, row: CertificateRow) -> Result<Option<CertificateRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE id = ?"))?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A page of certificates.
    pub(crate) fn page(&self, page: &ListPage) -> Result<Vec<CertificateRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE 1"), &[], read)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM certificates)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The certificates that are being deleted.
    pub(crate) fn deleting(&self) -> Result<Vec<CertificateRow>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT id FROM certificates WHERE state = 'deleting' ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> Result<CertificateRecord, StoreError> {
    let mut record: CertificateRecord =
        serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    record.row = row.get(0)?;
    Ok(record)
}
