//! What can be said on the command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::resource::OnChange;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Declarative recipes for container workloads on Azure Batch.
///
/// A recipe is a YAML file that says which pools, jobs and tasks there should be. `plan` shows what it would take, `apply` does
/// it: on this machine in real containers (the account `local`, the default), or on Azure Batch.
#[derive(Debug, Parser)]
#[command(name = "batchyard", version, styles = STYLES, arg_required_else_help = true, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  batchyard new hello my-recipe          copy a recipe of the library into a folder
  batchyard plan my-recipe               show what applying it would do
  batchyard apply my-recipe              do it, here, in real containers
  batchyard logs hello/greet             show what a task printed
  batchyard destroy my-recipe            remove all that the recipe made
  batchyard --account azure apply my-recipe    the same recipe on Azure Batch";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The account to work on: `local` (an embedded Azure Batch on this machine), `azure` (the account in AZURE_BATCH_ENDPOINT), or
    /// its URL. Name and key of an account come from AZURE_BATCH_ACCOUNT and AZURE_BATCH_ACCESS_KEY
    #[arg(long, global = true, value_name = "NAME|URL")]
    pub account: Option<String>,
    /// Folder of the local account's data [default: $BATCHYARD_DATA, else $XDG_STATE_HOME/batchyard]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What runs the containers of the local account
    #[arg(long, global = true, value_enum, default_value_t = RuntimeChoice::Auto)]
    pub runtime: RuntimeChoice,
    /// How fast nodes of the local account come and go
    #[arg(long, global = true, value_enum, default_value_t = TimingChoice::Instant)]
    pub timing: TimingChoice,
    /// Form of the output; JSON goes to standard output, all else to standard error
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice, say everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Never ask; a question that would be asked is an error
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// What runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RuntimeChoice {
    /// A Docker engine if one answers, else no daemon at all.
    Auto,
    /// A Docker or Podman engine.
    Docker,
    /// No daemon: this program fetches images and runs containers itself (Linux, as root).
    Oci,
    /// No containers at all: tasks only pretend, and say so.
    Simulated,
}

/// How fast nodes come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TimingChoice {
    /// At once.
    Instant,
    /// With pauses as in the cloud.
    Realistic,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// For programs: one versioned document.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Copy a recipe of the library
    New(NewArgs),
    /// Check recipes without looking at any account
    Validate(ValidateArgs),
    /// Show what apply would do
    Plan(PlanArgs),
    /// Bring an account to what a recipe asks for
    Apply(ApplyArgs),
    /// Show how a recipe's pools, jobs and tasks are doing
    Status(StatusArgs),
    /// Show what a task printed
    Logs(LogsArgs),
    /// Remove everything that a recipe made
    Destroy(DestroyArgs),
    /// Serve the embedded Azure Batch to SDKs and other programs
    Emulator(EmulatorArgs),
    /// Print a JSON Schema of recipes
    Schema(SchemaArgs),
}

/// A recipe and the values of its parameters.
#[derive(Debug, Clone, Args)]
pub(super) struct RecipeArgs {
    /// The recipe: a file, or a folder with a recipe.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

/// Values of parameters.
#[derive(Debug, Clone, Args)]
pub(super) struct ParameterArgs {
    /// The value of a parameter; may be repeated. BATCHYARD_PARAM_<name> in the environment sets one too
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub set: Vec<(String, String)>,
    /// A YAML or JSON file with values of parameters; may be repeated
    #[arg(long = "params", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, for example nodes=4".to_owned()),
    }
}

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard new --list\n  batchyard new hello my-first-recipe")]
pub(super) struct NewArgs {
    /// A recipe of the library
    #[arg(value_name = "RECIPE", required_unless_present = "list")]
    pub recipe: Option<String>,
    /// The folder to make [default: the recipe's name]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Show the library
    #[arg(long)]
    pub list: bool,
}

/// Arguments of `validate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard validate recipes/*\n  batchyard validate my-recipe -p nodes=4"
)]
pub(super) struct ValidateArgs {
    /// Recipes: files, or folders with a recipe.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard plan my-recipe\n  batchyard plan my-recipe --detailed-exitcode   exit 2 if there are changes\n  batchyard plan my-recipe --format json | jq .resource_changes"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Exit with 2 if there are changes, 0 if there are none
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan the removal of everything that the recipe made
    #[arg(long)]
    pub destroy: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// How far a plan may go.
#[derive(Debug, Clone, Args)]
pub(super) struct PolicyArgs {
    /// Permit more than the recipe's on_change does; may be repeated
    #[arg(long, value_enum, value_name = "CLASS")]
    pub allow: Vec<AllowChoice>,
    /// Take over objects that exist and that no recipe owns
    #[arg(long)]
    pub adopt: bool,
    /// Destroy what the recipe made and no longer has
    #[arg(long)]
    pub prune: bool,
}

/// What may be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AllowChoice {
    /// Take the nodes of a pool away, change it, bring them back.
    Drain,
    /// Delete an object and make it anew.
    Recreate,
}

impl From<AllowChoice> for OnChange {
    fn from(choice: AllowChoice) -> Self {
        match choice {
            AllowChoice::Drain => Self::Drain,
            AllowChoice::Recreate => Self::Recreate,
        }
    }
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard apply my-recipe\n  batchyard apply my-recipe --auto-approve -p nodes=4\n  batchyard apply my-recipe --no-wait"
)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Don't ask before applying
    #[arg(long, alias = "yes", short = 'y')]
    pub auto_approve: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Wait until the tasks have ended, and show what they printed [default for the local account]
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Return once everything is submitted
    #[arg(long, overrides_with = "wait")]
    pub no_wait: bool,
    /// How many steps run at once at the most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard status my-recipe\n  batchyard status my-recipe --format json")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard logs hello/greet\n  batchyard logs jobs.hello.tasks.greet --stderr\n  batchyard logs sweep/estimate-7 -f"
)]
pub(super) struct LogsArgs {
    /// The task: JOB/TASK, or jobs.JOB.tasks.TASK, by their ids in the account
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Go on showing what is printed until the task ends
    #[arg(short, long)]
    pub follow: bool,
    /// Show standard error instead of standard output
    #[arg(long)]
    pub stderr: bool,
}

/// Arguments of `destroy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard destroy my-recipe\n  batchyard destroy my-recipe --auto-approve"
)]
pub(super) struct DestroyArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Don't ask before destroying
    #[arg(long, alias = "yes", short = 'y')]
    pub auto_approve: bool,
    /// Destroy even while tasks run
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `emulator`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard emulator\n  batchyard emulator --listen 127.0.0.1:0 --format json\n  batchyard emulator --data ./account --runtime simulated\n\nPoint any Azure Batch SDK at the endpoint, with the account and the key that are printed."
)]
pub(super) struct EmulatorArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10100")]
    pub listen: std::net::SocketAddr,
    /// Name of the account that is served
    #[arg(long, value_name = "NAME", default_value = crate::batch::auth::DEVELOPMENT_ACCOUNT)]
    pub account_name: String,
    /// File with the account's key, base64 [default: the published development key]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard schema > recipe.v1.schema.json")]
pub(super) struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, default_value_t = SchemaName::Recipe)]
    pub name: SchemaName,
}

/// A schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    /// Recipes as they are written, for editors.
    Recipe,
    /// Recipes after parameters and expressions are resolved.
    Resolved,
}
