//! One case: read, planned, compared.

use std::path::{Path, PathBuf};

use batchyard::batch::ApiVersion;
use batchyard::pipeline;
use batchyard::plan::{Plan, Policy, Rerun, Selection};
use batchyard::recipe::{LoadRequest, load};
use batchyard::resource::{AddressPattern, DesiredState, OnChange};
use batchyard::view::{human, json};
use serde::Deserialize;
use serde_json::Value;

use super::account::Account;
use super::service::client;

/// A folder in a folder with a recipe.
pub(super) struct Case {
    /// The recipe that was applied.
    pub(super) recipe: PathBuf,
    folder: PathBuf,
}

/// A plan, as people and programs see it.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) json: Value,
}

/// What the user asks for beside the recipe.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    allow: Vec<OnChange>,
    adopt: bool,
    prune: bool,
    destroy: bool,
    refresh_only: bool,
    target: Vec<String>,
    exclude: Vec<String>,
    replace: Vec<String>,
    rerun: Vec<String>,
    /// The recipe was never applied.
    from_nothing: bool,
}

impl Case {
    /// All cases, in order.
    pub(super) fn all(folder: &Path) -> Vec<Self> {
        let mut cases = Vec::new();
        for group in folders(folder) {
            let recipe = group.join("recipe.yaml");
            cases.extend(folders(&group).into_iter().map(|folder| Self { recipe: recipe.clone(), folder }));
        }
        cases
    }

    /// What is planned in that version of the API.
    pub(super) async fn plan(&self, version: ApiVersion) -> Outcome {
        let options: Options = self.yaml("options.yaml").unwrap_or_default();
        let mut account =
            if options.from_nothing { Account::default() } else { applied(&self.recipe, version).await };
        if let Some(patch) = self.yaml::<Value>("account.yaml") {
            account.patch(&patch);
        }
        let edit = self.folder.join("edit.yaml");
        let desired = desired(&self.recipe, edit.is_file().then_some(edit));
        let policy = Policy {
            allow: options.allow.iter().copied().collect(),
            adopt: options.adopt,
            prune: options.prune,
            selection: Selection { targets: parsed(&options.target), excluded: parsed(&options.exclude) },
            replace: parsed(&options.replace),
            rerun: Rerun {
                failed: options.rerun.iter().any(|word| word == "failed"),
                tasks: parsed(options.rerun.iter().filter(|word| *word != "failed")),
            },
            refresh_only: options.refresh_only,
        };
        let client = client(account, version);
        let plan = if options.destroy {
            pipeline::plan_destroy(&client, &desired, &policy.selection).await
        } else {
            pipeline::plan(&client, &desired, &policy).await
        };
        outcome(&plan.unwrap())
    }

    /// What is not as the files say; with `INSTA_UPDATE=always` they say it from now on.
    pub(super) fn compare(&self, outcome: &Outcome, version: Option<ApiVersion>) -> Vec<String> {
        let json = format!("{}\n", serde_json::to_string_pretty(&outcome.json).unwrap());
        [("txt", &outcome.text), ("json", &json)]
            .into_iter()
            .filter_map(|(ending, text)| self.differs(&self.file(version, ending), text))
            .collect()
    }

    /// The same for an older version, whose plan has files of its own only if it is another one.
    pub(super) fn compare_older(&self, outcome: Option<&Outcome>, version: ApiVersion) -> Vec<String> {
        if let Some(outcome) = outcome {
            return self.compare(outcome, Some(version));
        }
        let stale = ["txt", "json"].map(|ending| self.file(Some(version), ending));
        let stale = stale.into_iter().filter(|file| file.exists());
        if updates() {
            stale.for_each(|file| std::fs::remove_file(file).unwrap());
            return Vec::new();
        }
        stale.map(|file| format!("{}: the plan is that of the newest version", file.display())).collect()
    }

    fn file(&self, version: Option<ApiVersion>, ending: &str) -> PathBuf {
        let version = version.map(|version| format!(".{version}")).unwrap_or_default();
        self.folder.join(format!("plan{version}.{ending}"))
    }

    fn differs(&self, file: &Path, text: &str) -> Option<String> {
        if updates() {
            std::fs::write(file, text).unwrap();
            return None;
        }
        let expected = std::fs::read_to_string(file).unwrap_or_default();
        (expected != text).then(|| format!("--- {}\n{expected}\n+++ planned\n{text}", file.display()))
    }

    fn yaml<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.folder.join(name);
        let text = std::fs::read_to_string(&path).ok()?;
        Some(serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }
}

/// The plan for a recipe that was just applied.
pub(super) async fn replan(recipe: &Path, version: ApiVersion) -> Outcome {
    let client = client(applied(recipe, version).await, version);
    let plan = pipeline::plan(&client, &desired(recipe, None), &Policy::default()).await;
    outcome(&plan.unwrap())
}

async fn applied(recipe: &Path, version: ApiVersion) -> Account {
    let empty = client(Account::default(), version);
    let plan = pipeline::plan(&empty, &desired(recipe, None), &Policy::default()).await;
    Account::after(&plan.unwrap())
}

fn desired(recipe: &Path, edit: Option<PathBuf>) -> DesiredState {
    let request = LoadRequest {
        path: recipe.to_owned(),
        overlays: edit.into_iter().collect(),
        ..LoadRequest::default()
    };
    let loaded = load(&request);
    loaded.unwrap_or_else(|report| panic!("{}", batchyard::view::diagnostics::human(&report, false))).desired
}

fn parsed<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<AddressPattern> {
    texts.into_iter().map(|text| text.parse().unwrap()).collect()
}

fn outcome(plan: &Plan) -> Outcome {
    let mut text = Vec::new();
    human::plan(&mut text, plan).unwrap();
    let text = anstream::adapter::strip_bytes(&text).into_vec();
    let mut json = json::plan(plan);
    // The version of this program is none of the plan's.
    json.as_object_mut().unwrap().remove("tool");
    Outcome { text: String::from_utf8(text).unwrap(), json }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment says whether plans are written, as for other snapshots"
)]
fn updates() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always")
}
