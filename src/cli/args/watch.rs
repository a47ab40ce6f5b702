//! `watch`.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;
use super::{ParameterArgs, PolicyArgs};
use crate::resource::RecipeName;
use crate::watch::OnDrift;

/// Arguments of `watch`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct WatchArgs {
    /// Where recipes come from: a folder, a recipe's file, or a git repository: a URL (https, ssh, file; on this machine also http and
    /// git) or user@host:path, with #BRANCH and :FOLDER at its end
    #[arg(value_name = "SOURCE", default_value = ".")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    /// The branch of the repositories, or a full name such as refs/tags/v1 [default: what the repository has as its own]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// The folder of the recipes in the repositories
    #[arg(long, value_name = "FOLDER")]
    pub subfolder: Option<String>,
    /// How long until the account is looked at again, for what others changed in it
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = interval)]
    pub interval: Duration,
    /// How long until sources are read again; changes in a folder are seen within seconds [default: the interval]
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub fetch_interval: Option<Duration>,
    /// Look and apply once, and end: for cron
    #[arg(long)]
    pub once: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --once and --dry-run: exit with 2 if there are changes, 0 if there are none
    #[arg(long, requires = "once", requires = "dry_run")]
    pub detailed_exitcode: bool,
    /// What to do about changes that somebody else made to what recipes made
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = DriftChoice::Heal)]
    pub on_drift: DriftChoice,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Go on even where that ends running tasks, or takes a pool away from a job of somebody else
    #[arg(long)]
    pub force: bool,
    /// With --prune: the most recipes that are destroyed at once because they left their source, in per cent of those it had; one
    /// always may
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub prune_share: u8,
    /// Only look at this recipe, and say what differs; may be repeated
    #[arg(long, value_name = "RECIPE", value_parser = recipe_name)]
    pub suspend: Vec<RecipeName>,
    /// Mend nodes whose start task failed or that are unusable: boot them anew, then make them anew, then remove them. Not where half of a
    /// pool's nodes fail alike
    #[arg(long)]
    pub repair_nodes: bool,
    /// With --repair-nodes: the most remedies that a pool gets in an hour
    #[arg(long, value_name = "N", default_value_t = 3, requires = "repair_nodes")]
    pub repair_budget: u32,
    /// How many recipes are reconciled at once at the most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallelism: u16,
    /// Serve what is known by http at this address: /healthz, /readyz, /status, /metrics; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Serve it to other machines, too, if that is where ADDRESS can be reached from: without a password, in the clear
    #[arg(long, requires = "listen")]
    pub listen_remote: bool,
    /// The longest pause before what failed is tried again
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = interval)]
    pub max_backoff: Duration,
    /// Go without the record of the project file: take no locks, and keep no history
    #[arg(long)]
    pub no_lock: bool,
}

const EXAMPLES: &str = "\
Examples:
  batchyard watch recipes                                         a folder with recipes
  batchyard watch https://example.org/team/recipes.git#main:prod  a branch and a folder of a repository
  batchyard watch recipes --once --dry-run                        what differs at the moment
  batchyard watch recipes --once                                  from cron: apply what differs, and end
  batchyard watch recipes --on-drift report                       leave alone what others changed, and say so
  batchyard watch recipes --listen 127.0.0.1:9090                 with /status and /metrics
  batchyard watch recipes --prune                                 destroy what recipes made that are gone";

/// What to do about changes that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DriftChoice {
    /// Take them back.
    Heal,
    /// Say that they are there.
    Report,
}

impl From<DriftChoice> for OnDrift {
    fn from(choice: DriftChoice) -> Self {
        match choice {
            DriftChoice::Heal => Self::Heal,
            DriftChoice::Report => Self::Report,
        }
    }
}

impl WatchArgs {
    /// The first source that is a folder or a file here: its project file says which account is worked on.
    pub(in crate::cli) fn local_source(&self) -> Option<&Path> {
        self.sources.first().map(Path::new).filter(|path| path.exists())
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected more than no time at all, such as 30s or 1m".to_owned()),
        interval => Ok(interval),
    }
}

fn recipe_name(text: &str) -> Result<RecipeName, String> {
    RecipeName::new(text).map_err(|error| error.to_string())
}
