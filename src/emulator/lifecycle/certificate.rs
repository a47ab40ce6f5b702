//! The life of a certificate: active → deleting → gone; or, where it is in use, → deletefailed → active or deleting again.

use crate::batch::model::{BatchCertificateState, DeleteBatchCertificateError};
use crate::batch::{DateTime, ErrorCode};
use crate::emulator::store::CertificateRecord;

impl CertificateRecord {
    /// Begins to delete it.
    pub(crate) fn delete(&mut self, now: DateTime) -> Result<(), ErrorCode> {
        match self.state() {
            BatchCertificateState::Deleting => Err(ErrorCode::CERTIFICATE_BEING_DELETED),
            _ => {
                self.enter(BatchCertificateState::Deleting, now);
                Ok(())
            }
        }
    }

    /// Notes why it can't be deleted.
    pub(crate) fn fail_to_delete(&mut self, why: DeleteBatchCertificateError, now: DateTime) {
        self.enter(BatchCertificateState::DeleteFailed, now);
        self.certificate.delete_certificate_error = Some(why);
    }

    /// Goes on with it after its deletion has failed.
    pub(crate) fn cancel_deletion(&mut self, now: DateTime) -> Result<(), ErrorCode> {
        match self.state() {
            BatchCertificateState::DeleteFailed => {
                self.enter(BatchCertificateState::Active, now);
                Ok(())
            }
            BatchCertificateState::Deleting => Err(ErrorCode::CERTIFICATE_BEING_DELETED),
            _ => Err(ErrorCode::CERTIFICATE_STATE_ACTIVE),
        }
    }

    fn enter(&mut self, state: BatchCertificateState, now: DateTime) {
        let certificate = &mut self.certificate;
        certificate.previous_state = certificate.state.replace(state);
        certificate.previous_state_transition_time = certificate.state_transition_time.replace(now);
        certificate.delete_certificate_error = None;
        self.last_modified = now;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use BatchCertificateState::{Active, DeleteFailed, Deleting};

    fn certificate(state: &BatchCertificateState) -> CertificateRecord {
        serde_json::from_value(json!({"thumbprint": "ab", "certificate": {"state": state}, "data": "",
            "format": "cer", "e_tag": "0x1", "last_modified": "2026-01-01T00:00:00Z"}))
        .unwrap()
    }

    fn at(second: i64) -> DateTime {
        DateTime(jiff::Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn what_fails_to_be_deleted_says_why_and_can_be_kept() {
        let mut record = certificate(&Active);
        record.delete(at(1)).unwrap();
        let why = DeleteBatchCertificateError { code: Some("Used".to_owned()), ..Default::default() };
        record.fail_to_delete(why.clone(), at(2));
        assert_eq!((record.state(), &record.certificate.previous_state), (DeleteFailed, &Some(Deleting)));
        assert_eq!(record.certificate.previous_state_transition_time, Some(at(1)));
        assert_eq!(record.certificate.delete_certificate_error, Some(why));
        record.cancel_deletion(at(3)).unwrap();
        assert_eq!((record.state(), record.certificate.delete_certificate_error), (Active, None));
    }

    #[test]
    fn only_what_is_asked_for_in_its_time_is_done() {
        assert_eq!(certificate(&Deleting).delete(at(1)), Err(ErrorCode::CERTIFICATE_BEING_DELETED));
        assert_eq!(certificate(&DeleteFailed).delete(at(1)), Ok(()));
        assert_eq!(certificate(&Deleting).cancel_deletion(at(1)), Err(ErrorCode::CERTIFICATE_BEING_DELETED));
        assert_eq!(certificate(&Active).cancel_deletion(at(1)), Err(ErrorCode::CERTIFICATE_STATE_ACTIVE));
    }
}
