//! Certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::refusals::{invalid, missing};
use crate::batch::model::{
    BatchCertificateCreateOptions, BatchCertificateFormat, BatchCertificateReference,
    BatchCertificateVisibility, Confidential,
};
use crate::batch::{InvalidThumbprint, Thumbprint};
use crate::emulator::refusal::Refusal;

/// The most bytes of a certificate.
const MAX_DATA: usize = 10 * 1024;

/// A certificate that may be added.
#[derive(Debug)]
pub(crate) struct AdmittedCertificate {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) data: Confidential,
    pub(crate) format: BatchCertificateFormat,
    pub(crate) password: Option<Confidential>,
    /// Its public part in base64, if it can be read.
    pub(crate) public_data: Option<String>,
}

/// Checks a certificate that is to be added. A PFX is not opened.
pub(crate) fn certificate(options: BatchCertificateCreateOptions) -> Result<AdmittedCertificate, Refusal> {
    let BatchCertificateCreateOptions {
        thumbprint,
        thumbprint_algorithm,
        data,
        certificate_format,
        password,
    } = options;
    let thumbprint = self::thumbprint("", &thumbprint_algorithm, &thumbprint)?;
    let bytes = bytes(&data)?;
    let format = certificate_format.unwrap_or(BatchCertificateFormat::Pfx);
    let public_data = match &format {
        BatchCertificateFormat::Pfx => None,
        BatchCertificateFormat::Cer if password.is_some() => {
            return Err(invalid(
                "password",
                "…",
                "a certificate of format cer has no key that a password would protect",
            ));
        }
        BatchCertificateFormat::Cer => Some(public_data(&bytes, &thumbprint)?),
        BatchCertificateFormat::Other(other) => {
            return Err(invalid("certificateFormat", other, "expected pfx or cer"));
        }
    };
    Ok(AdmittedCertificate { thumbprint, data, format, password, public_data })
}

/// Checks which certificates the nodes of a pool are to have.
pub(super) fn certificate_references(references: &[BatchCertificateReference]) -> Result<(), Refusal> {
    for reference in references {
        thumbprint("certificateReferences.", &reference.thumbprint_algorithm, &reference.thumbprint)?;
        let others = reference.visibility.iter().flatten();
        for visibility in others {
            if let BatchCertificateVisibility::Other(other) = visibility {
                let property = "certificateReferences.visibility";
                return Err(invalid(property, other, "expected starttask, task or remoteuser"));
            }
        }
    }
    Ok(())
}

fn thumbprint(place: &str, algorithm: &str, digits: &str) -> Result<Thumbprint, Refusal> {
    Thumbprint::parse(algorithm, digits).map_err(|error| {
        let (name, value) = match &error {
            InvalidThumbprint::Algorithm(algorithm) => ("thumbprintAlgorithm", algorithm),
            InvalidThumbprint::Digits(digits) => ("thumbprint", digits),
        };
        invalid(&format!("{place}{name}"), value, &error.to_string())
    })
}

fn bytes(data: &Confidential) -> Result<Vec<u8>, Refusal> {
    let text = data.expose().unwrap_or_default().trim();
    if text.is_empty() {
        return Err(missing("data"));
    }
    let bytes = STANDARD.decode(text).map_err(|_| invalid("data", "…", "that is not base64"))?;
    if bytes.len() > MAX_DATA {
        return Err(invalid("data", format!("{} bytes", bytes.len()), "a certificate has at most 10 KiB"));
    }
    Ok(bytes)
}

/// The certificate itself in base64. That its thumbprint is the one that was named shows that it is whole.
fn public_data(bytes: &[u8], thumbprint: &Thumbprint) -> Result<String, Refusal> {
    let from_pem = CertificateDer::from_pem_slice(bytes).ok();
    let der = from_pem.as_ref().map_or(bytes, |der| der.as_ref());
    let found: String =
        digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != thumbprint.as_str() {
        let reason = format!("the thumbprint of the data is {found}");
        return Err(invalid("thumbprint", thumbprint, &reason));
    }
    Ok(STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(more: Value) -> Result<AdmittedCertificate, Refusal> {
        // What is digested is not looked into.
        let mut body = json!({"thumbprint": "A9 99 3E 36 47 06 81 6A BA 3E 25 71 78 50 C2 6C 9C D0 D8 9D",
            "thumbprintAlgorithm": "sha1", "data": STANDARD.encode("abc"), "certificateFormat": "cer"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        certificate(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn a_certificate_has_the_thumbprint_that_it_is_added_under() {
        let admitted = check(json!({})).unwrap();
        assert_eq!(admitted.thumbprint.as_str(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(admitted.public_data, Some(STANDARD.encode("abc")));
        let pem =
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode("abc"));
        assert_eq!(
            check(json!({"data": STANDARD.encode(pem)})).unwrap().public_data,
            Some(STANDARD.encode("abc"))
        );
        let sealed = check(json!({"certificateFormat": "pfx", "thumbprint": "ab", "password": "p"})).unwrap();
        assert_eq!((sealed.public_data, sealed.password), (None, Some(Confidential::value("p"))));
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_property() {
        for (more, property) in [
            (json!({"thumbprint": "ab"}), "thumbprint"),
            (json!({"thumbprint": "no digits"}), "thumbprint"),
            (json!({"thumbprintAlgorithm": "md5"}), "thumbprintAlgorithm"),
            (json!({"data": ""}), "data"),
            (json!({"data": "!"}), "data"),
            (json!({"data": STANDARD.encode(vec![0; MAX_DATA + 1])}), "data"),
            (json!({"data": {"$secret": {"env": "HOME"}}}), "data"),
            (json!({"password": "p"}), "password"),
            (json!({"certificateFormat": "pem"}), "certificateFormat"),
        ] {
            let refusal = check(more.clone()).unwrap_err();
            assert_eq!((refusal.status, refusal.detail("PropertyName")), (400, Some(property)), "{more}");
        }
    }
}
