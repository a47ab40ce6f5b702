//! The certificate of an emulator that was given none: made here, kept in the data folder, made anew before it expires.

use std::fs::Metadata;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
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
    /// The certificate in the data folder `data`, which holds for these names and addresses; made if there is none, and made anew if it is not good for a month from `now`. Only the holder of the data folder may call this.
    ///
    /// # Errors
    /// When it can't be made or stored, or what is stored is not this user's alone.
    pub fn of_folder(data: &Path, names: &[String], now: Timestamp) -> Result<Self, TlsError> {
        let folder = data.join(FOLDER);
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        refuse_what_others_can_change(&folder, Metadata::is_dir, 0o022)?;
        refuse_what_others_can_change(&certificate, Metadata::is_file, 0o022)?;
        refuse_what_others_can_change(&key, Metadata::is_file, 0o077)?;
        // One that can't be read, or whose key is lost, is as good as none.
        if let Ok(tls) = Tls::from_files(&certificate, &key)
            && is_good(tls.certificate(), names, now + RENEWAL)
        {
            return Ok(Self { tls, certificate, is_new: false });
        }
        let (certificate_text, key_text) = make(names.to_vec(), now)?;
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

/// The names that a server at `address` is called by: those of this machine for itself, and the address. At all addresses, other
/// machines call it by its host name, or by the address from which it speaks to them.
pub fn certificate_names(address: IpAddr) -> Vec<String> {
    let mut names = NAMES.map(str::to_owned).to_vec();
    let mut add = |name: String| {
        if is_certifiable(&name) && !names.contains(&name) {
            names.push(name);
        }
    };
    if address.is_unspecified() {
        add(rustix::system::uname().nodename().to_string_lossy().to_lowercase());
        outward_addresses().for_each(|address| add(address.to_string()));
    } else {
        add(address.to_string());
    }
    names
}

/// Whether a certificate can hold for that name or address.
pub fn is_certifiable(name: &str) -> bool {
    ServerName::try_from(name).is_ok() && !name.ends_with('.') && name.is_ascii()
}

/// The addresses from which this machine speaks to others. Nothing is sent to find out: for UDP, to connect is to choose a route. The
/// other ends are of the ranges for documentation (RFC 5737, RFC 3849).
fn outward_addresses() -> impl Iterator<Item = IpAddr> {
    let [v4, v6] = [
        (IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv4Addr::new(192, 0, 2, 1))),
        (IpAddr::from(Ipv6Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
    ];
    let toward = |(own, other): (IpAddr, IpAddr)| {
        let socket = UdpSocket::bind((own, 0))?;
        socket.connect((other, 9))?;
        socket.local_addr().map(|address| address.ip())
    };
    [v4, v6].into_iter().filter_map(move |ends| toward(ends).ok())
}

/// Refuses a file or folder that is a link, that somebody else owns, or to whom others have one of the `forbidden` rights: with it,
/// they could read the key or put one of theirs in its place. What is not there is nobody's.
fn refuse_what_others_can_change(
    path: &Path,
    is_of_kind: fn(&Metadata) -> bool,
    forbidden: u32,
) -> Result<(), TlsError> {
    let untrusted = |reason| Err(TlsError::Untrusted { path: path.to_owned(), reason });
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(TlsError::Store { folder: path.to_owned(), source }),
    };
    if metadata.is_symlink() {
        return untrusted("it is a symbolic link");
    }
    if !is_of_kind(&metadata) {
        return untrusted("it is something else than the emulator puts there");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return untrusted("it belongs to another user");
    }
    if metadata.mode() & forbidden != 0 {
        return untrusted("its permissions let other users at it");
    }
    Ok(())
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
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn here() -> Vec<String> {
        certificate_names(Ipv4Addr::LOCALHOST.into())
    }

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(24 * number)
    }

    #[test]
    fn it_survives_restarts_and_is_made_anew_a_month_before_its_end() {
        let data = tempfile::tempdir().unwrap();
        let made = |day| SelfSigned::of_folder(data.path(), &here(), day).unwrap();
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
        SelfSigned::of_folder(data.path(), &here(), day(0)).unwrap();
        let mode =
            |path: &str| std::fs::metadata(data.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("tls"), mode("tls/key.pem")), (0o700, 0o600));
    }

    #[test]
    fn it_holds_for_this_machine_and_the_address_that_is_listened_on() {
        let data = tempfile::tempdir().unwrap();
        let made = |address: &str| {
            SelfSigned::of_folder(data.path(), &certificate_names(address.parse().unwrap()), day(0)).unwrap()
        };
        let certificate = made("127.0.0.1").tls.certificate().clone();
        for name in NAMES {
            assert!(is_good(&certificate, &[name.to_owned()], day(1)), "{name}");
        }
        assert!(!is_good(&certificate, &["example.com".to_owned()], day(1)));
        assert!(!is_good(&certificate, &["localhost".to_owned()], day(400)));
        assert!(made("10.1.2.3").is_new, "another address needs another certificate");
        let own = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
        if is_certifiable(&own) {
            assert!(is_good(made("0.0.0.0").tls.certificate(), &[own], day(1)));
        }
        assert!(!made("0.0.0.0").is_new, "it holds for all of this machine's names");
    }

    #[test]
    fn names_that_no_client_could_verify_are_none() {
        for name in ["build", "build.example", "10.1.2.3", "fe80::1"] {
            assert!(is_certifiable(name), "{name}");
        }
        for name in ["", "a b", "*.example", "build.example.", "é.example", "10.1.2.3:80", "a/b"] {
            assert!(!is_certifiable(name), "{name}");
        }
    }

    #[test]
    fn a_key_that_others_may_know_is_refused_and_left_alone() {
        let refused = |spoil: &dyn Fn(&Path), culprit: &str| {
            let data = tempfile::tempdir().unwrap();
            SelfSigned::of_folder(data.path(), &here(), day(0)).unwrap();
            spoil(data.path());
            let error = SelfSigned::of_folder(data.path(), &here(), day(0)).unwrap_err();
            assert!(matches!(&error, TlsError::Untrusted { path, .. } if path.ends_with(culprit)), "{error}");
            assert!(error.hint().unwrap().contains("remove"));
        };
        let allow = |path: &'static str, mode| {
            move |data: &Path| {
                std::fs::set_permissions(data.join(path), std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        let link = |path: &'static str| {
            move |data: &Path| {
                std::fs::rename(data.join(path), data.join("elsewhere")).unwrap();
                std::os::unix::fs::symlink(data.join("elsewhere"), data.join(path)).unwrap();
            }
        };
        refused(&allow("tls/key.pem", 0o666), "tls/key.pem");
        refused(&allow("tls/key.pem", 0o640), "tls/key.pem");
        refused(&allow("tls/certificate.pem", 0o664), "tls/certificate.pem");
        refused(&allow("tls", 0o777), "tls");
        for path in ["tls", "tls/key.pem", "tls/certificate.pem"] {
            refused(&link(path), path);
        }
        if rustix::process::geteuid().is_root() {
            let give_away =
                |data: &Path| std::os::unix::fs::chown(data.join("tls/key.pem"), Some(12_345), None).unwrap();
            refused(&give_away, "tls/key.pem");
        }
    }

    #[test]
    fn one_that_is_damaged_is_made_anew() {
        let data = tempfile::tempdir().unwrap();
        SelfSigned::of_folder(data.path(), &here(), day(0)).unwrap();
        std::fs::write(data.path().join("tls/key.pem"), "").unwrap();
        assert!(SelfSigned::of_folder(data.path(), &here(), day(0)).unwrap().is_new);
    }
}
