//! What every command has at hand.

use super::args::Global;
use super::printer::Printer;
use crate::settings::Variables;

/// What every command has at hand.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) variables: Variables,
    pub(super) printer: Printer,
}
