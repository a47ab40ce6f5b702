//! What an operation of the REST API is: a value that knows its route, its query, its body and its answer.

use std::fmt::Write as _;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Conditions;

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
}

impl OperationSpec {
    /// The family in the REST reference, for example `Pools`.
    pub fn family(&self) -> &'static str {
        self.name.split_once('_').map_or(self.name, |(family, _)| family)
    }

    /// The path with its placeholders filled in, percent-encoded: a slash inside a file's path becomes `%2F`.
    pub fn render_path(&self, parameters: &[&str]) -> String {
        let mut parameters = parameters.iter();
        let mut path = String::new();
        for segment in self.path.split('/').skip(1) {
            path.push('/');
            if segment.starts_with('{') {
                // That there are as many values as placeholders is checked where operations are declared.
                let value = parameters.next().copied().unwrap_or_default();
                let _ = write!(path, "{}", utf8_percent_encode(value, SEGMENT));
            } else {
                path.push_str(segment);
            }
        }
        path
    }

    /// The values of the placeholders in `segments`, if the path has this operation's shape. Fixed text matches without regard
    /// to case, as the service does; a segment may have some around its placeholder: `certificates({certificate})`.
    pub fn match_path<'a>(&self, segments: &[&'a str]) -> Option<Vec<&'a str>> {
        let template: Vec<&str> = self.path.split('/').skip(1).collect();
        if template.len() != segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (expected, &actual) in template.iter().zip(segments) {
            match placeholder(expected) {
                Some((before, after)) => values.push(between(actual, before, after)?),
                None if expected.eq_ignore_ascii_case(actual) => {}
                None => return None,
            }
        }
        Some(values)
    }
}

/// The fixed text around the placeholder of a segment.
fn placeholder(segment: &str) -> Option<(&str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    Some((before, rest.split_once('}')?.1))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.get(..before.len()).filter(|start| start.eq_ignore_ascii_case(before))?;
    let rest = text.get(start.len()..)?;
    rest.strip_suffix(after).filter(|value| before.is_empty() || !value.is_empty())
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
    };

    #[test]
    fn a_placeholder_may_stand_between_fixed_text() {
        let certificate = OperationSpec { path: "/certificates({certificate})", ..FILE };
        assert_eq!(certificate.match_path(&["Certificates(a=b)"]), Some(vec!["a=b"]));
        for other in ["certificates", "certificates()", "certificates(", "é"] {
            assert_eq!(certificate.match_path(&[other]), None, "{other}");
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
