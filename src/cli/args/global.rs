//! Options of every command.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::batch::ApiVersion;

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(in crate::cli) struct Global {
    /// The account: `local` (an embedded Azure Batch, here), `azure` (that in AZURE_BATCH_ENDPOINT), a URL, or a name of the project
    /// file [default: $BATCHYARD_ACCOUNT, else the project file's, else local]
    ///
    /// Name and key of an account come from AZURE_BATCH_ACCOUNT and AZURE_BATCH_ACCESS_KEY; without a key, Microsoft Entra is asked for a
    /// token (`az login` is enough).
    #[arg(long, global = true, value_name = "NAME|URL")]
    pub account: Option<String>,
    /// The project file [default: the batchyard.yaml of the nearest folder that has one, from the recipe upwards]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the local account's data [default: the `data` of the account that the project file names, else $BATCHYARD_DATA,
    /// else $XDG_STATE_HOME/batchyard, else ~/.local/state/batchyard]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What runs the containers of the local account
    #[arg(long, global = true, value_enum, default_value_t = RuntimeChoice::Auto)]
    pub runtime: RuntimeChoice,
    /// How fast nodes of the local account come and go
    #[arg(long, global = true, value_enum, default_value_t = TimingChoice::Instant)]
    pub timing: TimingChoice,
    /// The version of the REST API to speak [default: $BATCHYARD_API_VERSION, else the newest]
    ///
    /// For clouds that don't know the newest yet. Before 2024-07-01.20.0 most of a pool can't be changed, so plans replace it.
    #[arg(long, global = true, value_name = "VERSION", value_parser = spoken_versions())]
    pub api_version: Option<ApiVersion>,
    /// Form of the output; JSON (a versioned document, or one a line while things happen) goes to standard output, all else to
    /// standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human", value_parser = Format::among(&[Format::Human, Format::Json]))]
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

/// The versions that the client speaks: those in which everything that it sends and reads is called what it is called today.
fn spoken_versions() -> impl TypedValueParser<Value = ApiVersion> {
    let words: Vec<PossibleValue> =
        ApiVersion::SPOKEN.iter().map(|version| PossibleValue::new(version.as_str())).collect();
    PossibleValuesParser::new(words).try_map(|word| ApiVersion::spoken(&word).ok_or("unknown version"))
}

/// What runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RuntimeChoice {
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
pub(in crate::cli) enum TimingChoice {
    /// At once.
    Instant,
    /// With pauses as in the cloud.
    Realistic,
}

/// Form of the output. Commands that have more forms than people's and programs' say so themselves, under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For people.
    Human,
    /// For programs: a versioned document, or one a line while things happen.
    Json,
    /// A recipe.
    Yaml,
    /// For code hosts: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: annotations.
    Github,
    /// For what gathers test results: a JUnit report.
    Junit,
    /// For pull requests.
    Markdown,
}

impl Format {
    /// Takes one of these forms.
    pub(in crate::cli) fn among(forms: &[Self]) -> impl TypedValueParser<Value = Self> + use<> {
        let words: Vec<PossibleValue> = forms.iter().filter_map(Self::to_possible_value).collect();
        PossibleValuesParser::new(words).try_map(|word| Self::from_str(&word, false))
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
