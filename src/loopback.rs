//! Telling this machine from others.

use url::Url;

/// Whether `url` names this machine: one of its addresses, `localhost`, or a name below that (RFC 6761).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_in_every_spelling() {
        for url in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost:18080/x"] {
            assert!(is_loopback(&Url::parse(url).unwrap()), "{url}");
        }
        for url in ["https://a.westeurope.batch.azure.com", "http://10.0.0.1", "http://localhost.example.com"]
        {
            assert!(!is_loopback(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
