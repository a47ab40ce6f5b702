//! Certificates: added, deleted, kept, and found by those who have them.

use serde_json::{Map, Value};

use super::unit::new_e_tag;
use super::{Failure, Unit};
use crate::batch::model::{
    BatchCertificate, BatchCertificateReference, BatchCertificateState, BatchCertificateVisibility,
    DeleteBatchCertificateError, NameValuePair,
};
use crate::batch::{ErrorCode, THUMBPRINT_ALGORITHM, Thumbprint};
use crate::emulator::admission::AdmittedCertificate;
use crate::emulator::effect::Event;
use crate::emulator::refusal::Refusal;
use crate::emulator::store::{CertificateRecord, CertificateRow, NodeRecord, NodeRow, StoreError, Version};
use crate::emulator::timing::Pause;
use crate::node::NodeCertificate;

/// How many pools or nodes an error names.
const MOST_NAMES: usize = 100;

impl Unit<'_> {
    /// Adds a certificate.
    pub(crate) fn add_certificate(&mut self, certificate: AdmittedCertificate) -> Result<Version, Failure> {
        let AdmittedCertificate { thumbprint, data, format, password, public_data } = certificate;
        if let Some(existing) = self.certificates().find(&thumbprint)? {
            let is_going = existing.state() == BatchCertificateState::Deleting;
            let code =
                if is_going { ErrorCode::CERTIFICATE_BEING_DELETED } else { ErrorCode::CERTIFICATE_EXISTS };
            return Err(code.into());
        }
        let mut record = CertificateRecord {
            row: CertificateRow::default(),
            certificate: BatchCertificate {
                thumbprint: Some(thumbprint.as_str().to_owned()),
                thumbprint_algorithm: Some(THUMBPRINT_ALGORITHM.to_owned()),
                state: Some(BatchCertificateState::Active),
                state_transition_time: Some(self.now),
                public_data,
                ..BatchCertificate::default()
            },
            thumbprint,
            data,
            format,
            password,
            e_tag: new_e_tag(),
            last_modified: self.now,
        };
        self.certificates().insert(&mut record)?;
        Ok(record.version())
    }

    /// Begins to delete a certificate.
    pub(crate) fn delete_certificate(&mut self, thumbprint: &Thumbprint) -> Result<Version, Failure> {
        let mut record = self.certificate(thumbprint)?;
        record.delete(self.now)?;
        self.save_certificate(&mut record)?;
        self.await_deletion(record.row);
        Ok(record.version())
    }

    /// Goes on with a certificate whose deletion has failed.
    pub(crate) fn cancel_certificate_deletion(
        &mut self,
        thumbprint: &Thumbprint,
    ) -> Result<Version, Failure> {
        let mut record = self.certificate(thumbprint)?;
        record.cancel_deletion(self.now)?;
        self.save_certificate(&mut record)?;
        Ok(record.version())
    }

    pub(super) fn await_deletion(&mut self, certificate: CertificateRow) {
        self.wait(Pause::CertificateDeletion, Event::CertificateDeletionDue { certificate });
    }

    /// Deletes a certificate, unless somebody has it.
    pub(super) fn certificate_deletion_due(&mut self, row: CertificateRow) -> Result<(), Failure> {
        let Some(mut record) = self.certificates().get(row)? else { return Ok(()) };
        if record.state() != BatchCertificateState::Deleting {
            return Ok(());
        }
        match self.use_of(&record.thumbprint)? {
            None => Ok(self.certificates().delete(row)?),
            Some(why) => {
                record.fail_to_delete(why, self.now);
                self.save_certificate(&mut record)
            }
        }
    }

    /// Who has a certificate: the pools that refer to it, or the nodes that have kept it since they did.
    fn use_of(&self, thumbprint: &Thumbprint) -> Result<Option<DeleteBatchCertificateError>, Failure> {
        let mut pools = Vec::new();
        for pool in self.pools().all()? {
            if refers_to(&pool.certificate_references()?, thumbprint) {
                pools.push(pool.pool.id.to_string());
            }
        }
        let (code, kind, mut names) = if pools.is_empty() {
            let mut nodes = Vec::new();
            for node in self.nodes().with_certificates()? {
                if refers_to(&node.certificate_references()?, thumbprint) {
                    nodes.push(format!("{}/{}", node.pool_id, node.node.id));
                }
            }
            ("NodesReferencingCertificate", "Nodes", nodes)
        } else {
            ("PoolsReferencingCertificate", "Pools", pools)
        };
        names.truncate(MOST_NAMES);
        Ok((!names.is_empty()).then(|| DeleteBatchCertificateError {
            code: Some(code.to_owned()),
            message: Some(format!("The certificate is in use by {}.", kind.to_lowercase())),
            values: Some(vec![NameValuePair::new(kind, names.join(","))]),
        }))
    }

    /// Sees that a pool with these properties can have the certificates that it refers to.
    pub(super) fn check_references(&self, pool: &Map<String, Value>) -> Result<(), Failure> {
        for reference in BatchCertificateReference::listed(pool).map_err(StoreError::from)? {
            let found = match thumbprint_of(&reference) {
                Some(thumbprint) => self.certificates().find(&thumbprint)?,
                None => None,
            };
            let reason = match found.map(|record| record.state()) {
                Some(BatchCertificateState::Active) => continue,
                Some(state) => format!("its state is `{}`", state.as_str()),
                None => "the account has no such certificate".to_owned(),
            };
            return Err(Failure::Refused(
                Refusal::new(ErrorCode::INVALID_CERTIFICATE_REFERENCES)
                    .with("Thumbprint", reference.thumbprint)
                    .with("Reason", reason),
            ));
        }
        Ok(())
    }

    /// The certificates that the tasks of jobs find on a node. Most accounts have none, and no node is read.
    pub(super) fn certificates_for_tasks(&self, node: NodeRow) -> Result<Vec<NodeCertificate>, Failure> {
        if self.certificates().is_empty()? {
            return Ok(Vec::new());
        }
        match self.nodes().get(node)? {
            Some(node) => self.certificates_of(&node, &BatchCertificateVisibility::Task),
            None => Ok(Vec::new()),
        }
    }

    /// The certificates that a node has and that `visibility` lets find.
    pub(super) fn certificates_of(
        &self,
        node: &NodeRecord,
        visibility: &BatchCertificateVisibility,
    ) -> Result<Vec<NodeCertificate>, Failure> {
        let mut certificates = Vec::new();
        for reference in node.certificate_references()? {
            let is_visible =
                reference.visibility.as_ref().is_none_or(|to| to.is_empty() || to.contains(visibility));
            let Some(thumbprint) = thumbprint_of(&reference).filter(|_| is_visible) else { continue };
            // What is in use can't be deleted, so it is there.
            if let Some(record) = self.certificates().find(&thumbprint)? {
                certificates.push(NodeCertificate {
                    thumbprint: record.thumbprint,
                    format: record.format,
                    data: record.data,
                    password: record.password,
                });
            }
        }
        Ok(certificates)
    }

    fn save_certificate(&self, record: &mut CertificateRecord) -> Result<(), Failure> {
        record.e_tag = new_e_tag();
        Ok(self.certificates().save(record)?)
    }

    fn certificate(&self, thumbprint: &Thumbprint) -> Result<CertificateRecord, Failure> {
        self.certificates().find(thumbprint)?.ok_or_else(|| ErrorCode::CERTIFICATE_NOT_FOUND.into())
    }
}

fn thumbprint_of(reference: &BatchCertificateReference) -> Option<Thumbprint> {
    Thumbprint::parse(&reference.thumbprint_algorithm, &reference.thumbprint).ok()
}

fn refers_to(references: &[BatchCertificateReference], thumbprint: &Thumbprint) -> bool {
    references.iter().any(|reference| thumbprint_of(reference).as_ref() == Some(thumbprint))
}
