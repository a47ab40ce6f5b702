//! The normal form of what a spec holds in the words of the REST API: without what the service fills in by itself.
//!
//! Source of the defaults: the REST reference of the models, api-version 2025-06-01, and answers of the service.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::environment::NOT_SHOWN;
use super::secret_values::reference_in;
use crate::batch::duration::UNLIMITED;
use crate::secret::SecretRef;

/// Properties that the service takes and never returns.
const WRITE_ONLY: [&str; 5] = ["password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"];
/// Properties that are off unless a request turns them on.
const OFF: [&str; 16] = [
    "isReadOnly",
    "enableAcceleratedNetworking",
    "keepAlive",
    "writeAcceleratorEnabled",
    "encryptionAtHost",
    "rotationToLatestKeyVersionEnabled",
    "disableAutomaticRollback",
    "enableAutomaticOSUpgrade",
    "useRollingUpgradePolicy",
    "osRollingUpgradeDeferral",
    "skipWithdrawFromVNet",
    "enableInterNodeCommunication",
    "enableAutoScale",
    "usesTaskDependencies",
    "allowTaskPreemption",
    "enableAutomaticUpgrade",
];
/// Properties that are on unless a request turns them off.
const ON: [&str; 6] = [
    "waitForSuccess",
    "rerunOnNodeRebootAfterSuccess",
    "killJobOnCompletion",
    "runExclusive",
    "allowLowPriorityNode",
    "enableAutomaticUpdates",
];
/// Properties whose value is a word or a duration unless a request has another.
const WORDS: [(&str, &str); 20] = [
    ("scope", "pool"),
    ("elevationLevel", "nonadmin"),
    ("caching", "none"),
    ("storageAccountType", "standard_lrs"),
    ("jobDefaultOrder", "none"),
    ("dynamicVNetAssignmentScope", "none"),
    ("provision", "batchmanaged"),
    ("policy", "regional"),
    ("fileMode", "0770"),
    ("onAllTasksComplete", "noaction"),
    ("onTaskFailure", "noaction"),
    ("id", "jobpreparation"),
    ("id", "jobrelease"),
    ("resizeTimeout", "PT15M"),
    ("autoScaleEvaluationInterval", "PT15M"),
    ("retentionTime", "P7D"),
    ("retentionTime", UNLIMITED),
    ("maxWallClockTime", UNLIMITED),
    ("startWindow", UNLIMITED),
    ("recurrenceInterval", UNLIMITED),
];
/// Properties whose value is a number unless a request has another.
const NUMBERS: [(&str, i64); 7] = [
    ("requiredSlots", 1),
    ("numberOfInstances", 1),
    ("taskSlotsPerNode", 1),
    ("priority", 0),
    ("maxParallelTasks", -1),
    ("targetDedicatedNodes", 0),
    ("targetLowPriorityNodes", 0),
];
/// Properties that the service fills in with one value or another: what is not asked for is not compared.
const FILLED_IN_AT_WILL: [&str; 1] = ["scope"];

/// The normal form of a part; `None` if nothing of it is left.
pub fn normal<T: Serialize + DeserializeOwned>(part: Option<T>) -> Option<T> {
    let value = without_defaults(serde_json::to_value(part?).ok()?);
    if is_empty(&value) { None } else { serde_json::from_value(value).ok() }
}

/// The normal forms of the members of a list.
pub fn normal_list<T: Serialize + DeserializeOwned>(list: Option<Vec<T>>) -> Vec<T> {
    list.into_iter().flatten().filter_map(|item| normal(Some(item))).collect()
}

/// A list as requests hold it.
pub(super) fn some_unless_empty<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn without_defaults(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            // The settings of an extension are its own affair.
            let normal = |(name, member): (String, Value)| match name.as_str() {
                "settings" | "protectedSettings" => (name, member),
                _ => (name, without_defaults(member)),
            };
            let members = members.into_iter().map(normal);
            Value::Object(members.filter(|(name, member)| !is_default(name, member)).collect())
        }
        Value::Array(items) => items.into_iter().map(without_defaults).collect(),
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn is_default(name: &str, value: &Value) -> bool {
    match value {
        Value::Bool(false) => OFF.contains(&name),
        Value::Bool(true) => ON.contains(&name),
        Value::Number(number) => number.as_i64().is_some_and(|number| NUMBERS.contains(&(name, number))),
        Value::String(word) => {
            WORDS.iter().any(|(of, default)| *of == name && default.eq_ignore_ascii_case(word))
        }
        _ if name == "sourcePortRanges" => is_empty(value) || *value == json!(["*"]),
        _ if name == "taskSchedulingPolicy" => *value == json!({ "nodeFillType": "spread" }),
        // Mandatory where it stands, also when it says nothing.
        _ if name == "exitOptions" || name == "inboundNATPools" => false,
        _ => is_empty(value),
    }
}

