//! `schema`.

use clap::{Args, ValueEnum};

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard schema > recipe.v1.schema.json")]
pub(in crate::cli) struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, default_value_t = SchemaName::Recipe)]
    pub name: SchemaName,
}

/// A schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaName {
    /// Recipes as they are written, for editors.
    Recipe,
    /// Recipes after parameters and expressions are resolved.
    Resolved,
    /// Overlays, for editors.
    Overlay,
    /// Project files: batchyard.yaml.
    Project,
}
