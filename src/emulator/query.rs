//! Lists: `$filter`, `$select`, `maxresults`, and where the next page is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::refusal::Refusal;
use super::store::{Column, ListPage, condition};
use crate::batch::ErrorCode;
use crate::batch::odata::{Filter, MAX_RESULTS, Select};

const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'$');

/// What a list is asked for.
#[derive(Debug, Clone)]
pub(crate) struct ListRequest {
    /// Which objects.
    pub(crate) filter: Option<Filter>,
    /// Which of their properties.
    pub(crate) select: Select,
    /// How many a page.
    pub(crate) limit: u32,
    /// The key of the last object of the page before.
    pub(crate) after: String,
}

impl ListRequest {
    /// Reads the query of a list.
    pub(crate) fn parse(call: &Call) -> Result<Self, Refusal> {
        let filter = call
            .query("$filter")
            .filter(|text| !text.trim().is_empty())
            .map(|text| Filter::parse(text).map_err(|error| invalid("$filter", text, &error.to_string())))
            .transpose()?;
        let limit = match call.query("maxresults") {
            None => MAX_RESULTS,
            Some(text) => {
                let number: u32 = text
                    .parse()
                    .map_err(|_| invalid("maxresults", text, "expected a number from 1 to 1000"))?;
                if !(1..=MAX_RESULTS).contains(&number) {
                    return Err(Refusal::new(ErrorCode::OUT_OF_RANGE_QUERY_PARAMETER_VALUE)
                        .with("QueryParameterName", "maxresults")
                        .with("QueryParameterValue", text)
                        .with("MinimumAllowed", "1")
                        .with("MaximumAllowed", MAX_RESULTS.to_string()));
                }
                number
            }
        };
        let after = match call.query("$skiptoken") {
            None => String::new(),
            Some(token) => URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| invalid("$skiptoken", token, "take it from odata.nextLink as it is"))?,
        };
        Ok(Self { filter, select: call.select()?, limit, after })
    }

    /// The page to read from the store: one more than asked for, to know whether there is a next one.
    pub(crate) fn page(&self, columns: &[Column]) -> Result<ListPage, Refusal> {
        let condition = self
            .filter
            .as_ref()
            .map(|filter| condition(filter, columns))
            .transpose()
            .map_err(|error| invalid("$filter", "", &error.to_string()))?;
        Ok(ListPage { after: self.after.clone(), limit: self.limit + 1, condition })
    }

    /// Picks this page out of all objects, in the order of keys. They can be filtered by the properties `filterable`.
    pub(crate) fn pick(
        &self,
        filterable: &[&str],
        mut objects: Vec<(String, Value)>,
    ) -> Result<Vec<(String, Value)>, Refusal> {
        let named = self.filter.iter().flat_map(Filter::properties).map(|path| path.join("/"));
        if let Some(other) = named.into_iter().find(|name| !filterable.contains(&name.as_str())) {
            let reason =
                format!("this list can't be filtered by `{other}`; it can be by {}", filterable.join(", "));
            return Err(invalid("$filter", &other, &reason));
        }
        objects.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(objects
            .into_iter()
            .filter(|(key, _)| *key > self.after)
            .filter(|(_, object)| self.filter.as_ref().is_none_or(|filter| filter.matches(object)))
            .take(usize::try_from(self.limit).unwrap_or(usize::MAX) + 1)
            .collect())
    }

    /// The answer, from the objects of [`Self::page`] or [`Self::pick`] with their keys.
    pub(crate) fn answer(&self, call: &Call, set: &str, mut objects: Vec<(String, Value)>) -> Answer {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = objects.len() > limit;
        objects.truncate(limit);
        let next = match objects.last() {
            Some((key, _)) if more => Some(next_link(call, key)),
            _ => None,
        };
        let values = objects.into_iter().map(|(_, mut object)| {
            self.select.apply(&mut object);
            object
        });
        Answer::list(&call.base, set, values.collect(), next)
    }
}

/// The same request, for what comes after `key`.
fn next_link(call: &Call, key: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let token = URL_SAFE_NO_PAD.encode(key);
    let query: Vec<String> = call
        .query
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"))
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .chain([format!("$skiptoken={token}")])
        .collect();
    format!("{}?{}", call.url(), query.join("&"))
}

fn invalid(name: &str, value: &str, reason: &str) -> Refusal {
    Refusal::new(ErrorCode::INVALID_QUERY_PARAMETER_VALUE)
        .with("QueryParameterName", name)
        .with("QueryParameterValue", value)
        .with("Reason", reason)
}
