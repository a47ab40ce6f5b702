//! Conditional requests: what their headers say, and whether it holds.

use super::refusal::Refusal;
use super::store::Version;
use crate::batch::{Conditions, DateTime, ETag, ErrorCode};

/// Reads the conditions of a request.
pub(crate) fn parse(header: impl Fn(&str) -> Option<String>) -> Result<Conditions, Refusal> {
    let time = |name: &str| {
        header(name)
            .map(|text| {
                DateTime::from_rfc1123(&text).ok_or_else(|| {
                    Refusal::new(ErrorCode::INVALID_HEADER_VALUE)
                        .with("HeaderName", name)
                        .with("HeaderValue", text)
                        .with("Reason", "expected a time such as Tue, 29 Jul 2014 21:49:13 GMT")
                })
            })
            .transpose()
    };
    let conditions = Conditions {
        if_match: header("If-Match").as_deref().map(ETag::new),
        if_none_match: header("If-None-Match").as_deref().map(ETag::new),
        if_modified_since: time("If-Modified-Since")?,
        if_unmodified_since: time("If-Unmodified-Since")?,
    };
    if conditions.headers().len() > 1 {
        return Err(ErrorCode::MULTIPLE_CONDITION_HEADERS_NOT_SUPPORTED.into());
    }
    Ok(conditions)
}

/// Whether an object of this version may be changed.
pub(crate) fn check_write(conditions: &Conditions, version: &Version) -> Result<(), ErrorCode> {
    if must_be_other(conditions, version) && may_be_this(conditions, version) {
        Ok(())
    } else {
        Err(ErrorCode::CONDITION_NOT_MET)
    }
}

/// Whether an object of this version is to be sent.
pub(crate) fn check_read(conditions: &Conditions, version: &Version) -> Result<(), ErrorCode> {
    if !may_be_this(conditions, version) {
        return Err(ErrorCode::CONDITION_NOT_MET);
    }
    if must_be_other(conditions, version) { Ok(()) } else { Err(ErrorCode::NOT_MODIFIED) }
}

fn may_be_this(conditions: &Conditions, version: &Version) -> bool {
    conditions.if_match.as_ref().is_none_or(|tag| tag.is_any() || *tag == version.e_tag)
        && conditions.if_unmodified_since.is_none_or(|time| seconds(version.last_modified) <= seconds(time))
}

fn must_be_other(conditions: &Conditions, version: &Version) -> bool {
    conditions.if_none_match.as_ref().is_none_or(|tag| !tag.is_any() && *tag != version.e_tag)
        && conditions.if_modified_since.is_none_or(|time| seconds(version.last_modified) > seconds(time))
}

/// Headers know no fractions of a second.
fn seconds(time: DateTime) -> i64 {
    time.0.as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "Tue, 29 Jul 2014 21:49:12 GMT";
    const SAME: &str = "Tue, 29 Jul 2014 21:49:13 GMT";

    fn version() -> Version {
        Version { e_tag: ETag::new("0x8D1"), last_modified: "2014-07-29T21:49:13.5Z".parse().unwrap() }
    }

    fn of(name: &str, value: &str) -> Conditions {
        parse(|asked| (asked == name).then(|| value.to_owned())).unwrap()
    }

    #[test]
    fn writes_want_the_version_they_were_made_for() {
        for (name, value, met) in [
            ("If-Match", "\"0x8D1\"", true),
            ("If-Match", "0x8D1", true),
            ("If-Match", "*", true),
            ("If-Match", "0x8D2", false),
            ("If-None-Match", "0x8D1", false),
            ("If-None-Match", "*", false),
            ("If-None-Match", "0x8D2", true),
            ("If-Unmodified-Since", SAME, true),
            ("If-Unmodified-Since", BEFORE, false),
            ("If-Modified-Since", BEFORE, true),
            ("If-Modified-Since", SAME, false),
        ] {
            assert_eq!(check_write(&of(name, value), &version()).is_ok(), met, "{name}: {value}");
        }
    }

    #[test]
    fn reads_tell_unchanged_from_not_as_expected() {
        assert_eq!(check_read(&of("If-None-Match", "\"0x8D1\""), &version()), Err(ErrorCode::NOT_MODIFIED));
        assert_eq!(check_read(&of("If-Modified-Since", SAME), &version()), Err(ErrorCode::NOT_MODIFIED));
        assert_eq!(check_read(&of("If-Match", "0x8D2"), &version()), Err(ErrorCode::CONDITION_NOT_MET));
        assert_eq!(check_read(&Conditions::default(), &version()), Ok(()));
    }

    #[test]
    fn one_kind_of_condition_is_enough() {
        let error = parse(|name| name.ends_with("Match").then(|| "0x8D1".to_owned())).unwrap_err();
        assert!(error.is(ErrorCode::MULTIPLE_CONDITION_HEADERS_NOT_SUPPORTED));
        let error = parse(|name| (name == "If-Modified-Since").then(|| "yesterday".to_owned())).unwrap_err();
        assert!(error.is(ErrorCode::INVALID_HEADER_VALUE));
    }
}
