//! Which recipe, with which parameters.

use std::path::PathBuf;

use clap::Args;

/// A recipe and the values of its parameters.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct RecipeArgs {
    /// The recipe: a file, or a folder with a recipe.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

/// Values of parameters.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ParameterArgs {
    /// The value of a parameter; may be repeated. BATCHYARD_PARAM_<name> in the environment sets one too
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub set: Vec<(String, String)>,
    /// A YAML or JSON file with values of parameters; may be repeated
    #[arg(long = "params", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A YAML file to lay over the recipe: maps are merged by their keys, null takes away, all else replaces; may be repeated
    #[arg(long = "overlay", value_name = "FILE")]
    pub overlays: Vec<PathBuf>,
}

impl ParameterArgs {
    /// Whether nothing is given.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.files.is_empty() && self.overlays.is_empty()
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, for example seeds=4".to_owned()),
    }
}
