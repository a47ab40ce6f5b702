//! `emulator`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

/// Arguments of `emulator`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard emulator\n  batchyard emulator --listen 127.0.0.1:0 --format json\n  batchyard emulator --data ./account --runtime simulated\n  batchyard emulator --throttle 20\n  batchyard emulator --tls\n  batchyard emulator --listen 0.0.0.0:10100 --tls-cert chain.pem --tls-key key.pem --key-file account.key\n  batchyard emulator --tls --test-issuer issuer.json\n\nPoint any Azure Batch SDK at the endpoint, with the account and the key that are printed."
)]
pub(in crate::cli) struct EmulatorArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10100")]
    pub listen: std::net::SocketAddr,
    /// Name of the account that is served
    #[arg(long, value_name = "NAME", default_value = crate::batch::auth::DEVELOPMENT_ACCOUNT)]
    pub account_name: String,
    /// File with the account's key, base64 [default: the published development key]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Serve over https, with a certificate for localhost, 127.0.0.1 and ::1 that is made at the first start and kept in the data
    /// folder; its path is printed, so that clients can be told to trust it
    #[arg(long)]
    pub tls: bool,
    /// Serve over https with this certificate: PEM, the server's first, then those that it is signed by
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key: PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// For tests: take bearer tokens of this issuer, a JSON Web Key Set with the issuer's name in `issuer` [default: refuse
    /// bearer tokens]
    #[arg(long, value_name = "FILE")]
    pub test_issuer: Option<PathBuf>,
    /// Answer this many requests a second, and refuse more with 429 and Retry-After [default: answer all]
    #[arg(long, value_name = "REQUESTS")]
    pub throttle: Option<NonZeroU32>,
}
