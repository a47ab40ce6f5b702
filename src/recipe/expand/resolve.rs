//! From the recipe as written to the recipe with values.

use std::sync::Arc;

use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::dependency::{Dependency, Reach};
use super::items::ItemBuilder;
use super::task_template::{Expansion, TaskTemplate, values_fit_ids};
use crate::diagnostic::{Collector, Diagnostic, Sources, quote};
use crate::recipe::codes;
use crate::recipe::decode::decode;
use crate::recipe::document::{Field, ForEach, Recipe, Task, WORDS};
use crate::recipe::input_files::InputFiles;
use crate::recipe::listing::Listings;
use crate::recipe::node::{Entry, Node, NodeKind};
use crate::recipe::parameters::{Binding, Parameters};
use crate::recipe::schema::{Shape, conform};
use crate::recipe::template::{Body, Evaluator, Members, Names, Parameter, from_json};

const NO_ITEM: Members = Members::Absent("`item` exists only in a task that has a `for_each`");
const NO_TASK: Members = Members::Absent("`task` exists only inside a task");

/// A recipe whose parameters and expressions have values. Tasks are templates.
#[derive(Debug)]
pub struct ResolvedRecipe {
    /// The recipe; its jobs have no tasks.
    pub document: Field<Recipe>,
    /// The tree that it was decoded from, for the places of its fields.
    pub tree: Node,
    /// The tasks of the jobs, in the order of the recipe.
    pub jobs: Vec<ResolvedJob>,
    /// The local files that tasks may get.
    pub inputs: Arc<InputFiles>,
}

/// The tasks of a job.
#[derive(Debug)]
pub struct ResolvedJob {
    /// The job's key in the recipe.
    pub key: String,
    /// Its tasks.
    pub templates: Vec<Arc<TaskTemplate>>,
    /// Whether these are all: false if the list itself could not be read.
    pub complete: bool,
}

/// Evaluates everything that does not depend on a single task.
pub fn resolve(
    mut tree: Node,
    parameters: Option<&Parameters>,
    sources: &Sources,
    listings: &Listings,
    findings: &mut Collector,
) -> ResolvedRecipe {
    let names = Names {
        params: parameters
            .map(|all| all.iter().map(|(name, binding)| (name.clone(), known(binding))).collect()),
        item: NO_ITEM,
        task: NO_TASK,
    };
    let params: Map<String, Json> =
        parameters.into_iter().flatten().map(|(name, binding)| (name.clone(), value_of(binding))).collect();
    let recipe_name = tree.get("name").map(Node::to_json).unwrap_or_default();
    let constants = vec![
        ("params", from_json(&Json::Object(params))),
        ("recipe", Value::from_pairs([("name", from_json(&recipe_name))])),
    ];
    let context = Value::from_pairs(constants.clone());
    let resolver = Resolver { names, context, constants, sources, listings };

    let written = take_tasks(&mut tree);
    let mut tree = resolver.evaluator(&resolver.names).resolve(&tree, findings);
    // What no expression has changed has been validated as it was written.
    if tree.any(&|node| node.computed) {
        conform(&mut tree, Shape::Recipe, findings);
    }
    let document = decode(&tree, findings);
    let mut jobs = Vec::new();
    for (key, tasks) in written {
        let templates: Vec<_> =
            tasks.entries().iter().map(|entry| Arc::new(resolver.task(entry, findings))).collect();
        check_pairs(&templates, findings);
        jobs.push(ResolvedJob { key, complete: !matches!(tasks.kind, NodeKind::Damaged), templates });
    }
    let inputs = Arc::new(InputFiles::new(listings.folders.clone()));
    ResolvedRecipe { document, tree, jobs, inputs }
}

fn known(binding: &Binding) -> Parameter {
    match binding {
        Binding::Value(_) => Parameter::Usable,
        Binding::Secret(_) => Parameter::Secret,
        Binding::Damaged => Parameter::Damaged,
    }
}

fn value_of(binding: &Binding) -> Json {
    match binding {
        Binding::Value(value) | Binding::Secret(value) => value.clone(),
        Binding::Damaged => Json::Null,
    }
}

/// Takes the tasks out of every job, leaving an empty map behind.
fn take_tasks(tree: &mut Node) -> Vec<(String, Node)> {
    let mut taken = Vec::new();
    let NodeKind::Mapping(sections) = &mut tree.kind else { return taken };
    let Some(jobs) = sections.iter_mut().find(|entry| entry.key == "jobs") else { return taken };
    let NodeKind::Mapping(jobs) = &mut jobs.value.kind else { return taken };
    for job in jobs {
        let NodeKind::Mapping(entries) = &mut job.value.kind else { continue };
        let tasks = entries.iter_mut().find(|entry| entry.key == "tasks").map(|entry| {
            let empty = Node { span: entry.value.span, kind: NodeKind::Mapping(Vec::new()), computed: false };
            std::mem::replace(&mut entry.value, empty)
        });
        let none = Node { span: job.value.span, kind: NodeKind::Mapping(Vec::new()), computed: false };
        let tasks = tasks.unwrap_or(none);
        taken.push((job.key.clone(), tasks));
    }
    taken
}

struct Resolver<'a> {
    names: Names,
    context: Value,
    constants: Vec<(&'static str, Value)>,
    sources: &'a Sources,
    listings: &'a Listings,
}

