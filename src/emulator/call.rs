//! A request, taken apart for its handler.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::account::Account;
use super::conditions;
use super::refusal::Refusal;
use super::{selection, versions};
use crate::batch::odata::Select;
use crate::batch::{ApiVersion, Conditions, ErrorCode, InvalidId, OperationSpec};

/// A request to one operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// The account that is asked.
    pub(crate) account: Arc<Account>,
    /// The operation that is asked for.
    pub(crate) operation: &'static OperationSpec,
    /// The version of the API that the caller speaks. The body is of the present one already.
    pub(crate) version: ApiVersion,
    /// The URL of the account as the caller knows it: scheme, host, and the account's name if the path began with it.
    pub(crate) base: String,
    /// The path below that, as it stands in the request line.
    pub(crate) path: String,
    /// The values of the path's placeholders, decoded.
    pub(crate) parameters: Vec<String>,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// The URL that was asked for.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// The id at a placeholder of the path.
    pub(crate) fn id<T: TryFrom<String, Error = InvalidId>>(&self, position: usize) -> Result<T, Refusal> {
        T::try_from(self.parameter(position).to_owned())
            .map_err(|error| Refusal::new(ErrorCode::INVALID_URI).with("Reason", error.to_string()))
    }

    /// The text at a placeholder of the path.
    pub(crate) fn parameter(&self, position: usize) -> &str {
        self.parameters.get(position).map(String::as_str).unwrap_or_default()
    }

    /// The value of a query parameter; its name is compared without regard to case, as SDKs differ in it.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is `true` or `false`; absent means `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.query(name) {
            None => Ok(false),
            Some(text) => text.to_ascii_lowercase().parse().map_err(|_| {
                Refusal::new(ErrorCode::INVALID_QUERY_PARAMETER_VALUE)
                    .with("QueryParameterName", name)
                    .with("QueryParameterValue", text)
            }),
        }
    }

    /// The properties to return, by the names of the present version.
    pub(crate) fn select(&self) -> Result<Select, Refusal> {
        let names = self.query("$select").unwrap_or_default();
        let names = versions::select_to_present(self.version, self.operation, names);
        selection::check(self.operation, &names, self.query("$expand"))?;
        Ok(Select::parse(&names))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What must hold for the request to be carried out.
    pub(crate) fn conditions(&self) -> Result<Conditions, Refusal> {
        conditions::parse(|name| self.header(name).map(str::to_owned))
    }

    /// The body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let reason =
                if self.body.is_empty() { "the request has no body".to_owned() } else { error.to_string() };
            Refusal::new(ErrorCode::INVALID_REQUEST_BODY).with("Reason", reason)
        })
    }

    /// The body of an operation that can do without one.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Refusal> {
        if self.body.is_empty() { Ok(T::default()) } else { self.json() }
    }
}
