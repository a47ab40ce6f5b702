//! Requests and answers, turned from one version into the other.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::history::{Known, PROPERTIES, Property};
use super::place::{is_opaque, root};
use crate::batch::operation::OperationSpec;
use crate::batch::{ApiVersion, ErrorCode};
use crate::emulator::refusal::Refusal;

/// The body of a request in `version`, as the present version has it. Bodies that are no JSON are left to whoever reads them.
pub(crate) fn to_present(
    version: ApiVersion,
    operation: &OperationSpec,
    body: Bytes,
) -> Result<Bytes, Refusal> {
    let Ok(text) = std::str::from_utf8(&body) else { return Ok(body) };
    if !differs(version, text) {
        return Ok(body);
    }
    let Ok(mut document) = serde_json::from_str(text) else { return Ok(body) };
    Request { version }.convert(&mut document, root(operation))?;
    Ok(Bytes::from(document.to_string()))
}

/// Whether a body mentions anything that `version` sees in another way; most don't, and are not even parsed here.
fn differs(version: ApiVersion, text: &str) -> bool {
    let named = PROPERTIES.iter().any(|property| {
        let name = property.known_to(version) != Known::AsNow && text.contains(property.name);
        name || property.old_name().is_some_and(|old| text.contains(old))
    });
    named || version < DOCKER_COMPATIBLE && text.contains(CONTAINERS)
}

/// The answer to an operation, as `version` has it.
pub(crate) fn from_present(version: ApiVersion, operation: &OperationSpec, document: &mut Value) {
    let name = root(operation);
    if name == "taskcounts" && version < SLOT_COUNTS {
        flatten_task_counts(version, document);
    }
    let changed = |property: &&Property| property.known_to(version) != Known::AsNow;
    let changes = PROPERTIES.iter().filter(changed).collect();
    Answer { version, changes }.convert(document, name);
}

/// The names of a `$select` in `version`, as the present version has them.
pub(crate) fn select_to_present(version: ApiVersion, operation: &OperationSpec, names: &str) -> String {
    let parent = root(operation);
    let present = |name: &str| {
        let renamed = PROPERTIES.iter().find(|property| {
            property.is_of(parent)
                && matches!(property.known_to(version), Known::As(old) if old == name.trim())
        });
        renamed.map_or_else(|| name.to_owned(), |property| property.name.to_owned())
    };
    names.split(',').map(present).collect::<Vec<_>>().join(",")
}

/// The first version that counts slots beside tasks.
const SLOT_COUNTS: ApiVersion = ApiVersion::V2020_09_01;
/// The first version whose counts are always valid, and says no more that they are.
const VALID_COUNTS: ApiVersion = ApiVersion::V2018_08_01;
/// The first version that says `dockerCompatible`; those before say `docker`.
const DOCKER_COMPATIBLE: ApiVersion = ApiVersion::V2018_08_01;
const CONTAINERS: &str = "containerConfiguration";
const OLD_CONTAINER_TYPE: &str = "docker";
const CONTAINER_TYPE: &str = "dockerCompatible";

/// Turns a request into one of the present version, or refuses what its own version does not know.
struct Request {
    version: ApiVersion,
}

