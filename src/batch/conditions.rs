//! Entity tags and conditional requests.

use std::fmt;

use super::DateTime;

/// The version of an object, opaque and without quotes, for example `0x8D890AA7A5303E1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ETag(String);

impl ETag {
    /// Takes an entity tag as it stands in a header or a body: bare, quoted, or marked as weak.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self(text.strip_prefix("W/").unwrap_or(text).trim_matches('"').to_owned())
    }

    /// The tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as a header has it: in quotes, as RFC 9110 wants it, unless it is `*`.
    fn quoted(&self) -> String {
        if self.is_any() { self.0.clone() } else { format!("\"{}\"", self.0) }
    }

    /// Whether the tag is `*`: any version.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What must hold for a request to be carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Only if the object still has this version.
    pub if_match: Option<ETag>,
    /// Only if the object has another version.
    pub if_none_match: Option<ETag>,
    /// Only if it changed after this time.
    pub if_modified_since: Option<DateTime>,
    /// Only if it did not change after this time.
    pub if_unmodified_since: Option<DateTime>,
}

impl Conditions {
    /// Only if the object still has this version.
    pub fn if_match(etag: ETag) -> Self {
        Self { if_match: Some(etag), ..Self::default() }
    }

    /// The headers that say so.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        [
            ("if-match", self.if_match.as_ref().map(ETag::quoted)),
            ("if-none-match", self.if_none_match.as_ref().map(ETag::quoted)),
            ("if-modified-since", self.if_modified_since.map(DateTime::to_rfc1123)),
            ("if-unmodified-since", self.if_unmodified_since.map(DateTime::to_rfc1123)),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_are_compared_without_their_dress() {
        assert_eq!(ETag::new("\"0x8D\""), ETag::new("0x8D"));
        assert_eq!(ETag::new("W/\"0x8D\""), ETag::new("0x8D"));
        assert!(ETag::new("*").is_any());
    }

    #[test]
    fn entity_tags_are_sent_in_quotes() {
        let sent = |tag| Conditions::if_match(ETag::new(tag)).headers();
        assert_eq!(sent("0x8D"), [("if-match", "\"0x8D\"".to_owned())]);
        assert_eq!(sent("*"), [("if-match", "*".to_owned())]);
    }
}