/// Whether a live part is what a recipe asks for, as far as the service tells; both in normal form. Secrets are not compared. If
/// the recipe is known to be what was applied last (`as_applied`), whatever the live part has beyond it was filled in by the
/// service.
pub fn same<T: Serialize>(desired: &T, live: &T, as_applied: bool) -> bool {
    let value = |part: &T| serde_json::to_value(part).unwrap_or_default();
    matches(&value(desired), &value(live), as_applied)
}

fn matches(desired: &Value, live: &Value, as_applied: bool) -> bool {
    if let Some(reference) = reference_in(desired) {
        return could_be(&reference, live);
    }
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            let asked = desired.iter().all(|(name, member)| {
                WRITE_ONLY.contains(&name.as_str())
                    || live.get(name).is_some_and(|live| matches(member, live, as_applied))
            });
            let beyond = live.iter().filter(|(name, _)| !desired.contains_key(*name));
            asked && (as_applied || { beyond }.all(|(name, member)| is_no_difference(name, member)))
        }
        (Value::Array(desired), Value::Array(live)) => {
            let (desired, live) = (by_name(desired), by_name(live));
            desired.len() == live.len()
                && desired.iter().zip(live).all(|(desired, live)| matches(desired, live, as_applied))
        }
        (Value::String(desired), Value::String(live)) if desired.starts_with("/subscriptions/") => {
            desired.eq_ignore_ascii_case(live)
        }
        // What says nothing but defaults and secrets may not be returned at all.
        (Value::Object(desired), Value::Null) => desired
            .iter()
            .all(|(name, member)| WRITE_ONLY.contains(&name.as_str()) || reference_in(member).is_some()),
        (Value::Null, live) => as_applied || is_no_difference("", live),
        _ => desired == live,
    }
}

/// Whether a live value may be what a reference stands for. Of a blob's URL it is known where it ends; all else is not compared.
fn could_be(reference: &SecretRef, live: &Value) -> bool {
    match (reference, live) {
        (SecretRef::Blob { name, .. }, Value::String(url)) => {
            url.split('?').next().is_some_and(|address| address.ends_with(&format!("/{name}")))
        }
        _ => true,
    }
}

/// Whether a live member that was not asked for makes no difference.
fn is_no_difference(name: &str, live: &Value) -> bool {
    WRITE_ONLY.contains(&name)
        || FILLED_IN_AT_WILL.contains(&name)
        || match live {
            Value::Null => true,
            Value::Object(members) => members.iter().all(|(name, member)| is_no_difference(name, member)),
            _ => false,
        }
}

/// The members of a list in the order of their names, if they have any: their order means nothing.
fn by_name(list: &[Value]) -> Vec<&Value> {
    let mut members: Vec<&Value> = list.iter().collect();
    if list.iter().all(|member| name_of(member).is_some()) {
        members.sort_by_key(|member| name_of(member));
    }
    members
}

/// What tells a member of a list from the others: its name, or where on the node a mount is.
fn name_of(member: &Value) -> Option<&str> {
    let mount = || member.as_object()?.values().find_map(|kind| kind.get("relativeMountPath"));
    member.get("name").or_else(mount)?.as_str()
}

/// A live part as a plan may show it: without what may be secret. Values of variables are shown only if it is known that none of
/// them was a secret.
pub fn shown<T: Serialize>(live: &T, had_no_secrets: bool) -> Value {
    hide(serde_json::to_value(live).unwrap_or_default(), had_no_secrets)
}

