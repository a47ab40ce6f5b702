//! TLS: the certificate that the emulator shows, given by the user or made here.

mod identity;
mod self_signed;

pub use identity::{Tls, TlsError};
pub use self_signed::{SelfSigned, certificate_names, is_certifiable};
