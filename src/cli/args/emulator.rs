//! `emulator`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use crate::emulator::is_certifiable;
use crate::node::runtime::ImageBudget;

/// Arguments of `emulator`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard emulator\n  batchyard emulator --listen 127.0.0.1:0 --format json\n  batchyard emulator --data ./account --runtime simulated\n  batchyard emulator --throttle 20\n  batchyard emulator --faults faults.json\n  batchyard emulator --tls\n  batchyard emulator --listen 0.0.0.0:10100 --tls-cert chain.pem --tls-key key.pem --key-file account.key\n  batchyard emulator --tls --test-issuer issuer.json\n\nPoint any Azure Batch SDK at the endpoint, with the account and the key that are printed."
)]
pub(in crate::cli) struct EmulatorArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10100", value_parser = listen)]
    pub listen: SocketAddr,
    /// Name of the account that is served
    #[arg(long, value_name = "NAME", default_value = crate::batch::auth::DEVELOPMENT_ACCOUNT)]
    pub account_name: String,
    /// File with the account's key, base64 [default: the published development key]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Serve over https, with a certificate for localhost, 127.0.0.1 and ::1 that is made at the first start and kept in the data
    /// folder; its path is printed, so that clients can be told to trust it. It is for the address that is listened on, too, or for the
    /// host name and address of this machine where that is all addresses
    #[arg(long)]
    pub tls: bool,
    /// Another name or address that the certificate of --tls is for; may be repeated
    #[arg(long, value_name = "NAME", requires = "tls", value_parser = tls_name)]
    pub tls_name: Vec<String>,
    /// Serve over https with this certificate: PEM, the server's first, then those that it is signed by
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with_all = ["tls", "tls_name"])]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key: PEM, not encrypted
    // It conflicts itself, too: what conflicts with an argument that is there counts as not required.
    #[arg(long, value_name = "FILE", requires = "tls_cert", conflicts_with_all = ["tls", "tls_name"])]
    pub tls_key: Option<PathBuf>,
    /// For tests: take bearer tokens of this issuer, a JSON Web Key Set with the issuer's name in `issuer` [default: refuse
    /// bearer tokens]
    #[arg(long, value_name = "FILE")]
    pub test_issuer: Option<PathBuf>,
    /// Folder of application packages, <application>/<version>.zip; the file <application>/default names the version that is meant
    /// where none is named [default: $BATCHYARD_APPLICATIONS, else `applications` in the data folder]
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub applications: Option<PathBuf>,
    /// Answer this many requests a second, and refuse more with 429 and Retry-After [default: answer all]
    #[arg(long, value_name = "REQUESTS")]
    pub throttle: Option<NonZeroU32>,
    /// Folder whose folders stand in for the file systems that pools mount: DIR/nfs/HOST/PATH, DIR/cifs/HOST/SHARE,
    /// DIR/azure-files/HOST/SHARE, DIR/azure-blob/ACCOUNT/CONTAINER [default: `mounts` in the data folder]
    #[arg(long, value_name = "DIR")]
    pub mounts: Option<PathBuf>,
    /// For tests: what is to go wrong, as JSON; requests that are signed change it at /_emulator/faults [default: nothing]
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// How much of the disk the images of the `oci` runtime may take; those that were not used for longest make way for others
    /// [default: $BATCHYARD_IMAGE_DISK, else 50%]
    #[arg(long, value_name = "SIZE|PERCENT")]
    pub image_disk: Option<ImageBudget>,
}

/// An address with a port. Names are not looked up, as they may stand for several addresses.
fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse::<u16>().unwrap_or(10100);
        let example = match host.is_empty() || host.eq_ignore_ascii_case("localhost") {
            true => format!("127.0.0.1:{port}"),
            false => format!("127.0.0.1:{port}, [::1]:{port} or 0.0.0.0:{port}"),
        };
        format!("it takes an IP address and a port, such as {example}")
    })
}

/// A folder that is there: one that is mistyped would look like one without packages.
fn folder(text: &str) -> Result<PathBuf, String> {
    match std::fs::metadata(text) {
        Ok(metadata) if metadata.is_dir() => Ok(text.into()),
        Ok(_) => Err("it is no folder".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A name for a certificate.
fn tls_name(text: &str) -> Result<String, String> {
    match is_certifiable(text) {
        true => Ok(text.to_lowercase()),
        false => Err("it takes a host name or an IP address, such as build.example or 10.1.2.3".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_answered_with_one_that_is() {
        assert_eq!(listen("127.0.0.1:0"), Ok(SocketAddr::from(([127, 0, 0, 1], 0))));
        for (text, example) in [
            ("localhost:11150", "such as 127.0.0.1:11150"),
            ("11150", "such as 127.0.0.1:11150"),
            (":11150", "such as 127.0.0.1:11150"),
            ("localhost", "such as 127.0.0.1:10100"),
            ("build.example:11150", "or 0.0.0.0:11150"),
            ("127.0.0.1:99999", "or 0.0.0.0:10100"),
        ] {
            let error = listen(text).unwrap_err();
            assert!(error.ends_with(example), "{text}: {error}");
        }
    }
}
