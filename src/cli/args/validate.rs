//! `validate`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, ParameterArgs};

const EXAMPLES: &str = "\
Examples:
  batchyard validate                           every recipe in this folder and below
  batchyard validate recipes/hello my.yaml     some recipes
  batchyard validate 'recipes/**/gpu-*.yaml'   what fits a pattern
  batchyard validate my-recipe -p seeds=4      with other values of its parameters
  batchyard validate --fix                     correct misspelt keys and the like
  batchyard validate --format github           annotations in a pull request

Exit code 3 if any recipe is invalid. docs/validate.md describes the formats.";

/// Arguments of `validate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ValidateArgs {
    /// Recipes: files, folders (every recipe.yaml in them and below them), or patterns
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Correct what leaves no doubt, in the recipes' own files: misspelt keys and words, quotes that change a type
    #[arg(long)]
    pub fix: bool,
    /// Form of the output; all but `human` go to standard output whole
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = Format::among(FORMATS))]
    pub format: Format,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

const FORMATS: &[Format] = &[Format::Human, Format::Json, Format::Sarif, Format::Github, Format::Junit];
