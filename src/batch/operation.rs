//! What an operation of the REST API is: a value that knows its route, its query, its body and its answer.

use std::fmt::Write as _;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ApiVersion, Conditions};

/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The fixed facts of an operation: the rows of the one table of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationSpec {
    /// The name in the REST reference, for example `Pools_GetPool`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path, with placeholders: `/pools/{poolId}`.
    pub path: &'static str,
    /// The status of success. The SDKs refuse any other.
    pub success: u16,
    /// The last version that has it, if the present one has it no more.
    pub until: Option<ApiVersion>,
}

impl OperationSpec {
    /// The family in the REST reference, for example `Pools`.
    pub fn family(&self) -> &'static str {
        self.name.split_once('_').map_or(self.name, |(family, _)| family)
    }

    /// The version that a client speaks to ask for it: the present one, or the last that has it.
    pub fn version(&self) -> ApiVersion {
        self.until.unwrap_or(ApiVersion::CURRENT)
    }

    /// What it is about: the last fixed segment of its path, without what stands in parentheses.
    pub fn subject(&self) -> &'static str {
        let fixed = self.path.rsplit('/').find(|segment| !segment.starts_with('{')).unwrap_or_default();
        fixed.split('(').next().unwrap_or_default()
    }

    /// The path with its placeholders filled in, percent-encoded: a slash inside a file's path becomes `%2F`.
    pub fn render_path(&self, parameters: &[&str]) -> String {
        let mut parameters = parameters.iter();
        let mut path = String::new();
        let mut rest = self.path;
        while let Some((before, _, after)) = placeholder(rest) {
            // That there are as many values as placeholders is checked where operations are declared.
            let value = parameters.next().copied().unwrap_or_default();
            let _ = write!(path, "{before}{}", utf8_percent_encode(value, SEGMENT));
            rest = after;
        }
        path.push_str(rest);
        path
    }

    /// The values of the placeholders in `segments`, if the path has this operation's shape. Fixed text matches without regard
    /// to case, as the service does; a segment may have some around its placeholders: `certificates(thumbprint={thumbprint})`.
    pub fn match_path<'a>(&self, segments: &[&'a str]) -> Option<Vec<&'a str>> {
        let template = self.path.split('/').skip(1);
        if template.clone().count() != segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (expected, &actual) in template.zip(segments) {
            match_segment(expected, actual, &mut values)?;
        }
        Some(values)
    }
}

/// Takes the values of the placeholders of `template` out of a segment.
fn match_segment<'a>(template: &str, actual: &'a str, values: &mut Vec<&'a str>) -> Option<()> {
    let Some((before, _, after)) = placeholder(template) else {
        return template.eq_ignore_ascii_case(actual).then_some(());
    };
    let start = actual.get(..before.len()).filter(|start| start.eq_ignore_ascii_case(before))?;
    let rest = actual.get(start.len()..)?;
    let next = placeholder(after).map_or(after, |(text, _, _)| text);
    let end = if next.is_empty() { rest.len() } else { find_ignoring_case(rest, next)? };
    let (value, rest) = rest.split_at_checked(end)?;
    // A segment that is nothing but its value may be empty; who reads the value says so.
    if value.is_empty() && !(before.is_empty() && after.is_empty()) {
        return None;
    }
    values.push(value);
    match_segment(after, rest, values)
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    text.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// The text before the first placeholder of a template, the placeholder's name, and the text after it.
fn placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// How many placeholders a path has.
pub(crate) const fn placeholders(path: &str) -> usize {
    let bytes = path.as_bytes();
    let (mut position, mut count) = (0, 0);
    while position < bytes.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop keeps it in range, and constant functions have no iterators"
        )]
        if bytes[position] == b'{' {
            count += 1;
        }
        position += 1;
    }
    count
}

/// Query parameters, in order.
pub type Query = Vec<(&'static str, String)>;

/// An operation of the REST API with its arguments: a plain value, sent by `client` and answered by `emulator`.
pub trait Operation {
    /// The fixed facts.
    const SPEC: OperationSpec;

    /// The body of a successful answer; [`Nothing`] where there is none.
    type Output: serde::de::DeserializeOwned;

    /// The values of the path's placeholders, in order.
    fn path_parameters(&self) -> Vec<&str>;

    /// Query parameters other than `api-version`.
    fn query(&self) -> Query {
        Query::new()
    }

    /// The JSON body, if there is one.
    ///
    /// # Errors
    /// When a value can't be written as JSON.
    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        Ok(None)
    }

    /// What must hold for the request to be carried out.
    fn conditions(&self) -> Conditions {
        Conditions::default()
    }

    /// Headers of this operation's own, for example `ocp-range`.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The output of operations whose answer has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Nothing;

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: OperationSpec = OperationSpec {
        name: "Tasks_GetTaskFile",
        method: Method::GET,
        path: "/jobs/{jobId}/tasks/{taskId}/files/{filePath}",
        success: 200,
        until: None,
    };

    #[test]
    fn placeholders_may_stand_between_fixed_text() {
        let certificate =
            OperationSpec { path: "/certificates(algorithm={a},thumbprint={t})/cancel", ..FILE };
        let found = certificate.match_path(&["Certificates(Algorithm=sha1,THUMBPRINT=ab)", "Cancel"]);
        assert_eq!(found, Some(vec!["sha1", "ab"]));
        assert_eq!(
            certificate.render_path(&["sha1", "a/b"]),
            "/certificates(algorithm=sha1,thumbprint=a%2Fb)/cancel"
        );
        assert_eq!(certificate.subject(), "cancel");
        for other in [
            "certificates",
            "certificates()",
            "certificates(",
            "certificates(algorithm=,thumbprint=ab)",
            "certificates(algorithm=sha1,thumbprint=)",
            "certificates(algorithm=sha1,thumbprint=ab",
            "certificates(algorithm=sha1,thumbprint=ab)x",
            "certificates(thumbprint=ab,algorithm=sha1)",
            "é",
        ] {
            assert_eq!(certificate.match_path(&[other, "cancel"]), None, "{other}");
        }
    }

    #[test]
    fn a_file_path_is_one_segment() {
        assert_eq!(
            FILE.render_path(&["j", "t", "wd/out dir/a.txt"]),
            "/jobs/j/tasks/t/files/wd%2Fout%20dir%2Fa.txt"
        );
        assert_eq!(
            FILE.match_path(&["JOBS", "j", "tasks", "t", "files", "wd/a"]),
            Some(vec!["j", "t", "wd/a"])
        );
        assert_eq!(FILE.match_path(&["jobs", "j", "tasks", "t", "files"]), None);
    }
}
