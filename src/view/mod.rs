//! Renderings of diagnostics, of plans, of what applying does, and of status: human, JSON and Markdown, the same words in all. Decides
//! nothing.

pub mod diagnostics;
pub mod human;
pub mod imported;
pub mod json;
pub mod markdown;
pub mod metrics;
pub mod rendered;
pub mod validation;
pub mod words;
