//! A configuration → a recipe and its report.

use std::collections::HashSet;

use super::account::Account;
use super::configuration::{Configuration, File};
use super::image::{self, Image};
use super::job::{self, Job};
use super::key_report::{placeholders, report, without_marks};
use super::machine::Machine;
use super::mpi::Instances;
use super::names;
use super::pool::{self, Nodes, Parts};
use super::section::Section;
use super::task::Context;
use super::volumes::Volumes;
use crate::diagnostic;
use crate::import::log::{Log, Variable};
use crate::import::report::Report;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::format::format;

/// What came of a configuration.
#[derive(Debug)]
pub struct Imported {
    /// The name of the recipe.
    pub name: String,
    /// The text of the recipe; nothing if the configuration has neither a pool nor jobs.
    pub recipe: Option<String>,
    /// What became of every key.
    pub report: Report,
    /// Environment variables that take the place of secrets.
    pub variables: Vec<Variable>,
    /// What only the user can do, one thing a line.
    pub to_do: Vec<String>,
}

/// Makes a recipe of the files of a configuration. `fallback` is what the recipe is called if neither pool nor job has a name.
///
/// # Errors
/// When a file is no YAML or JSON.
pub fn import(files: &[File], fallback: &str) -> Result<Imported, diagnostic::Report> {
    let configuration = Configuration::read(files)?;
    let log = Log::default();
    let root = |name: &str| Section::new(configuration.root(name), name, &log);
    let (resources, shipyard) = (root("global_resources"), root("batch_shipyard"));
    let account = Account::new(root("credentials"), &shipyard);
    account.note_service();
    let pool = root("pool_specification");
    let jobs = jobs(&configuration, &log);
    let name = [pool.get("id").word(), jobs.first().map(|job| job.name.clone()), Some(fallback.to_owned())];
    let name = name
        .into_iter()
        .flatten()
        .find_map(|name| names::recipe_name(&name))
        .unwrap_or_else(|| "imported".to_owned());

    let work = Work { pool: &pool, resources: &resources, shipyard: &shipyard, account: &account, log: &log };
    let mut recipe = (pool.is_present() || !jobs.is_empty()).then(|| work.recipe(&name, &jobs));
    if recipe.is_none() {
        log.to_do("there is neither a pool nor a job in this configuration, so there is no recipe");
    }
    if let Some(recipe) = &mut recipe {
        recipe.change_texts(&|text| account.clean(text));
    }
    placeholders(&configuration, &log);
    let mut report = report(&configuration, &log);
    report.lines.iter_mut().for_each(|line| account.clean(&mut line.note));
    let (mut variables, mut to_do) = log.take_rest();
    for line in to_do.iter_mut().chain(variables.iter_mut().map(|variable| &mut variable.holds)) {
        *line = without_marks(line);
        account.clean(line);
    }
    let text = recipe.map(|recipe| recipe.document());
    // What is laid out already stays as it is if the layout can't be improved.
    let recipe = text.map(|text| format("recipe.yaml", &text).unwrap_or(text));
    Ok(Imported { name, recipe, report, variables, to_do })
}

/// All jobs, those of one id together: Batch Shipyard adds the tasks of the second to the first.
fn jobs<'a>(configuration: &'a Configuration, log: &'a Log) -> Vec<Job<'a>> {
    let mut jobs: Vec<Job<'a>> = Vec::new();
    for (offset, (_, node)) in configuration.roots("job_specifications").enumerate() {
        // Places in several files are told apart by counting on.
        let list = Section::new(
            Some(node),
            format!("job_specifications{}", if offset == 0 { String::new() } else { format!("#{offset}") }),
            log,
        );
        for section in list.items() {
            let id = section.get("id").word().unwrap_or_else(|| "job".to_owned());
            let name = names::slug(&id).unwrap_or_else(|| "job".to_owned());
            if name != id {
                section
                    .get("id")
                    .changed(format!("`{name}`: an id has letters, digits, hyphens and underscores"));
            }
            match jobs.iter_mut().find(|job| job.name == name) {
                Some(job) => job.parts.push(section),
                None => jobs.push(Job { parts: vec![section], name }),
            }
        }
    }
    jobs
}

/// What the recipe is made of.
struct Work<'p, 'a> {
    pool: &'p Section<'a>,
    resources: &'p Section<'a>,
    shipyard: &'p Section<'a>,
    account: &'p Account<'a>,
    log: &'a Log,
}

/// The images of a configuration, and the parameters that some of them are.
struct Images {
    prefetch: Vec<Image>,
    parameters: Vec<(String, Image)>,
}

impl Images {
    /// What the recipe calls an image.
    fn reference(&self, image: &Image) -> String {
        let parameter = self.parameters.iter().find(|(_, known)| known == image);
        match (parameter, image) {
            (Some((name, _)), _) => format!("${{{{ params.{name} }}}}"),
            (None, Image::Container(name) | Image::Missing(name)) => crate::import::expressions::inert(name),
        }
    }
}

