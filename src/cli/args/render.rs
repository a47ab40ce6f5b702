//! `render`.

use clap::Args;

use super::{Format, RecipeArgs};

const EXAMPLES: &str = "\
Examples:
  batchyard render my-recipe                    the recipe without parameters, expressions and factories
  batchyard render my-recipe -p seeds=4         with other values of its parameters
  batchyard render my-recipe --origin           where each value comes from
  batchyard render my-recipe --format json | jq .recipe.jobs

The output is a recipe again, and the same recipe gives the same bytes.";

/// Arguments of `render`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RenderArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Say of each value in which file, line and column it is written, and by which expression it is made
    #[arg(long)]
    pub origin: bool,
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "yaml", value_parser = Format::among(&[Format::Yaml, Format::Json]))]
    pub format: Format,
}
