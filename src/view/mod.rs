//! Renderings for people and machines.

pub mod diagnostics;
