//! Formulas that set the number of nodes of a pool.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::NameValuePair;
use crate::batch::{DateTime, WireDuration};

/// The body of `POST /pools/{poolId}/enableautoscale`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolEnableAutoScaleOptions {
    /// The formula; may be absent where the pool has one.
    pub auto_scale_formula: Option<String>,
    /// How often it is evaluated: 5 minutes to 168 hours, default 15 minutes.
    pub auto_scale_evaluation_interval: Option<WireDuration>,
}

/// The body of `POST /pools/{poolId}/evaluateautoscale`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolEvaluateAutoScaleOptions {
    /// The formula.
    pub auto_scale_formula: String,
}

/// An evaluation of a formula.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoScaleRun {
    /// When it took place.
    pub timestamp: DateTime,
    /// The values of all variables at its end, as `$name=value` with semicolons between.
    pub results: Option<String>,
    /// Why it failed.
    pub error: Option<AutoScaleRunError>,
}

/// Why an evaluation failed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoScaleRunError {
    /// A code.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub values: Option<Vec<NameValuePair>>,
}
