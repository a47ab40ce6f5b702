//! Lists, a page at a time.

use serde::{Deserialize, Serialize};

/// One page of a list. `odata.nextLink` is an absolute URL; without one this is the last page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What the page lists.
    #[serde(rename = "odata.metadata", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The objects.
    pub value: Vec<T>,
    /// Where the next page is.
    #[serde(rename = "odata.nextLink", default, skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
}
