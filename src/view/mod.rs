//! Renderings of diagnostics, of plans, of what applying does, and of status: human and JSON, the same words in both. Decides
//! nothing.

pub mod diagnostics;
pub mod human;
pub mod json;
pub mod metrics;
pub mod rendered;
pub mod validation;
pub mod words;