impl Work<'_, '_> {
    fn recipe(&self, name: &str, jobs: &[Job<'_>]) -> Map {
        let tasks: Vec<Section<'_>> = jobs.iter().flat_map(|job| &job.parts).flat_map(tasks_of).collect();
        let machine = Machine::of(self.pool);
        let nodes = Nodes::of(self.pool);
        let volumes = Volumes::new(self.resources, self.account, self.log);
        let images = self.images(jobs, &tasks);
        let counted = counted_by_parameter(&tasks, nodes);
        let on_several_nodes = tasks.iter().any(|task| task.get("multi_instance").is_present());

        let names: Vec<String> = images.prefetch.iter().filter_map(name_of).collect();
        let registries = self.account.registries(&pool::servers(&names, self.resources));
        let own_pool = || {
            let parts = Parts {
                account: self.account,
                volumes: &volumes,
                machine: &machine,
                nodes,
                prefetch: images.prefetch.iter().map(|image| images.reference(image)).collect(),
                registries: registries.keys(),
                parameters: counted,
                on_several_nodes,
            };
            pool::pool(self.pool, parts)
        };
        let reference = |image: &Image| images.reference(image);
        let context = Context {
            account: self.account,
            volumes: &volumes,
            machine: &machine,
            nodes,
            inter_node: on_several_nodes || self.pool.get("inter_node_communication_enabled").is_on(),
            reference: &reference,
        };

        let mut recipe = Map::default();
        recipe.put("api_version", Yaml::text("batchyard/v1")).put("name", Yaml::text(name));
        let parameters = parameters(&images, nodes, counted);
        if !parameters.is_empty() {
            recipe.put("parameters", parameters.long());
        }
        if !tasks.is_empty() {
            // Tasks of Batch Shipyard are root in their containers, and images that were made for it rely on that.
            let comment = "as Batch Shipyard ran them; ordinary users do for most images".to_owned();
            let mut defaults = Map::default();
            defaults.add("elevation", Yaml::text("admin"), Some(comment));
            recipe.put("defaults", defaults.long());
        }
        if !registries.is_empty() {
            recipe.put("registries", registries.clone().long());
        }
        let key = self.pool_key();
        let is_auto = |job: &Job<'_>| job.parts.iter().any(|part| part.get("auto_pool").is_present());
        if self.pool.is_present() && (jobs.is_empty() || !jobs.iter().all(is_auto)) {
            let mut pools = Map::default();
            pools.put(&key, own_pool().long());
            for missing in &volumes.missing {
                pools.above(missing);
            }
            recipe.put("pools", pools.long());
        }
        let (ordinary, schedules) = self.jobs(jobs, context, &key, &own_pool);
        if !self.pool.is_present() {
            self.log.to_do("the configuration has no pool: say which one that is there has the jobs, with `-p pool=ID` or in place of `shared` in the recipe");
            add_pool_parameter(&mut recipe);
        }
        if !ordinary.is_empty() {
            recipe.put("jobs", ordinary.long());
        }
        if !schedules.is_empty() {
            recipe.put("schedules", schedules.long());
        }
        recipe
    }

    /// The jobs and the schedules.
    fn jobs(
        &self,
        jobs: &[Job<'_>],
        context: Context<'_, '_>,
        key: &str,
        own_pool: &dyn Fn() -> Map,
    ) -> (Map, Map) {
        let (mut ordinary, mut schedules) = (Map::default(), Map::default());
        for job in jobs {
            let auto = job.parts.first().map(|part| part.get("auto_pool")).filter(Section::is_present);
            let pool = |is_scheduled: bool| match &auto {
                Some(auto) if self.pool.is_present() => auto_pool(auto, key, own_pool(), is_scheduled),
                _ if self.pool.is_present() => Yaml::text(key),
                _ => Yaml::short([("id", Yaml::text("${{ params.pool }}"))]),
            };
            match job.import(context, self.shipyard, &pool) {
                Some(job::Imported::Job(properties)) => {
                    ordinary.put(&job.name, properties.long());
                }
                Some(job::Imported::Schedule(properties)) => {
                    schedules.put(&job.name, properties.long());
                }
                None => {}
            }
        }
        (ordinary, schedules)
    }

    /// The name of the pool in the recipe, which is its id.
    fn pool_key(&self) -> String {
        let section = self.pool.get("id");
        let id = section.word().unwrap_or_else(|| "pool".to_owned());
        let key = names::slug(&id).unwrap_or_else(|| "pool".to_owned());
        if key != id {
            section.changed(format!("`{key}`: an id has letters, digits, hyphens and underscores"));
        }
        key
    }

    /// Images to fetch, and those that become parameters: the only one, and each that is still to be found.
    fn images(&self, jobs: &[Job<'_>], tasks: &[Section<'_>]) -> Images {
        let mut prefetch: Vec<Image> = Vec::new();
        let mut add = |image: Image| {
            if !prefetch.contains(&image) {
                prefetch.push(image);
            }
        };
        self.resources.get("docker_images").texts().into_iter().map(Image::Container).for_each(&mut add);
        for kind in ["unsigned", "signed"] {
            let images = self.resources.get("singularity_images").get(kind).items();
            images.iter().filter_map(|image| image::singularity(&image.get("image"))).for_each(&mut add);
        }
        let used: Vec<Image> = tasks.iter().filter_map(image::named).collect();
        let may_miss =
            jobs.iter().flat_map(|job| &job.parts).any(|part| part.get("allow_run_on_missing_image").is_on());
        if !may_miss {
            used.iter().cloned().for_each(&mut add);
        }
        let mut all = prefetch.clone();
        all.extend(used.iter().filter(|image| !prefetch.contains(image)).cloned());
        all.dedup();
        let mut parameters = Vec::new();
        let mut taken = HashSet::new();
        for image in &all {
            let is_only = all.len() == 1 && !used.is_empty();
            let is_missing = matches!(image, Image::Missing(_));
            if is_only || is_missing {
                parameters.push((names::unique("image", &mut taken).replace('-', "_"), image.clone()));
            }
            if let Image::Missing(uri) = image
                && let Some((name, _)) = parameters.last()
            {
                self.log.to_do(format!(
                    "the parameter `{name}` has no value: only Singularity can run {uri}, so name a container image in its place, `-p {name}=IMAGE`"
                ));
            }
        }
        Images { prefetch, parameters }
    }
}

fn name_of(image: &Image) -> Option<String> {
    match image {
        Image::Container(name) => Some(name.clone()),
        Image::Missing(_) => None,
    }
}

/// The tasks of a job, its merge task included.
fn tasks_of<'a>(job: &Section<'a>) -> Vec<Section<'a>> {
    let merge = Some(job.get("merge_task")).filter(Section::is_present);
    job.get("tasks").items().into_iter().filter(Section::is_map).chain(merge).collect()
}

