//! Image names, as people write them: `python:3.12`, `127.0.0.1:5000/team/tool@sha256:…`.

use oci_client::Reference;

use crate::node::runtime::RuntimeError;

/// An image's name with everything that was left out filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageName {
    /// As it was written, for messages.
    pub(super) written: String,
    /// Complete: `docker.io/library/python:3.12`.
    pub(super) reference: Reference,
}

impl ImageName {
    /// Understands a name.
    pub(super) fn parse(written: &str) -> Result<Self, RuntimeError> {
        let invalid = |reason: String| RuntimeError::InvalidImage { image: written.to_owned(), reason };
        let reference: Reference = written.parse().map_err(|error: oci_client::ParseError| {
            invalid(format!("{error}; a name looks like `registry.example.com:5000/team/tool:1.0`"))
        })?;
        // The parser takes `Team/tool` for a repository of Docker Hub, whose names have no capitals.
        if reference.repository().contains(|c: char| c.is_ascii_uppercase()) {
            return Err(invalid("the name of a repository has no capital letters".to_owned()));
        }
        Ok(Self { written: written.to_owned(), reference })
    }

    /// The registry's host and port.
    pub(super) fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// The name under which the store knows the image. A digest says more than a tag, so it wins.
    pub(super) fn key(&self) -> String {
        match self.reference.digest() {
            Some(digest) => {
                format!("{}/{}@{digest}", self.reference.registry(), self.reference.repository())
            }
            None => self.reference.whole(),
        }
    }

    /// Whether the registry is on this machine, and so spoken to without TLS, as Docker does.
    pub(super) fn is_loopback(&self) -> bool {
        let registry = self.reference.resolve_registry();
        let host = match registry.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => registry,
        };
        host == "localhost"
            || host == "[::1]"
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_docker_does() {
        for (written, key) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("batchyard/hello", "docker.io/batchyard/hello:latest"),
            ("docker.io/python:3.12", "docker.io/library/python:3.12"),
            ("127.0.0.1:5055/a/b:1", "127.0.0.1:5055/a/b:1"),
            ("my.azurecr.io/tool", "my.azurecr.io/tool:latest"),
        ] {
            assert_eq!(ImageName::parse(written).unwrap().key(), key);
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        let name = ImageName::parse(&format!("python:3.12@{digest}")).unwrap();
        assert_eq!(name.key(), format!("docker.io/library/python@{digest}"));
    }

    #[test]
    fn bad_names_are_refused_with_an_example() {
        for bad in ["", "UPPER/case", "a b", "img:tag:tag", "img@sha256:12"] {
            let error = ImageName::parse(bad).unwrap_err();
            assert!(matches!(error, RuntimeError::InvalidImage { .. }), "{bad}: {error}");
        }
    }

    #[test]
    fn only_loopback_registries_go_without_tls() {
        for (written, expected) in [
            ("localhost:5000/a", true),
            ("localhost/a", true),
            ("127.0.0.1:5000/a", true),
            ("127.1.2.3/a", true),
            ("10.0.0.1:5000/a", false),
            ("localhost.example.com/a", false),
            ("127.0.0.1.example.com/a", false),
            ("python", false),
        ] {
            assert_eq!(ImageName::parse(written).unwrap().is_loopback(), expected, "{written}");
        }
    }
}
