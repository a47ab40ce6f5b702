//! What a blob is told to be, by the headers of its upload.

use std::collections::{BTreeMap, HashMap};

use azure_storage_blob::models::AccessTier;

/// What headers set, by their names in the REST reference ("Put Blob").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlobHeaders {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) tags: Option<String>,
    tier: Option<String>,
    metadata: BTreeMap<String, String>,
}

/// What metadata begins with.
const METADATA: &str = "x-ms-meta-";
/// All headers that are taken, as they are told to users.
const TAKEN: &str = "x-ms-blob-content-type, -encoding, -language, -disposition, x-ms-blob-cache-control, x-ms-tags, \
                     x-ms-access-tier, x-ms-meta-…";

/// A header that no blob is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobHeaderError {
    /// Uploads don't send a header of this name.
    #[error("no blob is uploaded with this header; these are: {TAKEN}")]
    Unknown,
    /// No header has such a value.
    #[error("the value of a header has printable characters only, of ASCII")]
    Value,
}

impl BlobHeaders {
    /// Takes one more header.
    ///
    /// # Errors
    /// When uploads have no such header.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BlobHeaderError> {
        if value.chars().any(|c| c != '\t' && !(' '..='~').contains(&c)) {
            return Err(BlobHeaderError::Value);
        }
        let name = name.to_ascii_lowercase();
        let place = match name.as_str() {
            "content-type" | "x-ms-blob-content-type" => &mut self.content_type,
            "content-encoding" | "x-ms-blob-content-encoding" => &mut self.content_encoding,
            "content-language" | "x-ms-blob-content-language" => &mut self.content_language,
            "content-disposition" | "x-ms-blob-content-disposition" => &mut self.content_disposition,
            "cache-control" | "x-ms-blob-cache-control" => &mut self.cache_control,
            "x-ms-tags" => &mut self.tags,
            "x-ms-access-tier" => &mut self.tier,
            // It says what uploads are anyway.
            "x-ms-blob-type" if value.eq_ignore_ascii_case("BlockBlob") => return Ok(()),
            _ => {
                let key = name.strip_prefix(METADATA).filter(|key| is_identifier(key));
                let key = key.ok_or(BlobHeaderError::Unknown)?;
                self.metadata.insert(key.to_owned(), value.to_owned());
                return Ok(());
            }
        };
        *place = Some(value.to_owned());
        Ok(())
    }

    pub(super) fn metadata(&self) -> Option<HashMap<String, String>> {
        let pairs = || self.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        (!self.metadata.is_empty()).then(pairs)
    }

    pub(super) fn tier(&self) -> Option<AccessTier> {
        self.tier.as_deref()?.parse().ok()
    }
}

/// Names of metadata are those of C#. Source: REST reference, "Setting and retrieving properties and metadata".
fn is_identifier(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_by_name_in_any_case_and_others_are_refused() {
        let mut headers = BlobHeaders::default();
        for (name, value) in [
            ("X-MS-Blob-Content-Type", "application/json"),
            ("Cache-Control", "no-cache"),
            ("x-ms-meta-Run", "7"),
            ("x-ms-access-tier", "Cool"),
            ("x-ms-blob-type", "BlockBlob"),
        ] {
            headers.set(name, value).unwrap();
        }
        assert_eq!(headers.content_type.as_deref(), Some("application/json"));
        assert_eq!(headers.cache_control.as_deref(), Some("no-cache"));
        assert_eq!(headers.metadata().unwrap()["run"], "7");
        assert!(headers.tier().is_some());
        for name in
            ["authorization", "host", "x-ms-blob-type", "x-ms-meta-", "x-ms-meta-a b", "x-ms-lease-id"]
        {
            assert_eq!(headers.set(name, "PageBlob"), Err(BlobHeaderError::Unknown), "{name}");
        }
        assert_eq!(headers.set("x-ms-meta-a", "b\r\nc: d"), Err(BlobHeaderError::Value));
    }
}
