//! Plans in files: what `plan --out` writes, and `apply` and `show` read.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args::{ParameterArgs, PolicyArgs, RecipeArgs, RerunChoice};
use super::context::Context;
use super::error::CommandError;
use super::recipe::load_recipe_with;
use crate::bounded_file;
use crate::exit_code::ExitCode;
use crate::plan::{Moved, Plan, Policy, Rerun, SavedPlan, Selection, Side};
use crate::recipe::Loaded;
use crate::resource::{AddressPattern, OnChange};
use crate::view::json::{FORMAT_VERSION, tool};
use crate::view::words::{is_deceptive, value};

/// The largest file that is read, in bytes. A plan says of many tasks how many they are, so it is never large.
const LARGEST: u64 = 64 * 1024 * 1024;
const KIND: &str = "saved_plan";

/// A plan, with what it takes to make it again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlanFile {
    format_version: String,
    r#type: String,
    tool: String,
    /// What a person calls the account.
    account: String,
    api_version: String,
    request: Request,
    asked: Asked,
    plan: SavedPlan,
}

/// The recipe, and what was given with it. Paths are as they were given.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: PathBuf,
    parameters: Vec<(String, String)>,
    parameter_files: Vec<PathBuf>,
    overlays: Vec<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// What was asked for beside the recipe.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    destroy: bool,
    allow: Vec<OnChange>,
    adopt: bool,
    prune: bool,
    target: Vec<String>,
    exclude: Vec<String>,
    replace: Vec<String>,
    rerun: Vec<String>,
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