fn hide(value: Value, had_no_secrets: bool) -> Value {
    match value {
        Value::Object(members) => {
            let is_setting = !had_no_secrets
                && members.len() == 2
                && members.contains_key("name")
                && members.contains_key("value");
            let hidden = |name: &str| WRITE_ONLY.contains(&name) || (is_setting && name == "value");
            let show = |(name, member): (String, Value)| {
                let member = if hidden(&name) { json!(NOT_SHOWN) } else { hide(member, had_no_secrets) };
                (name, member)
            };
            Value::Object(members.into_iter().map(show).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(|item| hide(item, had_no_secrets)).collect(),
        Value::String(text) => match text.split_once('?') {
            Some((address, _)) if text.contains("://") => json!(format!("{address}?{NOT_SHOWN}")),
            _ => Value::String(text),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::{
        AzureFileShareConfiguration, BatchJobPreparationTask, MountConfiguration, NetworkConfiguration,
        UserIdentity,
    };

    fn read<T: Serialize + DeserializeOwned>(json: Value) -> Option<T> {
        normal(Some(serde_json::from_value(json).unwrap()))
    }

    #[test]
    fn of_a_blob_it_is_known_which_one_and_of_other_secrets_nothing() {
        let container = Box::new(SecretRef::Env("URL".into()));
        let blob =
            json!({ "httpUrl": { "$secret": SecretRef::Blob { container, name: "inputs/1f".into() } } });
        let live = |url: &str| json!({ "httpUrl": url });
        assert!(same(&blob, &live("https://a/in/inputs/1f?sig=x"), false));
        assert!(!same(&blob, &live("https://a/in/inputs/2e?sig=x"), false));
        assert!(!same(&blob, &live("https://a/in/x?inputs/1f"), true));
        let other = json!({ "httpUrl": { "$secret": { "env": "URL" } } });
        assert!(same(&other, &live("https://b/c"), false));
    }

    #[test]
    fn what_the_service_fills_in_is_left_out() {
        let filled = json!({
            "id": "jobpreparation", "commandLine": "x", "waitForSuccess": true, "rerunOnNodeRebootAfterSuccess": true,
            "constraints": { "maxWallClockTime": UNLIMITED, "retentionTime": "P7D", "maxTaskRetryCount": 2 },
            "userIdentity": { "autoUser": { "scope": "pool", "elevationLevel": "nonadmin" } },
        });
        let task: BatchJobPreparationTask = read(filled).unwrap();
        let asked = json!({ "commandLine": "x", "constraints": { "maxTaskRetryCount": 2 } });
        assert_eq!(serde_json::to_value(task).unwrap(), asked);
        assert_eq!(read::<NetworkConfiguration>(json!({ "dynamicVNetAssignmentScope": "none" })), None);
    }

    #[test]
    fn secrets_and_what_the_service_adds_at_will_are_not_compared() {
        let share = |key: Option<SecretRef>| MountConfiguration {
            azure_file_share_configuration: Some(AzureFileShareConfiguration {
                account_name: "a".into(),
                azure_file_url: "https://a.file.core.windows.net/s".into(),
                account_key: key.map(Into::into),
                relative_mount_path: "s".into(),
                mount_options: None,
            }),
            ..MountConfiguration::default()
        };
        assert!(same(&vec![share(Some(SecretRef::Env("K".into())))], &vec![share(None)], false));
        let user = |json| read::<UserIdentity>(json);
        let (none, task) = (user(json!({})), user(json!({ "autoUser": { "scope": "task" } })));
        let admin = user(json!({ "autoUser": { "scope": "task", "elevationLevel": "admin" } }));
        assert!(!same(&none, &admin, false));
        let asked = user(json!({ "autoUser": { "elevationLevel": "admin" } }));
        assert!(same(&asked, &admin, false) && !same(&admin, &task, false));
    }

    #[test]
    fn what_was_removed_from_a_recipe_differs_unless_the_recipe_is_as_applied() {
        let network = |json| read::<NetworkConfiguration>(json);
        let live = network(json!({ "subnetId": "/subscriptions/S", "enableAcceleratedNetworking": true }));
        let desired = network(json!({ "subnetId": "/subscriptions/s" }));
        assert!(!same(&desired, &live, false));
        assert!(same(&desired, &live, true), "the service filled it in");
        assert!(!same(&live, &desired, true), "somebody turned it off");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let live = json!({
            "environmentSettings": [{ "name": "TOKEN", "value": "hunter2" }],
            "resourceFiles": [{ "httpUrl": "https://a/b?sig=hunter2", "filePath": "b" }],
            "password": "hunter2",
        });
        let text = shown(&live, false).to_string();
        assert!(!text.contains("hunter2") && text.contains("https://a/b?"), "{text}");
    }
}
