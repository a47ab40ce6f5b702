//! Whether an output file asks for what a node can do.

use std::path::Path;

use crate::batch::FilePattern;
use crate::batch::model::{OutputFile, OutputFileBlobContainerDestination, OutputFileUploadCondition};
use crate::node::file_problem::FileProblem;
use crate::storage::{BlobHeaders, SharedContainer};

/// What is wrong with an output file, if anything is.
pub fn check(file: &OutputFile) -> Option<FileProblem> {
    // Where the task works does not matter for that.
    if let Err(error) = FilePattern::parse(&file.file_pattern, Path::new("/")) {
        return Some(FileProblem::invalid("filePattern", &file.file_pattern, error.to_string()));
    }
    if let OutputFileUploadCondition::Other(other) = &file.upload_options.upload_condition {
        let reason = "expected tasksuccess, taskfailure or taskcompletion";
        return Some(FileProblem::invalid("uploadCondition", other, reason));
    }
    match &file.destination.container {
        None => Some(FileProblem::missing(
            "destination.container",
            "files go to a container of Azure Blob Storage",
        )),
        Some(container) => destination(container),
    }
}

/// The headers that uploads are sent with.
pub(super) fn headers(container: &OutputFileBlobContainerDestination) -> Result<BlobHeaders, FileProblem> {
    let mut headers = BlobHeaders::default();
    for header in container.upload_headers.iter().flatten() {
        let set = headers.set(&header.name, header.value.as_deref().unwrap_or_default());
        set.map_err(|error| FileProblem::invalid("uploadHeaders", &header.name, error.to_string()))?;
    }
    Ok(headers)
}

fn destination(container: &OutputFileBlobContainerDestination) -> Option<FileProblem> {
    if container.identity_reference.is_some() {
        return Some(FileProblem::not_done(
            "identityReference",
            "managed identities exist in Azure only; give the container's URL a shared access signature here",
        ));
    }
    let url = container.container_url.expose().unwrap_or_default();
    if let Err(error) = SharedContainer::parse(url) {
        return Some(FileProblem::invalid("containerUrl", "", error.to_string()));
    }
    let path = container.path.as_deref().unwrap_or_default();
    if path.split('/').any(|step| matches!(step, "." | ".."))
        || path.chars().any(char::is_control)
        || path.len() > 1_024
    {
        let reason = "the name of a blob has up to 1,024 bytes, no control characters, and no `.` or `..` between its slashes";
        return Some(FileProblem::invalid("path", path, reason));
    }
    headers(container).err()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::node::file_problem::FileProblemKind;

    const URL: &str = "https://mine.blob.core.windows.net/out?sv=1&sig=hunter2";

    fn file(more: Value) -> Value {
        let mut container = json!({"containerUrl": URL});
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"filePattern": "../std*.txt", "destination": {"container": container}, "uploadOptions": {"uploadCondition": "tasksuccess"}})
    }

    fn problem(file: &Value) -> Option<FileProblem> {
        check(&serde_json::from_value(file.clone()).unwrap())
    }

    #[test]
    fn what_a_node_can_keep_passes() {
        let headers = json!([{"name": "x-ms-blob-content-type", "value": "text/plain"}]);
        for more in [json!({}), json!({"path": "runs/7"}), json!({"uploadHeaders": headers})] {
            assert_eq!(problem(&file(more.clone())), None, "{more}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_no_signature_is_shown() {
        let mut without = file(json!({}));
        without["destination"] = json!({});
        let mut never = file(json!({}));
        never["uploadOptions"]["uploadCondition"] = json!("never");
        let mut pattern = file(json!({}));
        pattern["filePattern"] = json!("a[b");
        let blob = "https://mine.blob.core.windows.net/out/blob?sig=hunter2";
        for (file, property, kind) in [
            (without, "destination.container", FileProblemKind::Missing),
            (never, "uploadCondition", FileProblemKind::Invalid),
            (pattern, "filePattern", FileProblemKind::Invalid),
            (file(json!({"containerUrl": blob})), "containerUrl", FileProblemKind::Invalid),
            (file(json!({"path": "a/../b"})), "path", FileProblemKind::Invalid),
            (
                file(json!({"uploadHeaders": [{"name": "host", "value": "x"}]})),
                "uploadHeaders",
                FileProblemKind::Invalid,
            ),
            (
                file(json!({"identityReference": {"resourceId": "r"}})),
                "identityReference",
                FileProblemKind::NotDone,
            ),
        ] {
            let problem = problem(&file).unwrap();
            assert_eq!((problem.property, problem.kind), (property, kind));
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }
}