impl Request {
    fn convert(&self, value: &mut Value, parent: &str) -> Result<(), Refusal> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.convert(item, parent)),
            Value::Object(object) => {
                self.convert_object(object, parent)?;
                object.iter_mut().try_for_each(|(name, child)| match child {
                    _ if is_opaque(name) => Ok(()),
                    child => self.convert(child, child_of(parent, name)),
                })
            }
            _ => Ok(()),
        }
    }

    fn convert_object(&self, object: &mut Map<String, Value>, parent: &str) -> Result<(), Refusal> {
        for property in PROPERTIES.iter().filter(|property| property.is_of(parent)) {
            let known = property.known_to(self.version);
            let unknown = match known {
                Known::AsNow => property.old_name(),
                Known::As(_) | Known::No => Some(property.name),
            };
            if let Some(name) = unknown.filter(|name| object.get(*name).is_some_and(|value| !value.is_null()))
            {
                return Err(self.unsupported(name, property));
            }
            if let Known::As(old) = known
                && let Some(value) = object.remove(old)
            {
                object.insert(property.name.to_owned(), value);
            }
        }
        if parent == CONTAINERS && self.version < DOCKER_COMPATIBLE {
            self.convert_container_type(object)?;
        }
        Ok(())
    }

    fn convert_container_type(&self, containers: &mut Map<String, Value>) -> Result<(), Refusal> {
        match containers.get_mut("type") {
            Some(Value::String(name)) if name.eq_ignore_ascii_case(OLD_CONTAINER_TYPE) => {
                CONTAINER_TYPE.clone_into(name);
                Ok(())
            }
            Some(Value::String(name)) => Err(Refusal::new(ErrorCode::INVALID_PROPERTY_VALUE)
                .with("PropertyName", "containerConfiguration.type")
                .with("PropertyValue", name.as_str())
                .with("Reason", format!("api-version {} knows `{OLD_CONTAINER_TYPE}` only", self.version))),
            _ => Ok(()),
        }
    }

    fn unsupported(&self, name: &str, property: &Property) -> Refusal {
        Refusal::new(ErrorCode::UNSUPPORTED_PROPERTY).with("PropertyName", name).with(
            "Reason",
            format!("api-version {} does not have `{name}` here: {}", self.version, property.versions()),
        )
    }
}

/// Turns an answer of the present version into one of another.
struct Answer {
    version: ApiVersion,
    /// What is different there.
    changes: Vec<&'static Property>,
}

impl Answer {
    fn convert(&self, value: &mut Value, parent: &str) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.convert(item, parent)),
            Value::Object(object) => {
                for property in self.changes.iter().filter(|property| property.is_of(parent)) {
                    let value = object.remove(property.name);
                    if let (Some(value), Known::As(old)) = (value, property.known_to(self.version)) {
                        object.insert(old.to_owned(), value);
                    }
                }
                if parent == CONTAINERS
                    && self.version < DOCKER_COMPATIBLE
                    && object.get("type").is_some_and(|name| name == CONTAINER_TYPE)
                {
                    object.insert("type".to_owned(), Value::from(OLD_CONTAINER_TYPE));
                }
                for (name, child) in object.iter_mut().filter(|(name, _)| !is_opaque(name)) {
                    self.convert(child, child_of(parent, name));
                }
            }
            _ => {}
        }
    }
}

/// What the objects that a property holds are called: lists hold objects of their own kind.
fn child_of<'a>(parent: &'a str, name: &'a str) -> &'a str {
    if name == "value" { parent } else { name }
}

