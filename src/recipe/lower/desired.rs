//! The whole recipe.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::inputs::{Storage, inputs};
use super::locations::Locator;
use super::{job, pool, registry, schedule};
use crate::diagnostic::{Collector, Diagnostic, Sources};
use crate::recipe::codes;
use crate::recipe::document::{Field, entries};
use crate::recipe::expand::ResolvedRecipe;
use crate::resource::{DesiredState, RecipeName, RegistrySpec};

/// The desired state of a recipe. `None` if a finding says why not.
pub fn lower(recipe: &ResolvedRecipe, sources: &Sources, findings: &mut Collector) -> Option<DesiredState> {
    let document = recipe.document.get()?;
    let locator = Locator::new(&recipe.tree, sources);
    let registries: BTreeMap<String, RegistrySpec> = entries(document.registries.as_ref())
        .iter()
        .map(|entry| Some((entry.name.clone(), registry::registry(entry.value.get()?)?)))
        .collect::<Option<_>>()?;
    let registries = Arc::new(registries);

    let storage = match &document.storage {
        Some(storage) => Some(Arc::new(Storage::of(storage.get()?)?)),
        None => None,
    };

    let mut pools = BTreeMap::new();
    for entry in entries(document.pools.as_ref()) {
        let pool = entry.value.get()?;
        let start = pool.start_task.as_ref().and_then(|start| start.get()?.inputs.as_ref());
        let files = match inputs(start, storage.as_deref(), &recipe.inputs) {
            Ok(files) => files,
            Err(reason) => {
                let place = start.map(Field::span).unwrap_or_default();
                findings.push(Diagnostic::new(&codes::INPUT_UNREADABLE, reason).at(place, ""));
                return None;
            }
        };
        let fields = locator.fields("pools", &entry.name);
        let desired = pool::pool(&entry.name, pool, &registries, files, fields)?;
        pools.insert(entry.name.clone(), desired);
    }
    let mut jobs = BTreeMap::new();
    for (entry, tasks) in entries(document.jobs.as_ref()).iter().zip(&recipe.jobs) {
        let lowering = job::JobLowering {
            key: &entry.name,
            job: entry.value.get()?,
            tasks,
            pools: &pools,
            registries: &registries,
            storage: storage.as_ref(),
            inputs: &recipe.inputs,
        };
        let sources_of_fields = locator.job(&entry.name, tasks);
        jobs.insert(entry.name.clone(), lowering.lower(sources_of_fields, sources, findings)?);
    }
    let mut schedules = BTreeMap::new();
    for entry in entries(document.schedules.as_ref()) {
        let scope = job::JobScope { pools: &pools, registries: &registries };
        let fields = locator.fields("schedules", &entry.name);
        schedules
            .insert(entry.name.clone(), schedule::schedule(&entry.name, entry.value.get()?, scope, fields)?);
    }
    Some(DesiredState {
        recipe: RecipeName::new(document.name.get()?.as_str()).ok()?,
        pools,
        jobs,
        schedules,
    })
}
