//! The certificate of an emulator that was given none: made here, kept in the data folder, made anew before it expires.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::identity::{Tls, TlsError};

/// How long a certificate holds. Some clients take none that hold for longer than 397 days.
const VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How long before its end it is made anew.
const RENEWAL: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long before now it begins: clocks differ.
const EARLIER: SignedDuration = SignedDuration::from_hours(24);

/// The names of this machine for itself.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const FOLDER: &str = "tls";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A certificate that nobody but itself vouches for: clients have to be told to trust it.
#[derive(Debug, Clone)]
pub struct SelfSigned {
    /// What it serves with.
    pub tls: Tls,
    /// The file of the certificate, for clients to trust.
    pub certificate: PathBuf,
    /// Whether it was made just now, so that clients have to be told anew.
    pub is_new: bool,
}

impl SelfSigned {
    /// The certificate in the data folder `data`, which holds for `localhost`, `127.0.0.1`, `::1` and `address`; made if there is
    /// none, and made anew if it is not good for a month from `now`. Only the holder of the data folder may call this.
    ///
    /// # Errors
    /// When it can't be made or stored.
    pub fn of_folder(data: &Path, address: IpAddr, now: Timestamp) -> Result<Self, TlsError> {
        let folder = data.join(FOLDER);
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        let mut names = NAMES.map(str::to_owned).to_vec();
        if !address.is_unspecified() && !names.contains(&address.to_string()) {
            names.push(address.to_string());
        }
        // One that can't be read, or whose key is lost, is as good as none.
        if let Ok(tls) = Tls::from_files(&certificate, &key)
            && is_good(tls.certificate(), &names, now + RENEWAL)
        {
            return Ok(Self { tls, certificate, is_new: false });
        }
        let (certificate_text, key_text) = make(names, now)?;
        let store = |path: &Path, text: &str, mode| write(path, text, mode);
        let stored = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .and_then(|()| store(&key, &key_text, 0o600))
            .and_then(|()| store(&certificate, &certificate_text, 0o644));
        stored.map_err(|source| TlsError::Store { folder, source })?;
        Ok(Self { tls: Tls::from_files(&certificate, &key)?, certificate, is_new: true })
    }
}

/// Whether a client that trusts the certificate takes it for a server of each of these names at that time.
fn is_good(certificate: &CertificateDer<'static>, names: &[String], at: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone()).is_err() {
        return false;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() else {
        return false;
    };
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at.as_second().unsigned_abs()));
    names.iter().all(|name| {
        let name = ServerName::try_from(name.as_str());
        name.is_ok_and(|name| verifier.verify_server_cert(certificate, &[], &name, &[], at).is_ok())
    })
}

/// A certificate and its key, in PEM.
fn make(names: Vec<String>, now: Timestamp) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "Batchyard emulator");
    params.distinguished_name = subject;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let day = |time: Timestamp| {
        let day = time.to_zoned(TimeZone::UTC).date();
        rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    params.not_before = day(now - EARLIER);
    params.not_after = day(now + VALIDITY);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Writes a file whole or not at all, with this mode from its first byte on.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let draft = path.with_extension("new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(24 * number)
    }

    #[test]
    fn it_survives_restarts_and_is_made_anew_a_month_before_its_end() {
        let data = tempfile::tempdir().unwrap();
        let made = |day| SelfSigned::of_folder(data.path(), HERE, day).unwrap();
        let first = made(day(0));
        assert!(first.is_new);
        let again = made(day(300));
        assert!(!again.is_new && again.tls.certificate() == first.tls.certificate());
        let renewed = made(day(340));
        assert!(renewed.is_new && renewed.tls.certificate() != first.tls.certificate());
        assert!(!made(day(341)).is_new);
    }

    #[test]
    fn its_key_is_its_owners_alone() {
        let data = tempfile::tempdir().unwrap();
        SelfSigned::of_folder(data.path(), HERE, day(0)).unwrap();
        let mode =
            |path: &str| std::fs::metadata(data.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("tls"), mode("tls/key.pem")), (0o700, 0o600));
    }

    #[test]
    fn it_holds_for_this_machine_and_the_address_that_is_listened_on() {
        let data = tempfile::tempdir().unwrap();
        let made =
            |address: &str| SelfSigned::of_folder(data.path(), address.parse().unwrap(), day(0)).unwrap();
        let certificate = made("127.0.0.1").tls.certificate().clone();
        for name in NAMES {
            assert!(is_good(&certificate, &[name.to_owned()], day(1)), "{name}");
        }
        assert!(!is_good(&certificate, &["example.com".to_owned()], day(1)));
        assert!(!is_good(&certificate, &["localhost".to_owned()], day(400)));
        assert!(made("10.1.2.3").is_new, "another address needs another certificate");
        assert!(!made("0.0.0.0").is_new, "all addresses are none in particular");
    }

    #[test]
    fn one_that_is_damaged_is_made_anew() {
        let data = tempfile::tempdir().unwrap();
        SelfSigned::of_folder(data.path(), HERE, day(0)).unwrap();
        std::fs::write(data.path().join("tls/key.pem"), "").unwrap();
        assert!(SelfSigned::of_folder(data.path(), HERE, day(0)).unwrap().is_new);
    }
}