impl PlanFile {
    /// A plan that was just made.
    pub(super) fn of(
        plan: &Plan,
        (account, api_version): (&str, crate::batch::ApiVersion),
        recipe: &RecipeArgs,
        environment: BTreeMap<String, String>,
        (policy, destroy): (&PolicyArgs, bool),
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION.to_owned(),
            r#type: KIND.to_owned(),
            tool: tool().to_owned(),
            account: account.to_owned(),
            api_version: api_version.to_string(),
            request: Request {
                path: recipe.path.clone(),
                parameters: recipe.parameters.set.clone(),
                parameter_files: recipe.parameters.files.clone(),
                overlays: recipe.parameters.overlays.clone(),
                environment,
            },
            asked: Asked {
                destroy,
                allow: policy.allow.iter().map(|&choice| choice.into()).collect(),
                adopt: policy.adopt,
                prune: policy.prune,
                target: texts(&policy.selection.target),
                exclude: texts(&policy.selection.exclude),
                replace: texts(&policy.replace),
                rerun: texts(&policy.rerun),
            },
            plan: SavedPlan::from(plan),
        }
    }

    /// Writes it: whole, or not at all, and readable by nobody else. It takes the place of another plan, and of nothing else: a slip
    /// would cost a recipe.
    pub(super) fn write(&self, path: &Path) -> Result<(), CommandError> {
        if path.symlink_metadata().is_ok() && !matches!(Self::recognise(path), Ok(Some(_))) {
            let message =
                format!("{} is there already, and holds no plan; nothing was written", path.display());
            return Err(CommandError::new(ExitCode::Usage, message)
                .hint(Some("name another file with --out, or remove that one".to_owned())));
        }
        let failed = |error: std::io::Error| {
            CommandError::new(ExitCode::Error, format!("the plan can't be kept in {}", path.display()))
                .caused_by(error)
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        serde_json::to_writer_pretty(&mut file, self).map_err(std::io::Error::from).map_err(failed)?;
        writeln!(file).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Reads a file if it is a plan; a recipe, or something else, is not.
    pub(super) fn recognise(path: &Path) -> Result<Option<Self>, CommandError> {
        let Ok(content) = bounded_file::read(path, LARGEST) else { return Ok(None) };
        if content.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Ok(None);
        }
        #[derive(Deserialize)]
        struct Head {
            format_version: String,
            r#type: String,
        }
        let refused = |error: serde_json::Error| {
            CommandError::new(ExitCode::Usage, format!("{} is a plan that can't be read", path.display()))
                .caused_by(error)
                .hint(Some("make the plan again".to_owned()))
        };
        let head = match serde_json::from_slice::<Head>(&content) {
            Ok(head) => head,
            Err(error) if names_its_kind(&content) => return Err(refused(error)),
            Err(_) => return Ok(None),
        };
        if head.r#type != KIND {
            return Ok(None);
        }
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if major(&head.format_version) != major(FORMAT_VERSION) {
            let message = format!("{} is a plan in the form {}", path.display(), head.format_version);
            return Err(CommandError::new(ExitCode::Usage, message)
                .hint(Some(format!("this program reads the form {FORMAT_VERSION}; make the plan again"))));
        }
        let file: Self = serde_json::from_slice(&content).map_err(refused)?;
        let plan = serde_json::to_value(&file.plan).map_err(refused)?;
        if is_deceptive(&file.account) || is_deceptive(&file.api_version) || hides_something(&plan) {
            let message = format!("{} holds characters that no plan has", path.display());
            return Err(CommandError::new(ExitCode::Usage, message)
                .because(["they would show something else than what is there".to_owned()])
                .hint(Some("somebody edited it; make the plan again".to_owned())));
        }
        Ok(Some(file))
    }

    /// Refuses a plan where a recipe is wanted.
    pub(super) fn refuse_as_recipe(path: &Path) -> Result<(), CommandError> {
        if Self::recognise(path)?.is_none() {
            return Ok(());
        }
        let message = format!("{} is a plan that was kept, and no recipe", path.display());
        let hint = format!("`show {0}` shows it, and `apply {0}` does what it says", path.display());
        Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint)))
    }

    /// Reads a plan.
    pub(super) fn read(path: &Path) -> Result<Self, CommandError> {
        let refused = |why: String| CommandError::new(ExitCode::Usage, why);
        bounded_file::read(path, LARGEST)
            .map_err(|error| refused(format!("{} can't be read", path.display())).caused_by(error))?;
        let hint = "`batchyard plan RECIPE --out FILE` keeps one".to_owned();
        Self::recognise(path)?
            .ok_or_else(|| refused(format!("{} holds no plan", path.display())).hint(Some(hint)))
    }

    /// The plan to look at.
    pub(super) fn plan(&self) -> Plan {
        self.plan.clone().into()
    }

    pub(super) fn destroys(&self) -> bool {
        self.asked.destroy
    }

    /// Loads the recipe that it was made from, with the same parameters. What was decided when the plan was made can't be decided
    /// again.
    pub(super) fn load(
        &self,
        context: &Context,
        recipe: &RecipeArgs,
        policy: &PolicyArgs,
    ) -> Result<Loaded, CommandError> {
        if !recipe.parameters.is_empty() || !policy.is_empty() {
            let message = "a plan was made with its own parameters and permissions, and takes no others";
            return Err(CommandError::new(ExitCode::Usage, message)
                .hint(Some("make the plan again with `batchyard plan RECIPE … --out FILE`".to_owned())));
        }
        let (recipe, environment) = self.recipe();
        load_recipe_with(context, &recipe, environment)
    }

    fn recipe(&self) -> (RecipeArgs, BTreeMap<String, String>) {
        let Request { path, parameters, parameter_files, overlays, environment } = &self.request;
        let parameters = ParameterArgs {
            set: parameters.clone(),
            files: parameter_files.clone(),
            overlays: overlays.clone(),
        };
        (RecipeArgs { path: path.clone(), parameters }, environment.clone())
    }

    /// What it was made with.
    pub(super) fn policy(&self) -> Result<Policy, CommandError> {
        let Asked { allow, adopt, prune, target, exclude, replace, rerun, destroy: _ } = &self.asked;
        let rerun: Vec<RerunChoice> = parsed(rerun)?;
        Ok(Policy {
            allow: allow.iter().copied().collect(),
            adopt: *adopt,
            prune: *prune,
            selection: Selection { targets: parsed(target)?, excluded: parsed(exclude)? },
            replace: parsed::<AddressPattern>(replace)?,
            rerun: rerun_of(&rerun),
            refresh_only: false,
        })
    }

    /// Refuses another account, or another version of the API, than the plan was made for.
    pub(super) fn check_account(
        &self,
        account: &str,
        api_version: crate::batch::ApiVersion,
    ) -> Result<(), CommandError> {
        let stale = |message: String| Err(CommandError::new(ExitCode::StaleOrConflict, message));
        if self.account != account {
            return stale(format!("the plan was made for {}, and this is {account}", self.account));
        }
        if self.api_version != api_version.to_string() {
            return stale(format!(
                "the plan was made for version {} of the REST API, and this is {api_version}",
                self.api_version
            ));
        }
        Ok(())
    }

    /// Refuses a plan that no longer holds, naming what moved, and from what to what.
    pub(super) fn check_still_holds(&self, now: &Plan) -> Result<(), CommandError> {
        let moved = self.plan.moved(now);
        let Some(first) = moved.first() else { return Ok(()) };
        let place = now.changes.iter().find(|change| change.address == first.address);
        let message = "the plan no longer holds; nothing was changed";
        Err(CommandError::new(ExitCode::StaleOrConflict, message)
            .because(moved.iter().map(told))
            .place(place.and_then(|change| change.source.clone()))
            .hint(Some("make the plan again, and look at what it says now".to_owned())))
    }
}

