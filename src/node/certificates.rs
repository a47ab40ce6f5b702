//! The certificates that tasks find in files.
//!
//! As on Linux nodes of the service: `AZ_BATCH_CERTIFICATES_DIR` holds `sha1-<thumbprint>.pfx` with the password in
//! `sha1-<thumbprint>.pfx.pw`, or `sha1-<thumbprint>.cer`. Only the task's user can read them.

use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::{Gid, Mode, OFlags, Uid};

use crate::batch::model::{BatchCertificateFormat, Confidential};
use crate::batch::{THUMBPRINT_ALGORITHM, Thumbprint};
use crate::node::account::Account;
use crate::node::plain_path;

/// A certificate that the tasks of a node find.
#[derive(Debug, Clone)]
pub struct NodeCertificate {
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// What the data is.
    pub format: BatchCertificateFormat,
    /// The certificate in base64, with its key if it has one.
    pub data: Confidential,
    /// What opens a PFX.
    pub password: Option<Confidential>,
}

/// Puts the certificates of a task into `folder`, in the place of what is there, and hands them to the task's user.
pub(super) fn install(
    certificates: &[NodeCertificate],
    folder: &Path,
    owner: Option<Account>,
) -> io::Result<()> {
    plain_path::remove(folder)?;
    if certificates.is_empty() {
        return Ok(());
    }
    plain_path::make_folders(folder)?;
    plain_path::close_to_others(folder)?;
    for certificate in certificates {
        let NodeCertificate { thumbprint, format, data, password } = certificate;
        let name = format!("{THUMBPRINT_ALGORITHM}-{thumbprint}.{}", format.as_str());
        let bytes = STANDARD.decode(data.expose().unwrap_or_default().trim()).map_err(io::Error::other)?;
        write(&folder.join(&name), &bytes, owner)?;
        if *format == BatchCertificateFormat::Pfx {
            let password = password.as_ref().and_then(Confidential::expose).unwrap_or_default();
            write(&folder.join(format!("{name}.pw")), password.as_bytes(), owner)?;
        }
    }
    match owner {
        Some(owner) => plain_path::give(folder, owner.uid, owner.gid),
        None => Ok(()),
    }
}

fn write(path: &Path, content: &[u8], owner: Option<Account>) -> io::Result<()> {
    let mut file = plain_path::open_to_write(path, OFlags::TRUNC)?;
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    if let Some(owner) = owner {
        rustix::fs::fchown(&file, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid)))?;
    }
    file.write_all(content)
}