fn flatten_task_counts(version: ApiVersion, document: &mut Value) {
    let metadata = document.get("odata.metadata").cloned();
    let Some(Value::Object(mut counts)) = document.get_mut("taskCounts").map(Value::take) else { return };
    if version < VALID_COUNTS {
        counts.insert("validationStatus".to_owned(), Value::from("validated"));
    }
    counts.extend(metadata.map(|metadata| ("odata.metadata".to_owned(), metadata)));
    *document = Value::Object(counts);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::batch::operation::Operation as _;
    use crate::batch::operations::*;

    const OLDEST: ApiVersion = ApiVersion::V2017_09_01;

    fn read(version: ApiVersion, operation: &OperationSpec, body: &Value) -> Result<Value, Refusal> {
        let body = to_present(version, operation, Bytes::from(body.to_string()))?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn an_old_pool_is_read_as_a_new_one_and_written_as_an_old_one() {
        let old = json!({"id": "p", "maxTasksPerNode": 4,
            "virtualMachineConfiguration": {"containerConfiguration": {"type": "docker", "containerImageNames": ["i"]}},
            "startTask": {"commandLine": "x", "resourceFiles": [{"blobSource": "https://h/b", "filePath": "f"}]}});
        let new = json!({"id": "p", "taskSlotsPerNode": 4,
            "virtualMachineConfiguration": {"containerConfiguration": {"type": "dockerCompatible", "containerImageNames": ["i"]}},
            "startTask": {"commandLine": "x", "resourceFiles": [{"httpUrl": "https://h/b", "filePath": "f"}]}});
        assert_eq!(read(OLDEST, &CreatePool::SPEC, &old).unwrap(), new);
        let mut list = json!({"odata.metadata": "m", "value": [new]});
        from_present(OLDEST, &ListPools::SPEC, &mut list);
        assert_eq!(list, json!({"odata.metadata": "m", "value": [old]}));
    }

    #[test]
    fn what_a_version_does_not_know_is_neither_taken_nor_returned() {
        for (version, operation, body, name) in [
            (OLDEST, CreatePool::SPEC, json!({"taskSlotsPerNode": 1}), "taskSlotsPerNode"),
            (ApiVersion::CURRENT, CreatePool::SPEC, json!({"maxTasksPerNode": 1}), "maxTasksPerNode"),
            (
                ApiVersion::CURRENT,
                CreatePool::SPEC,
                json!({"certificateReferences": []}),
                "certificateReferences",
            ),
            (ApiVersion::V2024_02_01, UpdatePool::SPEC, json!({"vmSize": "s"}), "vmSize"),
            (
                ApiVersion::V2018_12_01,
                CreateTaskCollection::SPEC,
                json!({"value": [{"id": "a"}, {"id": "b", "requiredSlots": 2}]}),
                "requiredSlots",
            ),
            (
                ApiVersion::V2024_02_01,
                CreateTask::SPEC,
                json!({"containerSettings": {"containerHostBatchBindMounts": []}}),
                "containerHostBatchBindMounts",
            ),
        ] {
            let refused = read(version, &operation, &body).unwrap_err();
            assert_eq!((refused.status, refused.detail("PropertyName")), (400, Some(name)), "{body}");
        }
        let mut pool = json!({"id": "p", "targetNodeCommunicationMode": "classic", "metadata": [{"name": "identity"}],
            "upgradePolicy": {"mode": "manual"}});
        from_present(ApiVersion::V2023_11_01, &GetPool::SPEC, &mut pool);
        assert_eq!(pool["upgradePolicy"], Value::Null);
        assert_eq!(pool["targetNodeCommunicationMode"], "classic");
        from_present(ApiVersion::CURRENT, &GetPool::SPEC, &mut pool);
        assert_eq!(pool, json!({"id": "p", "metadata": [{"name": "identity"}]}));
    }

    #[test]
    fn what_users_name_is_not_taken_for_a_property() {
        let body = json!({"virtualMachineConfiguration": {"extensions": [
            {"settings": {"imageReference": {"communityGalleryImageId": 1}}}]}});
        assert_eq!(read(ApiVersion::V2024_02_01, &CreatePool::SPEC, &body).unwrap(), body);
    }

    #[test]
    fn task_counts_were_flat_once() {
        let counts =
            json!({"odata.metadata": "m", "taskCounts": {"active": 1}, "taskSlotCounts": {"active": 2}});
        let as_of = |version| {
            let mut counts = counts.clone();
            from_present(version, &GetJobTaskCounts::SPEC, &mut counts);
            counts
        };
        assert_eq!(as_of(ApiVersion::V2020_09_01), counts);
        assert_eq!(as_of(ApiVersion::V2018_12_01), json!({"odata.metadata": "m", "active": 1}));
        assert_eq!(
            as_of(OLDEST),
            json!({"odata.metadata": "m", "active": 1, "validationStatus": "validated"})
        );
    }

    #[test]
    fn selections_follow_the_names_of_their_version() {
        let select = |version| select_to_present(version, &GetPool::SPEC, "id, maxTasksPerNode");
        assert_eq!(select(OLDEST), "id,taskSlotsPerNode");
        assert_eq!(select(ApiVersion::CURRENT), "id, maxTasksPerNode");
    }
}