/// Whether a task wants all nodes of the pool, dedicated ones and Spot nodes: then their numbers are parameters.
fn counted_by_parameter(tasks: &[Section<'_>], nodes: Nodes) -> [bool; 2] {
    let wanted = |instances| {
        let of_task = |task: &Section<'_>| {
            let settings = task.get("multi_instance");
            settings.is_present() && Instances::of(task).unwrap_or(Instances::Dedicated) == instances
        };
        !nodes.by_formula && tasks.iter().any(of_task)
    };
    [wanted(Instances::Dedicated), wanted(Instances::Spot)]
}

fn parameters(images: &Images, nodes: Nodes, counted: [bool; 2]) -> Map {
    let mut parameters = Map::default();
    let count = |count: i64| {
        Yaml::short([
            ("type", Yaml::text("integer")),
            ("default", Yaml::plain(count.max(1))),
            ("minimum", Yaml::plain(1)),
        ])
    };
    if counted[0] {
        parameters.put("nodes", count(nodes.dedicated));
    }
    if counted[1] {
        parameters.put("spot_nodes", count(nodes.spot));
    }
    for (name, image) in &images.parameters {
        let mut parameter = Map::default();
        parameter.put("type", Yaml::text("string"));
        match image {
            Image::Container(image) => {
                parameter.put("default", Yaml::text(image));
                parameters.put(name, parameter.in_short());
            }
            Image::Missing(uri) => {
                parameter.put(
                    "description",
                    Yaml::text(format!(
                        "A container image in place of {uri}, which only Singularity can run."
                    )),
                );
                parameters.put(name, parameter.long());
            }
        }
    }
    parameters
}

/// A recipe without a pool runs on one that is there.
fn add_pool_parameter(recipe: &mut Map) {
    let pool = Yaml::short([("type", Yaml::text("string")), ("default", Yaml::text("shared"))]);
    let why = Some("the configuration has no pool: name one that is there".to_owned());
    match recipe.get_mut("parameters") {
        Some(Yaml::Map(parameters)) => {
            parameters.add("pool", pool, why);
        }
        _ => {
            let mut parameters = Map::default();
            parameters.add("pool", pool, why);
            recipe.put("parameters", parameters.long());
        }
    }
}

fn auto_pool(section: &Section<'_>, key: &str, pool: Map, is_scheduled: bool) -> Yaml {
    let mut auto = Map::default();
    auto.put("auto_pool_id_prefix", Yaml::text(key.chars().take(20).collect::<String>()));
    if section.get("keep_alive").is_on() {
        auto.put("keep_alive", Yaml::plain(true));
    }
    let lifetime = section.get("pool_lifetime");
    if lifetime.one_of(&["job", "job_schedule"]) == Some("job_schedule") {
        if is_scheduled {
            auto.put("pool_lifetime_option", Yaml::text("job_schedule"));
        } else {
            lifetime.changed("`job`: the recipe has no schedule for it");
        }
    }
    auto.put("pool", pool.long());
    let mut outer = Map::default();
    outer.put("auto", auto.long());
    outer.long()
}
