//! The name of an image, as for `docker pull`.

use std::fmt;
use std::str::FromStr;

/// The registry of names without one.
pub const DOCKER_HUB: &str = "docker.io";

/// The name of an image in its full form: `docker.io/library/busybox:latest` for `busybox`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why a text is no name of an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the name of an image: {reason}")]
pub struct InvalidImageReference {
    text: String,
    reason: &'static str,
}

impl ImageReference {
    /// The registry's host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name in its registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag: `latest` unless the name has a tag or a digest.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if the name has one.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The name with its registry, without tag and digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageReference {
    type Err = InvalidImageReference;

    fn from_str(text: &str) -> Result<Self, InvalidImageReference> {
        parse(text).map_err(|reason| InvalidImageReference { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<ImageReference, &'static str> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => {
            (rest, Some(checked(digest, is_digest, "its digest is not `sha256:` and 64 hex digits")?))
        }
        None => (text, None),
    };
    // A colon belongs to the tag only behind the last slash; before it, it belongs to the registry's port.
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => {
            (path, Some(checked(tag, is_tag, "its tag is not valid")?))
        }
        _ => (rest, None),
    };
    let (registry, repository) = match path.split_once('/') {
        Some((first, repository)) if is_host(first) => (server_name(first), repository.to_owned()),
        _ => (DOCKER_HUB.to_owned(), path.to_owned()),
    };
    let repository = match repository.contains('/') || registry != DOCKER_HUB {
        true => repository,
        false => format!("library/{repository}"),
    };
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        return Err("it must be lower-case");
    }
    let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
    Ok(ImageReference {
        registry,
        repository: checked(
            &repository,
            is_repository,
            "a part of it is empty or holds a character that names don't have",
        )?,
        tag,
        digest,
    })
}

/// The host and port of a registry as people write it: without scheme, path and case, and one name for Docker Hub.
pub fn server_name(server: &str) -> String {
    let lower = server.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    match bare.split('/').next().unwrap_or_default() {
        "" | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" | "hub.docker.com" => {
            DOCKER_HUB.to_owned()
        }
        host => host.to_owned(),
    }
}

fn checked(text: &str, is_valid: fn(&str) -> bool, reason: &'static str) -> Result<String, &'static str> {
    if is_valid(text) { Ok(text.to_owned()) } else { Err(reason) }
}

fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':'])
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        !part.is_empty()
            && part.chars().all(is_inner)
            && !part.starts_with(['.', '_', '-'])
            && !part.ends_with(['.', '_', '-'])
    };
    text.len() <= 255 && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full(text: &str) -> String {
        text.parse::<ImageReference>().unwrap().to_string()
    }

    #[test]
    fn names_take_their_full_form() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(full("busybox"), "docker.io/library/busybox:latest");
        assert_eq!(full("tensorflow/tensorflow:latest-gpu"), "docker.io/tensorflow/tensorflow:latest-gpu");
        assert_eq!(full("index.docker.io/library/busybox:1"), "docker.io/library/busybox:1");
        assert_eq!(full("docker.io/busybox"), "docker.io/library/busybox:latest");
        assert_eq!(full("myRegistry.azurecr.io/team/app"), "myregistry.azurecr.io/team/app:latest");
        assert_eq!(full("127.0.0.1:5000/app"), "127.0.0.1:5000/app:latest");
        assert_eq!(full("localhost/app:2"), "localhost/app:2");
        assert_eq!(full(&format!("app@{digest}")), format!("docker.io/library/app@{digest}"));
        assert_eq!(full(&format!("a.b:5/app:1@{digest}")), format!("a.b:5/app:1@{digest}"));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "a part of it is empty"),
            ("Busybox", "lower-case"),
            ("busybox:", "tag"),
            ("busybox:a b", "tag"),
            ("a//b", "a part of it is empty"),
            ("busybox@sha256:123", "digest"),
            ("https://registry/app", "a part of it is empty"),
            ("-app", "a part of it"),
        ] {
            let error = text.parse::<ImageReference>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn servers_are_compared_by_host_and_port() {
        assert_eq!(server_name("https://MyRegistry.azurecr.io/"), "myregistry.azurecr.io");
        assert_eq!(server_name("https://index.docker.io/v1/"), "docker.io");
        assert_eq!(server_name(""), "docker.io");
        assert_eq!(server_name("127.0.0.1:5000"), "127.0.0.1:5000");
    }

    proptest! {
        #[test]
        fn a_full_form_is_its_own_full_form(text in "([a-z]{1,5}(\\.[a-z]{2}|:[0-9]{2})/)?[a-z]{1,5}(/[a-z]{1,3})?(:[a-z0-9]{1,4})?") {
            let once = full(&text);
            prop_assert_eq!(full(&once), once);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<ImageReference>();
        }
    }
}
