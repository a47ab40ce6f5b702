//! An image that was looked at: all that is to be said of it.

use serde::Serialize;

use super::advice::{Advice, Severity};
use super::image::about_image;
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
        let tasks = tasks.into_iter().map(|used| {
            let (runs, advice) = match used.invocation(report) {
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
