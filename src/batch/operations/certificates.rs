//! Operations on certificates, which are gone from the present version: the Key Vault extension of virtual machines took over.

use super::declare::operations;
use crate::batch::model::{BatchCertificate, BatchCertificateCreateOptions};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;

operations! {
    Certificate until V2024_07_01:

    /// Adds a certificate to the account.
    AddCertificate as "Certificate_Add": POST "/certificates" => 201 {
        /// The certificate.
        body certificate: BatchCertificateCreateOptions,
    }

    /// Lists the certificates of the account.
    ListCertificates as "Certificate_List": GET "/certificates" => 200 Page<BatchCertificate> {
        /// Filter, properties and page size.
        query query: ListQuery,
    }

    /// Reads a certificate.
    GetCertificate as "Certificate_Get": GET "/certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})" => 200 BatchCertificate {
        /// What the thumbprint is made with: `sha1`.
        path thumbprint_algorithm: String,
        /// The thumbprint.
        path thumbprint: String,
        /// Properties to return.
        query select: Select,
    }

    /// Deletes a certificate. One that a pool or a node has fails to be deleted, and says so.
    DeleteCertificate as "Certificate_Delete": DELETE "/certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})" => 202 {
        /// What the thumbprint is made with: `sha1`.
        path thumbprint_algorithm: String,
        /// The thumbprint.
        path thumbprint: String,
    }

    /// Goes on with a certificate that failed to be deleted.
    CancelCertificateDeletion as "Certificate_CancelDeletion": POST "/certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})/canceldelete" => 204 {
        /// What the thumbprint is made with: `sha1`.
        path thumbprint_algorithm: String,
        /// The thumbprint.
        path thumbprint: String,
    }
}