/// Whether what begins like a plan says that it is one, though its end may be missing.
fn names_its_kind(content: &[u8]) -> bool {
    let head = String::from_utf8_lossy(content.get(..256).unwrap_or(content));
    head.contains(&format!("\"type\": \"{KIND}\""))
}

/// Which tasks run again.
pub(super) fn rerun_of(choices: &[RerunChoice]) -> Rerun {
    let mut rerun = Rerun::default();
    for choice in choices {
        match choice {
            RerunChoice::Failed => rerun.failed = true,
            RerunChoice::Tasks(pattern) => rerun.tasks.push(pattern.clone()),
        }
    }
    rerun
}

fn parsed<T: std::str::FromStr>(texts: &[String]) -> Result<Vec<T>, CommandError>
where
    T::Err: std::error::Error,
{
    texts.iter().map(|text| text.parse().map_err(CommandError::from_error)).collect()
}

fn told(moved: &Moved) -> String {
    let Moved { address, field, planned, now, side } = moved;
    let of = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) if field.is_none() => text.clone(),
        serde_json::Value::Null if field.is_none() => "is not in the plan".to_owned(),
        other => self::value(other),
    };
    let (planned, now) = (of(planned), of(now));
    match (side, field) {
        (Side::Account, Some(field)) => {
            format!("{address}: `{field}` was {planned} when the plan was made, and is {now} now")
        }
        (Side::Recipe, Some(field)) => {
            format!("{address}: the recipe asked for `{field}` {planned}, and asks for {now} now")
        }
        (Side::Decision, Some(field)) => {
            format!("{address}: the plan counts {planned} for `{field}`, and it would be {now} now")
        }
        (Side::Content, _) => {
            format!(
                "{address}: the recipe asks for something else there than when the plan was made ({planned})"
            )
        }
        (_, None) => format!("{address}: the plan says \"{planned}\", and it would be \"{now}\" now"),
    }
}

/// Whether a text in a plan shows something else than it is. The values of fields are shown in quotes, and may have anything in them.
fn hides_something(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => is_deceptive(text),
        serde_json::Value::Array(items) => items.iter().any(hides_something),
        serde_json::Value::Object(members) => members.iter().any(|(name, value)| {
            is_deceptive(name) || (name != "before" && name != "after" && hides_something(value))
        }),
        _ => false,
    }
}