impl<'a> Resolver<'a> {
    fn evaluator(&'a self, names: &'a Names) -> Evaluator<'a> {
        let folders = &self.listings.folders;
        Evaluator { names, context: &self.context, sources: self.sources, folders }
    }

    fn task(&self, entry: &Entry, findings: &mut Collector) -> TaskTemplate {
        let (expansion, item) = self.expansion(entry.value.get("for_each"), findings);
        let task = |members: &[&str]| Members::Known(members.iter().map(|name| (*name).to_owned()).collect());
        let without_id = Names { item, task: task(&["name", "number"]), ..self.names.clone() };
        let inside = Names { task: task(&["name", "number", "id"]), ..without_id.clone() };
        let id =
            entry.value.entries().iter().find(|member| member.key == "id").map(|member| {
                (member.key_span, self.evaluator(&without_id).prepare(&member.value, findings))
            });
        let body = match &entry.value.kind {
            NodeKind::Mapping(members) => {
                let apart = ["for_each", "id", "depends_on"];
                let rest =
                    members.iter().filter(|member| !apart.contains(&member.key.as_str())).cloned().collect();
                let rest = Node { kind: NodeKind::Mapping(rest), ..entry.value.clone() };
                self.evaluator(&inside).prepare(&rest, findings)
            }
            _ => Body::Fixed(Node::damaged(entry.value.span)),
        };
        TaskTemplate {
            name: entry.key.clone(),
            name_span: entry.key_span,
            depends_on: self.dependencies(entry.value.get("depends_on"), findings),
            ids_hold_values: values_fit_ids(&entry.key, &expansion),
            expansion,
            id,
            body,
            constants: self.constants.clone(),
        }
    }

    /// What `for_each` stands for, and the keys of `item`.
    fn expansion(&self, for_each: Option<&Node>, findings: &mut Collector) -> (Expansion, Members) {
        let Some(written) = for_each.filter(|node| !node.is_null()) else {
            return (Expansion::Single, NO_ITEM);
        };
        let resolved = self.evaluator(&self.names).resolve(written, findings);
        let checked = self.checked("for_each", resolved, findings);
        let decoded: Field<ForEach> = decode(&checked, findings);
        let mut builder = ItemBuilder { listings: self.listings, findings, empty_told: false };
        match decoded.get().and_then(|for_each| builder.for_each(for_each, checked.span)) {
            Some(items) => {
                let members = items.members().map_or(Members::Any, Members::Known);
                (Expansion::Items(items), members)
            }
            None => (Expansion::Damaged, names_written(&checked)),
        }
    }

    fn dependencies(&self, depends_on: Option<&Node>, findings: &mut Collector) -> Vec<Dependency> {
        let Some(written) = depends_on.filter(|node| !node.is_null()) else { return Vec::new() };
        let fixed = "`depends_on` names whole tasks; it cannot differ from one to another";
        let names =
            Names { item: Members::Absent(fixed), task: Members::Absent(fixed), ..self.names.clone() };
        let resolved = self.evaluator(&names).resolve(written, findings);
        let checked = self.checked("depends_on", resolved, findings);
        let decoded: Field<Vec<Field<String>>> = decode(&checked, findings);
        let listed = decoded.get().into_iter().flatten();
        listed.filter_map(|name| Some(Dependency::read(name.get()?, name.span()))).collect()
    }

    /// Validates one property of a task by itself.
    fn checked(&self, key: &str, value: Node, findings: &mut Collector) -> Node {
        let span = value.span;
        let entry = Entry { key: key.to_owned(), key_span: span, value };
        let mut holder = Node { span, kind: NodeKind::Mapping(vec![entry]), computed: false };
        conform(&mut holder, Shape::Task, findings);
        match holder.kind {
            NodeKind::Mapping(mut entries) => {
                entries.pop().map_or_else(|| Node::damaged(span), |entry| entry.value)
            }
            _ => Node::damaged(span),
        }
    }
}

/// The names that a `for_each` with a mistake defines all the same.
fn names_written(for_each: &Node) -> Members {
    match &for_each.kind {
        NodeKind::Mapping(entries) if !entries.iter().any(|entry| WORDS.contains(&entry.key.as_str())) => {
            Members::Known(entries.iter().map(|entry| entry.key.clone()).collect())
        }
        _ => Members::Unknown,
    }
}

/// Tasks that depend on each other one by one must be equally many.
fn check_pairs(templates: &[Arc<TaskTemplate>], findings: &mut Collector) {
    for template in templates {
        for dependency in template.depends_on.iter().filter(|dependency| dependency.reach == Reach::Each) {
            let Some(target) = templates.iter().find(|target| target.name == dependency.task) else {
                continue;
            };
            let understood = template.is_understood() && target.is_understood();
            if understood && template.count() != target.count() {
                let message = format!(
                    "{} makes {} and {} makes {}: they cannot depend on each other one by one",
                    quote(&template.name),
                    tasks(template.count()),
                    quote(&target.name),
                    tasks(target.count()),
                );
                findings.push(
                    Diagnostic::new(&codes::UNEQUAL_COUNTS, message)
                        .at(dependency.span, "")
                        .help(format!("`{}` waits for all of them", target.name)),
                );
            }
        }
    }
}

fn tasks(count: u64) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}

/// Decodes a task made from a template.
pub fn decode_task(mut node: Node, findings: &mut Collector) -> Field<Task> {
    conform_computed(&mut node, findings);
    decode(&node, findings)
}

/// Validates the properties of a task that expressions have changed. The others have been validated as they were written, with
/// the recipe, and nothing that is asked of a property depends on another.
fn conform_computed(task: &mut Node, findings: &mut Collector) {
    let NodeKind::Mapping(entries) = &mut task.kind else { return };
    let is_computed = |entry: &mut Entry| entry.value.any(&|node| node.computed);
    let computed = entries.extract_if(.., is_computed).collect();
    let mut holder = Node { span: task.span, kind: NodeKind::Mapping(computed), computed: false };
    conform(&mut holder, Shape::Task, findings);
    match holder.kind {
        NodeKind::Mapping(conformed) => entries.extend(conformed),
        kind => task.kind = kind,
    }
}
