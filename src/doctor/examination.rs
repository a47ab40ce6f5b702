//! An image that was looked at: all that is to be said of it.

use serde::Serialize;

use super::advice::{Advice, Severity};
use super::image::about_image;
use super::traits::is_for_windows;
use super::uses::{Invocation, RecipeUses};
use crate::node::runtime::ImageReport;
use crate::resource::RegistrySpec;

/// An image that was looked at.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The image's full name.
    pub image: String,
    /// Who logged in to the registry, if anybody did.
    pub user: Option<String>,
    /// What the registry says.
    pub report: ImageReport,
    /// What it means for tasks on Azure Batch.
    pub advice: Vec<Advice>,
    /// What it means for a recipe's tasks.
    pub recipe: Option<ExaminedRecipe>,
}

/// What an image means for a recipe's tasks.
#[derive(Debug, Clone)]
pub struct ExaminedRecipe {
    /// The recipe's name.
    pub name: String,
    /// The pools that fetch it before they take tasks.
    pub prefetched_by: Vec<String>,
    /// The tasks that use it.
    pub tasks: Vec<ExaminedUse>,
    /// What else is to be said.
    pub advice: Vec<Advice>,
}

/// What an image means for some tasks.
#[derive(Debug, Clone, Serialize)]
pub struct ExaminedUse {
    /// Where in the recipe.
    pub address: String,
    /// The id of the first of these tasks, which is the one that is shown.
    pub example: String,
    /// How many there are.
    pub count: u64,
    /// What would run.
    pub runs: Option<Invocation>,
    /// What stands out.
    pub advice: Vec<Advice>,
}

impl Examination {
    /// Examines an image, with the uses that the recipe of that name makes of it.
    pub fn new(
        image: String,
        user: Option<&str>,
        report: ImageReport,
        recipe: Option<String>,
        uses: Option<RecipeUses>,
    ) -> Self {
        let advice = about_image(&report);
        let recipe =
            recipe.zip(uses).map(|(name, uses)| ExaminedRecipe::new(name, uses, user.is_some(), &report));
        Self { image, user: user.map(str::to_owned), report, advice, recipe }
    }

    /// Whether nothing is certain to go wrong.
    pub fn is_well(&self) -> bool {
        let of_recipe = self
            .recipe
            .iter()
            .flat_map(|recipe| recipe.tasks.iter().flat_map(|used| &used.advice).chain(&recipe.advice));
        self.advice.iter().chain(of_recipe).all(|advice| advice.severity != Severity::Error)
    }
}

impl ExaminedRecipe {
    fn new(name: String, uses: RecipeUses, has_logged_in: bool, report: &ImageReport) -> Self {
        let RecipeUses { prefetched_by, tasks, registry } = uses;
        let mut advice = Vec::new();
        if tasks.is_empty() && prefetched_by.is_empty() {
            advice.push(
                Advice::warning("use", "nothing in the recipe uses the image")
                    .hint("names are compared whole, with registry, tag and digest"),
            );
        }
        if let Some(RegistrySpec { identity: Some(_), .. }) = registry.filter(|_| !has_logged_in) {
            advice.push(Advice::note(
                "login",
                "nodes in Azure log in to the registry with a managed identity, which this machine has not: it asked without a login",
            ));
        }
        let is_for_windows = is_for_windows(report);
        if is_for_windows && !tasks.is_empty() {
            let meaning = "nodes with Windows take a task's command apart by rules of their own: what would run is not shown";
            advice.push(Advice::note("command", meaning));
        }
        let tasks = tasks.into_iter().map(|used| {
            let (runs, advice) = match used.invocation(report) {
                _ if is_for_windows => (None, Vec::new()),
                Ok(runs) => {
                    let advice = used.advice(report, &runs);
                    (Some(runs), advice)
                }
                Err(reason) => (None, vec![Advice::error("command", reason)]),
            };
            ExaminedUse { address: used.address, example: used.example, count: used.count, runs, advice }
        });
        Self { name, prefetched_by, tasks: tasks.collect(), advice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Place, Runner, uses_of};
    use crate::node::runtime::{Image, Platform};
    use crate::recipe::{LoadRequest, load};

    const RECIPE: &str = r#"
api_version: batchyard/v1
name: tools
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
defaults:
  container: { image: tool:1 }
jobs:
  j:
    pool: p
    tasks:
      plain: { command: [x, y z] }
      root: { command: [x], elevation: admin }
      twice: { command: ["python", "train.py"], container: { run_options: --workdir /data --user 7 } }
    preparation_task: { container: { image: tool:1 }, command: ready }
schedules:
  nightly:
    recurrence: { interval: 1d }
    job: { pool: p, manager_task: { id: m, container: { image: tool:1 }, command: start } }
"#;

    fn examine(os: &str, entrypoint: &[&str]) -> Examination {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recipe.yaml");
        std::fs::write(&path, RECIPE).unwrap();
        let loaded = load(&LoadRequest { path, ..LoadRequest::default() });
        let loaded = loaded.unwrap_or_else(|report| panic!("{:#?}", report.diagnostics));
        let uses = uses_of(&"tool:1".parse().unwrap(), &loaded.desired).unwrap();
        let report = ImageReport {
            platform: Platform { os: os.to_owned(), architecture: "amd64".to_owned(), ..Platform::default() },
            config: Image {
                entrypoint: entrypoint.iter().map(|word| (*word).to_owned()).collect(),
                working_directory: "/app".to_owned(),
                ..Image::default()
            },
            ..ImageReport::default()
        };
        Examination::new("tool:1".to_owned(), None, report, Some("tools".to_owned()), Some(uses))
    }

    #[track_caller]
    fn used<'a>(examination: &'a Examination, address: &str) -> &'a ExaminedUse {
        let tasks = &examination.recipe.as_ref().unwrap().tasks;
        tasks.iter().find(|used| used.address == address).unwrap_or_else(|| panic!("{tasks:#?}"))
    }

    #[test]
    fn every_task_of_a_recipe_is_shown_as_it_would_run() {
        let examination = examine("linux", &["/usr/bin/python"]);
        let runs = |address| used(&examination, address).runs.clone().unwrap();
        let plain = runs("jobs.j.tasks.plain");
        assert_eq!(plain.arguments, ["/usr/bin/python", "x", "y z"]);
        assert_eq!((plain.place, plain.user), (Place::Task, Runner::Ordinary));
        assert_eq!(runs("jobs.j.tasks.root").user, Runner::Administrator);
        let twice = used(&examination, "jobs.j.tasks.twice");
        let run = twice.runs.clone().unwrap();
        assert_eq!(
            (run.place, run.user),
            (Place::Container("/data".to_owned()), Runner::Container("7".to_owned()))
        );
        let topics: Vec<_> = twice.advice.iter().map(|advice| advice.topic).collect();
        assert_eq!(topics, ["command"], "python python train.py; and train.py may well be in /data");
        assert_eq!(runs("jobs.j.preparation_task").arguments, ["/usr/bin/python", "ready"]);
        assert_eq!(runs("schedules.nightly.job.manager_task").arguments, ["/usr/bin/python", "start"]);
        assert!(examination.is_well());
    }

    #[test]
    fn what_windows_would_run_is_not_guessed() {
        let examination = examine("windows", &["tool.exe"]);
        assert!(used(&examination, "jobs.j.tasks.plain").runs.is_none());
        assert!(examination.recipe.unwrap().advice[0].meaning.contains("is not shown"));
    }
}
