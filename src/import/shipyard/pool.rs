//! The pool.

use super::account::Account;
use super::autoscale;
use super::image::server;
use super::machine::Machine;
use super::section::Section;
use super::start_task::start_task;
use super::volumes::Volumes;
use crate::import::yaml::{Map, Yaml};

/// How many nodes a pool has, as the configuration says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nodes {
    /// Dedicated ones.
    pub(super) dedicated: i64,
    /// Low-priority ones.
    pub(super) spot: i64,
    /// Whether a formula says how many.
    pub(super) by_formula: bool,
}

impl Nodes {
    /// Reads the counts of a pool.
    pub(super) fn of(pool: &Section<'_>) -> Self {
        let count = |key: &str| {
            let section = pool.get("vm_count").get(key);
            let count = section.integer().unwrap_or(0);
            if !(0..=1_000_000).contains(&count) {
                section.dropped("not understood: no number of nodes");
            }
            if (0..=1_000_000).contains(&count) { count } else { 0 }
        };
        Self {
            dedicated: count("dedicated"),
            spot: count("low_priority"),
            by_formula: autoscale::is_asked_for(pool),
        }
    }
}

/// What a pool is made of, beside what its own section says.
pub(super) struct Parts<'p, 'a> {
    /// The credentials.
    pub(super) account: &'p Account<'a>,
    /// The volumes.
    pub(super) volumes: &'p Volumes<'a>,
    /// The machines.
    pub(super) machine: &'p Machine,
    /// The numbers of nodes.
    pub(super) nodes: Nodes,
    /// Images to fetch, as the recipe calls them.
    pub(super) prefetch: Vec<String>,
    /// Keys of the registries to log in to.
    pub(super) registries: Vec<String>,
    /// Whether the numbers of nodes are parameters.
    pub(super) parameters: [bool; 2],
    /// Whether a task runs on several nodes at once.
    pub(super) on_several_nodes: bool,
}

/// The properties of the pool.
pub(super) fn pool(section: &Section<'_>, parts: Parts<'_, '_>) -> Map {
    let Parts { account, volumes, machine, nodes, .. } = parts;
    let mut pool = Map::default();
    pool.add("vm_size", Yaml::text(&machine.size), machine.size_was.clone());
    pool.extend(machine.image.clone());
    let mut container = Map::default();
    let mut is_long = false;
    if !parts.registries.is_empty() {
        container.put("registries", Yaml::texts(parts.registries));
    }
    if !parts.prefetch.is_empty() {
        let length: usize = parts.prefetch.iter().map(String::len).sum();
        let list = Yaml::List(parts.prefetch.into_iter().map(Yaml::text).collect());
        container.put("prefetch", if length > 70 { list } else { Yaml::Short(Box::new(list)) });
        is_long = length > 70;
    }
    pool.put("container", if is_long { container.long() } else { container.in_short() });
    let slots = slots_per_node(section, parts.on_several_nodes);
    pool.put("nodes", counts(section, nodes, slots, parts.parameters));
    pool.put_some("slots_per_node", (slots > 1).then(|| Yaml::plain(slots)));
    let communication = section.get("inter_node_communication_enabled");
    if communication.is_on() || parts.on_several_nodes {
        let needed = (!communication.is_on()).then(|| "tasks on several nodes need it".to_owned());
        if needed.is_some() {
            communication.changed("`true`: tasks on several nodes need it");
        }
        pool.add("inter_node_communication", Yaml::plain(true), needed);
        if nodes.dedicated > 0 && nodes.spot > 0 {
            section.log().to_do("nodes that talk to each other are either dedicated or Spot: Batch makes no pool with both, so set one of the two counts to 0");
        }
    }
    let fill = section.get("node_fill_type").one_of(&["spread", "pack"]);
    pool.put_some("scheduling_policy", fill.map(|fill| Yaml::short([("node_fill_type", Yaml::text(fill))])));
    pool.put_some("resize_timeout", section.get("resize_timeout").duration().map(Yaml::text));
    pool.put_some("network", network(section, account));
    if !volumes.mounts.is_empty() {
        pool.put("mounts", volumes.mounts.clone().long());
    }
    pool.put_some("start_task", start_task(section, account, volumes, machine));
    pool
}

/// How many tasks a node runs at once.
fn slots_per_node(section: &Section<'_>, on_several_nodes: bool) -> i64 {
    let slots = section.get("max_tasks_per_node");
    let asked_for = slots.integer().unwrap_or(1).max(1);
    if on_several_nodes && asked_for > 1 {
        slots.dropped(
            "tasks on several nodes have their nodes to themselves: Batch wants one slot a node for them",
        );
        return 1;
    }
    asked_for
}

fn counts(section: &Section<'_>, nodes: Nodes, slots: i64, parameters: [bool; 2]) -> Yaml {
    if nodes.by_formula
        && let Some(autoscale) = autoscale::autoscale(section, (nodes.dedicated, nodes.spot), slots)
    {
        let mut outer = Map::default();
        outer.put("autoscale", autoscale);
        if section.at("autoscale.formula").is_present() {
            section.get("vm_count").dropped("the formula says how many nodes there are");
        } else {
            section.get("vm_count").changed("the formula under `pools.*.nodes.autoscale`: the fewest nodes");
        }
        return outer.long();
    }
    let count = |count: i64, parameter: bool, name: &str| {
        if parameter { Yaml::text(format!("${{{{ params.{name} }}}}")) } else { Yaml::plain(count) }
    };
    let mut counts = Map::default();
    if nodes.dedicated > 0 || nodes.spot == 0 || parameters[0] {
        counts.put("dedicated", count(nodes.dedicated, parameters[0], "nodes"));
    }
    if nodes.spot > 0 || parameters[1] {
        counts.put("spot", count(nodes.spot, parameters[1], "spot_nodes"));
    }
    counts.in_short()
}

fn network(section: &Section<'_>, account: &Account<'_>) -> Option<Yaml> {
    let virtual_network = section.get("virtual_network");
    let mut network = Map::default();
    let named = || {
        let name = virtual_network.get("name").word()?;
        let subnet = virtual_network.at("subnet.name").word().unwrap_or_else(|| "default".to_owned());
        let group = virtual_network.get("resource_group").word().or_else(|| account.resource_group());
        let group = group.unwrap_or_else(|| "<resource group>".to_owned());
        let subscription = account.subscription().unwrap_or_else(|| "<subscription id>".to_owned());
        let id = format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}/subnets/{subnet}"
        );
        if id.contains('<') {
            section
                .log()
                .to_do("`network.subnet_id` has a placeholder: fill in what the configuration leaves open");
        }
        Some(id)
    };
    let subnet = virtual_network.get("arm_subnet_id").word().or_else(named);
    network.put_some("subnet_id", subnet.map(Yaml::text));
    let addresses = section.get("public_ips").texts();
    if !addresses.is_empty() {
        let addresses = Yaml::List(addresses.into_iter().map(Yaml::text).collect());
        let mut public = Map::default();
        public.put("provision", Yaml::text("user_managed")).put("ip_address_ids", addresses);
        network.put("public_ip_address", public.long());
    }
    (!network.is_empty()).then(|| network.long())
}

/// The registries that nodes need: those of the images, and those that the configuration adds.
pub(super) fn servers(images: &[String], config: &Section<'_>) -> Vec<String> {
    let mut servers: Vec<String> = images.iter().map(|image| server(image).to_owned()).collect();
    let more = config.at("additional_registries.docker").texts();
    servers
        .extend(more.into_iter().map(|server| if server == "hub" { "docker.io".to_owned() } else { server }));
    servers.sort();
    servers.dedup();
    servers
}
