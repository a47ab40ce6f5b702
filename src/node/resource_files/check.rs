//! Whether a resource file asks for what a node can do.

use std::path::{Component, Path};

use url::Url;

use crate::batch::model::{Confidential, ResourceFile};
use crate::node::file_problem::FileProblem;
use crate::storage::SharedContainer;

/// What is wrong with a resource file, if anything is.
pub fn check(file: &ResourceFile) -> Option<FileProblem> {
    sources(file).or_else(|| place(file)).or_else(|| mode(file))
}

/// The permissions of a file, and what they are by default.
pub(super) fn permissions(file: &ResourceFile) -> Option<u32> {
    match file.file_mode.as_deref() {
        None | Some("") => Some(0o770),
        Some(digits) if digits.len() <= 4 && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit)) => {
            u32::from_str_radix(digits, 8).ok()
        }
        Some(_) => None,
    }
}

/// The steps of a path that stays below the folder that it begins in.
pub(super) fn stays_below(path: &str) -> bool {
    let path = Path::new(path);
    path.components().all(|step| matches!(step, Component::Normal(_) | Component::CurDir))
        && !path.as_os_str().is_empty()
}

fn sources(file: &ResourceFile) -> Option<FileProblem> {
    if file.identity_reference.is_some() {
        return Some(FileProblem::not_done(
            "identityReference",
            "managed identities exist in Azure only; give the URL a shared access signature here",
        ));
    }
    let named = [
        file.http_url.is_some(),
        file.storage_container_url.is_some(),
        file.auto_storage_container_name.is_some(),
    ];
    if named.iter().filter(|is_set| **is_set).count() != 1 {
        return Some(FileProblem::invalid(
            "resourceFiles",
            "",
            "each has one of httpUrl, storageContainerUrl and autoStorageContainerName",
        ));
    }
    if file.auto_storage_container_name.is_some() {
        return Some(FileProblem::not_done(
            "autoStorageContainerName",
            "the local account has no storage account of its own; name the container by storageContainerUrl here",
        ));
    }
    if let Some(url) = &file.http_url {
        return web_address(url.expose().unwrap_or_default())
            .or_else(|| prefix_of_a_file(file.blob_prefix.as_deref()))
            .or_else(|| no_path(file.file_path.as_deref()));
    }
    let container = file.storage_container_url.as_ref().and_then(Confidential::expose).unwrap_or_default();
    let error = SharedContainer::parse(container).err()?;
    Some(FileProblem::invalid("storageContainerUrl", "", error.to_string()))
}

/// What is wrong with the URL of a file. The URL itself is not shown: whatever is wrong with it, there may be a secret in it.
fn web_address(text: &str) -> Option<FileProblem> {
    let reason = match Url::parse(text) {
        Err(error) => format!("that is no URL: {error}"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("its scheme is `{}`, and files are fetched by http and https only", url.scheme())
        }
        Ok(_) => return None,
    };
    Some(FileProblem::invalid("httpUrl", "", reason))
}

fn prefix_of_a_file(prefix: Option<&str>) -> Option<FileProblem> {
    let prefix = prefix.filter(|prefix| !prefix.is_empty())?;
    Some(FileProblem::invalid(
        "blobPrefix",
        prefix,
        "only containers have blobs to choose from; httpUrl is one file",
    ))
}

fn no_path(path: Option<&str>) -> Option<FileProblem> {
    let is_file = path.is_some_and(|path| !path.is_empty() && !path.ends_with('/'));
    (!is_file)
        .then(|| FileProblem::missing("filePath", "with httpUrl it says where the file goes, with its name"))
}

fn place(file: &ResourceFile) -> Option<FileProblem> {
    let path = file.file_path.as_deref().filter(|path| !path.is_empty())?;
    (!stays_below(path) || path.contains('\0')).then(|| {
        let reason =
            "it is relative to the task's working directory and does not leave it; no leading `/`, no `..`";
        FileProblem::invalid("filePath", path, reason)
    })
}

fn mode(file: &ResourceFile) -> Option<FileProblem> {
    let text = file.file_mode.as_deref().unwrap_or_default();
    match permissions(file) {
        None => Some(FileProblem::invalid("fileMode", text, "it has up to four octal digits, such as 0750")),
        Some(mode) if mode > 0o777 => Some(FileProblem::not_done(
            "fileMode: setuid, setgid, sticky",
            "nodes of the embedded Azure Batch are folders of this machine, and let no file change who runs it",
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::node::file_problem::FileProblemKind;

    fn problem(file: Value) -> Option<FileProblem> {
        check(&serde_json::from_value(file).unwrap())
    }

    #[test]
    fn what_a_node_can_fetch_passes() {
        for file in [
            json!({"httpUrl": "https://a/b?sig=x", "filePath": "in/b"}),
            json!({"httpUrl": "http://127.0.0.1:1/b", "filePath": "./b", "fileMode": "0644"}),
            json!({"storageContainerUrl": "https://mine.blob.core.windows.net/in?sv=1&sig=x"}),
            json!({"storageContainerUrl": "https://mine.blob.core.windows.net/in", "blobPrefix": "a/", "filePath": "in/", "fileMode": "7"}),
        ] {
            assert_eq!(problem(file.clone()), None, "{file}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_no_signature_is_shown() {
        let url = "https://mine.blob.core.windows.net/in/a?sig=hunter2";
        for (file, property, kind) in [
            (json!({}), "resourceFiles", true),
            (json!({"httpUrl": url, "storageContainerUrl": url, "filePath": "a"}), "resourceFiles", true),
            (json!({"httpUrl": url}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "in/"}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "../a"}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "a/../../b"}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "/etc/passwd"}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "a\0b"}), "filePath", true),
            (json!({"httpUrl": url, "filePath": "a", "blobPrefix": "b"}), "blobPrefix", true),
            (json!({"httpUrl": url, "filePath": "a", "fileMode": "rwx"}), "fileMode", true),
            (json!({"httpUrl": url, "filePath": "a", "fileMode": "07777"}), "fileMode", true),
            (
                json!({"httpUrl": url, "filePath": "a", "fileMode": "4755"}),
                "fileMode: setuid, setgid, sticky",
                false,
            ),
            (json!({"httpUrl": "file:///etc/passwd", "filePath": "a"}), "httpUrl", true),
            (json!({"httpUrl": "hunter2", "filePath": "a"}), "httpUrl", true),
            (json!({"storageContainerUrl": url}), "storageContainerUrl", true),
            (json!({"autoStorageContainerName": "in"}), "autoStorageContainerName", false),
            (
                json!({"httpUrl": url, "filePath": "a", "identityReference": {"resourceId": "r"}}),
                "identityReference",
                false,
            ),
        ] {
            let problem = problem(file.clone()).unwrap();
            assert_eq!(
                (problem.property, problem.kind == FileProblemKind::NotDone),
                (property, !kind),
                "{file}"
            );
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }
}
