//! Edits of pools.

use std::collections::BTreeSet;

use batchyard::resource::{ChangeClass, OnChange};
use serde_json::{Value, json};

use super::{Edit, How, put, take};
use crate::proofs::recipes;
use crate::support::Chance;

/// What was done, the fields that it changes, and how they can be changed.
type Done = (&'static str, Vec<String>, How);

/// Changes a pool so; `None` if that can't be done with it.
type PoolEdit = fn(&mut Value, &mut Chance) -> Option<Done>;

const EDITS: &[PoolEdit] = &[
    |pool, chance| resize(pool, chance, "dedicated"),
    |pool, chance| resize(pool, chance, "spot"),
    |pool, chance| {
        put(&mut pool["metadata"], "edited", json!(recipes::word(chance)));
        one("more metadata", "metadata.edited", How::Live)
    },
    |pool, _| {
        let gone = take(pool, "metadata")?;
        let names = gone.as_object()?.keys().map(|name| format!("metadata.{name}")).collect();
        Some(("no metadata", names, How::Live))
    },
    |pool, chance| {
        pool["start_task"] = recipes::start_task(chance);
        pool["start_task"]["command"] = json!(["prepare", "again"]);
        one("another start task", "start_task", How::Reboot)
    },
    // `PATCH` can't take a start task away.
    |pool, _| take(pool, "start_task").and_then(|_| one("no start task", "start_task", How::Never)),
    |pool, chance| {
        pool["container"]["prefetch"] = json!([format!("other:{}", chance.below(1_000))]);
        one("other images to prefetch", "container.prefetch", How::AtZeroNodes)
    },
    |pool, _| {
        take(&mut pool["container"], "prefetch")
            .and_then(|_| one("no prefetch", "container.prefetch", How::AtZeroNodes))
    },
    |pool, _| {
        let slots = pool["slots_per_node"].as_i64().unwrap_or(1);
        pool["slots_per_node"] = json!(slots % 4 + 2);
        one("other slots", "slots_per_node", How::AtZeroNodes)
    },
    |pool, _| {
        pool["vm_size"] = json!("Standard_D8s_v5");
        one("another size", "vm_size", How::AtZeroNodes)
    },
    |pool, _| {
        pool["image"] = json!({"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204", "version": "22.04.1"});
        pool["node_agent_sku"] = json!("batch.node.ubuntu 22.04");
        one("another image", "image", How::AtZeroNodes)
    },
    |pool, _| {
        let packs = pool["scheduling_policy"]["node_fill_type"] == "pack";
        pool["scheduling_policy"] = json!({"node_fill_type": if packs { "spread" } else { "pack" }});
        one("another policy", "scheduling_policy", How::AtZeroNodes)
    },
    |pool, _| {
        let talk = pool["inter_node_communication"] == true;
        pool["inter_node_communication"] = json!(!talk);
        one("communication the other way round", "inter_node_communication", How::AtZeroNodes)
    },
    |pool, chance| {
        pool["display_name"] = json!(format!("again {}", recipes::word(chance)));
        one("another name", "display_name", How::AtZeroNodes)
    },
    |pool, _| take(pool, "display_name").and_then(|_| one("no name", "display_name", How::Never)),
    |pool, chance| {
        let subnet = format!("/subscriptions/s/subnets/{}", recipes::word(chance));
        pool["network"] = json!({"subnet_id": subnet});
        one("another network", "network", How::AtZeroNodes)
    },
    |pool, _| take(pool, "network").and_then(|_| one("no network", "network", How::Never)),
    |pool, _| {
        put(&mut pool["user_accounts"], "bob", json!({"password": {"env": recipes::SECRET}}));
        one("one more user", "user_accounts", How::AtZeroNodes)
    },
    |pool, _| take(pool, "user_accounts").and_then(|_| one("no users", "user_accounts", How::AtZeroNodes)),
    |pool, _| {
        pool["os_disk"] = json!({"caching": "read_write", "disk_size_gb": 128});
        one("another disk", "os_disk", How::AtZeroNodes)
    },
    // "This cannot be updated", says the reference.
    |pool, _| {
        pool["data_disks"] = json!([{"lun": 1, "disk_size_gb": 512}]);
        one("other data disks", "data_disks", How::Never)
    },
    |pool, _| {
        take(pool, "node_placement").and_then(|_| one("no placement", "node_placement", How::AtZeroNodes))
    },
    |pool, _| {
        take(pool, "security_profile")
            .and_then(|_| one("no security profile", "security_profile", How::AtZeroNodes))
    },
    |pool, _| {
        pool["upgrade_policy"] = json!({"mode": "automatic"});
        one("another upgrade policy", "upgrade_policy", How::AtZeroNodes)
    },
    |pool, _| {
        take(pool, "upgrade_policy").and_then(|_| one("no upgrade policy", "upgrade_policy", How::Never))
    },
    |pool, chance| {
        let scaled = !pool["nodes"]["autoscale"].is_null();
        take(pool, "resize_timeout");
        pool["nodes"] = if scaled {
            json!({"dedicated": 1})
        } else {
            json!({"autoscale": {"formula": recipes::formula(chance)}})
        };
        let fields = if scaled {
            vec!["nodes.".to_owned(), "resize_timeout".to_owned()]
        } else {
            vec!["nodes.autoscale".to_owned()]
        };
        Some(("a formula instead of numbers, or the other way round", fields, How::Live))
    },
    |pool, _| {
        let autoscale = pool["nodes"].get_mut("autoscale")?;
        autoscale["formula"] = json!("$TargetDedicatedNodes = 3;");
        one("another formula", "nodes.autoscale.formula", How::Live)
    },
    |pool, _| {
        let autoscale = pool["nodes"].get_mut("autoscale")?;
        autoscale["evaluation_interval"] = json!("9h");
        one("another interval", "nodes.autoscale.evaluation_interval", How::Live)
    },
    |pool, _| {
        if !pool["nodes"]["autoscale"].is_null() {
            return None;
        }
        pool["resize_timeout"] = json!("40m");
        one("another timeout", "resize_timeout", How::Live)
    },
];

/// The same in other words.
const REWORDINGS: &[PoolEdit] = &[
    |pool, _| {
        pool["vm_size"] = json!(pool["vm_size"].as_str()?.to_uppercase());
        Some(("the size in capitals", vec![], How::Live))
    },
    |pool, _| default(pool, "slots_per_node", json!(1)),
    |pool, _| default(pool, "inter_node_communication", json!(false)),
    |pool, _| default(pool, "scheduling_policy", json!({"node_fill_type": "spread"})),
    |pool, _| {
        if pool["nodes"]["autoscale"].is_null() {
            default(pool, "resize_timeout", json!("15m"))
        } else {
            None
        }
    },
    |pool, _| default(&mut pool["container"], "type", json!("docker")),
    |pool, _| default(pool.get_mut("start_task")?, "retries", json!(0)),
    |pool, _| default(pool.get_mut("start_task")?, "elevation", json!("non_admin")),
];

/// Spells a default out.
pub(super) fn default(of: &mut Value, name: &str, value: Value) -> Option<Done> {
    if !of[name].is_null() {
        return None;
    }
    of[name] = value;
    Some(("a default spelled out", vec![], How::Live))
}

fn one(what: &'static str, field: &str, how: How) -> Option<Done> {
    Some((what, vec![field.to_owned()], how))
}

fn resize(pool: &mut Value, chance: &mut Chance, kind: &str) -> Option<Done> {
    if !pool["nodes"]["autoscale"].is_null() {
        return None;
    }
    let now = recipes::count(&pool["nodes"][kind]);
    let wanted = i64::try_from(chance.below(4)).ok().filter(|wanted| *wanted != now)?;
    pool["nodes"][kind] = json!(wanted);
    Some(("another number of nodes", vec![format!("nodes.{kind}")], How::Live))
}

impl Edit<'_> {
    pub(super) fn pool_edit(&mut self, key: &str, touched: &mut BTreeSet<String>) -> Option<&'static str> {
        let edits = if self.chance.percent(15) { REWORDINGS } else { EDITS };
        let edit = *self.chance.pick(edits);
        let pool = &mut self.recipe["pools"][key];
        let before = pool.clone();
        let Some((what, fields, how)) = edit(pool, self.chance).filter(|_| *pool != before) else {
            *pool = before;
            return None;
        };
        if fields.is_empty() {
            return Some(what);
        }
        let on_change = match pool["on_change"].as_str() {
            Some("reboot") => OnChange::Reboot,
            Some("blue_green") => OnChange::BlueGreen,
            Some("drain") => OnChange::Drain,
            Some("recreate") => OnChange::Recreate,
            _ => OnChange::Stop,
        };
        let populated = self.facts.populated.contains(key);
        let class = match how {
            How::Live => ChangeClass::UpdateLive,
            How::WhileDisabled => panic!("{what}: pools are not disabled"),
            How::Reboot if !populated => ChangeClass::UpdateLive,
            How::Reboot => ChangeClass::UpdateLiveAfterReboot,
            How::AtZeroNodes if !populated => ChangeClass::UpdateLive,
            How::AtZeroNodes | How::Never if on_change == OnChange::BlueGreen => ChangeClass::CreateFirst,
            How::AtZeroNodes if on_change == OnChange::Recreate => ChangeClass::Replace,
            How::AtZeroNodes => ChangeClass::DrainAndUpdate,
            How::Never => ChangeClass::Replace,
        };
        if class == ChangeClass::CreateFirst && !self.moves_what_runs_on(key, touched) {
            self.recipe["pools"][key] = before;
            return None;
        }
        let address = format!("pools.{key}");
        let asked = match class {
            ChangeClass::DrainAndUpdate => Some(OnChange::Drain),
            ChangeClass::Replace => Some(OnChange::Recreate),
            _ => None,
        };
        if let Some(asked) = asked.filter(|asked| on_change < *asked) {
            self.expected.needs.insert(address.clone(), asked);
        }
        self.expected.change(&address, class, fields);
        Some(what)
    }

    /// What becomes of what runs on a pool that another one takes over from; false if some of that has been edited.
    fn moves_what_runs_on(&mut self, key: &str, touched: &mut BTreeSet<String>) -> bool {
        let on_it = |section: &str, pool: fn(&Value) -> &Value| -> Vec<String> {
            let all = self.recipe[section].as_object().into_iter().flatten();
            { all }.filter(|(_, it)| *pool(it) == *key).map(|(key, _)| key.clone()).collect()
        };
        let jobs = on_it("jobs", |job| &job["pool"]);
        let schedules = on_it("schedules", |schedule| &schedule["job"]["pool"]);
        let addresses = jobs.iter().map(|key| format!("jobs.{key}"));
        let addresses: Vec<_> =
            addresses.chain(schedules.iter().map(|key| format!("schedules.{key}"))).collect();
        let is_over = |key: &String| self.facts.over.contains(key);
        if addresses.iter().any(|address| touched.contains(address)) || schedules.iter().any(is_over) {
            return false;
        }
        let jobs: Vec<_> = jobs.into_iter().filter(|key| !is_over(key)).collect();
        touched.extend(addresses);
        for job in jobs {
            let fields = vec!["pool".to_owned()];
            self.expected.change(&format!("jobs.{job}"), ChangeClass::UpdateWhileDisabled, fields);
        }
        for schedule in schedules {
            let fields = vec!["job".to_owned()];
            self.expected.change(&format!("schedules.{schedule}"), ChangeClass::UpdateLive, fields);
        }
        self.expected.change(&format!("pools.{key}~old"), ChangeClass::Destroy, vec![]);
        true
    }
}
